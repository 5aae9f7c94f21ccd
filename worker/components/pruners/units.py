"""Pruning of recurrent units."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from worker.components.pruners._structured import Layer, Structured
from worker.compression.importance import mean_magnitudes
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.subject import Subject, evaluating
from worker.nn.freezing import thaw

_NORMS = {"l1": 1, "l2": 2}


class Units(Structured):
    """Removes hidden units of recurrent layers: their rows in all gates, and every column that reads their states.

    The state becomes shorter, so each step of the sequence computes less. Recurrent layers that lie on each other keep
    the same number of units, each its own, and at least one. `l1` and `l2` are norms of a unit's weights, relative to
    the mean of its layer; `taylor` is the first-order change of the loss over 16 batches of the training split. Masks of
    an earlier stage are cut to the new shapes.
    """

    formula = (
        "I(j) = ‖θ_j‖ₚᵖ relative to its mean, or mean over batches of |Σ θ · ∂J/∂θ|, over the gates' rows and the readers' "
        "columns of unit j; the lowest ⌊r·n⌉ go"
    )
    reference = (
        "Wen et al.: Learning Intrinsic Sparse Structures within Long Short-Term Memory (2018), arXiv:1709.05027"
    )
    needs = ("units", "float")

    importance: Literal["l1", "l2", "taylor"] = hyperparameter(
        "l2", description="Importance of a unit: a norm of its weights, or the change of the loss without it."
    )
    round_to: int = hyperparameter(
        1, ge=1, le=64, unit="units", description="Keep a multiple of this many; fast kernels want 8 or 16."
    )

    def prune(self, subject: Subject, context: Context) -> Subject:
        stacks = list(_stacks(subject.module))
        if not stacks:
            raise ValueError("there is no unit to remove: the model has no recurrent layer")
        layers = [Layer(score, self.round_to) for score in self._scores(subject.module, stacks, context)]
        doomed = iter(self.choose_parts(layers))
        scored, masks, removed = iter(layers), dict(subject.masks), False
        for stack in stacks:
            count = round(sum(len(next(doomed)) for _ in range(stack.depth)) / stack.depth)
            going = [next(scored).lowest(count) for _ in range(stack.depth)]
            if any(going):
                _remove(stack, going, masks)
                removed = True
        if not removed:
            raise ValueError(
                f"unit pruning at ratio {self.ratio:g} with `round_to: {self.round_to}` removes no unit of this model; "
                "raise the ratio or lower round_to"
            )
        return replace(subject, masks=masks)

    def _scores(self, module: nn.Module, stacks: Sequence["Stack"], context: Context) -> list[Tensor]:
        """Of each recurrent layer the importance of its units [H]."""
        if self.importance == "taylor":
            with thaw(module), evaluating(module):
                return mean_magnitudes(
                    module,
                    context,
                    lambda saliency: [
                        sums
                        for stack in stacks
                        for sums in stack.sums({name: saliency[weight] for name, weight in stack.weights.items()})
                    ],
                )
        norm = _NORMS[self.importance]
        sizes = [
            sums
            for stack in stacks
            for sums in stack.sums({name: weight.detach().abs() ** norm for name, weight in stack.weights.items()})
        ]
        return [size / size.mean().clamp_min(torch.finfo(size.dtype).tiny) for size in sizes]


@dataclass(frozen=True)
class Stack:
    """Recurrent layers of one width, and the linear layers that read the last one's states, by their paths."""

    path: str
    recurrent: nn.RNNBase
    readers: Mapping[str, nn.Linear]

    @property
    def depth(self) -> int:
        return self.recurrent.num_layers

    @property
    def weights(self) -> dict[str, Tensor]:
        """Every weight that a unit has a part in, by its path in the model."""
        own: dict[str, Tensor] = {f"{self.path}.{name}": weight for name, weight in self.recurrent.named_parameters()}
        return own | {f"{path}.weight": reader.weight for path, reader in self.readers.items()}

    def rows(self, layer: int) -> list[str]:
        """The weights [gates × H, …] that make the layer's states."""
        names = (f"weight_ih_l{layer}", f"weight_hh_l{layer}", f"bias_ih_l{layer}", f"bias_hh_l{layer}")
        return [path for path in (f"{self.path}.{name}" for name in names) if path in self.weights]

    def columns(self, layer: int) -> list[str]:
        """The weights […, H] that read the layer's states: its own at the next step, and those above it."""
        own = f"{self.path}.weight_hh_l{layer}"
        above = [f"{self.path}.weight_ih_l{layer + 1}"]
        return [own, *(above if layer + 1 < self.depth else [f"{path}.weight" for path in self.readers])]

    def sums(self, values: Mapping[str, Tensor]) -> list[Tensor]:
        """Of each layer the sums over each unit's weights [H] of `values`, by path; each weight counts once."""
        width, found = self.recurrent.hidden_size, []
        for layer in range(self.depth):
            made = [
                values[path].reshape(-1, width, values[path].numel() // len(values[path])) for path in self.rows(layer)
            ]
            read = [values[path] for path in self.columns(layer)]
            twice = read[0].reshape(-1, width, width).diagonal(dim1=1, dim2=2)  # a unit reads itself
            total = torch.stack([part.sum((0, 2)) for part in made]).sum(0)
            found.append(total + torch.stack([part.sum(0) for part in read]).sum(0) - twice.sum(0))
        return found


def _stacks(module: nn.Module) -> Iterator[Stack]:
    """The recurrent layers whose readers their model names."""
    for path, owner in module.named_modules():
        for name, readers in getattr(owner, "readers", {}).items():
            prefix = f"{path}." if path else ""
            recurrent = owner.get_submodule(name)
            assert isinstance(recurrent, nn.RNNBase) and not recurrent.bidirectional and not recurrent.proj_size
            linear = {f"{prefix}{reader}": owner.get_submodule(reader) for reader in readers}
            yield Stack(f"{prefix}{name}", recurrent, linear)


@torch.no_grad()
def _remove(stack: Stack, going: Sequence[Sequence[int]], masks: dict[str, Tensor]) -> None:
    """Cut the units `going` of each layer out of the stack and of its `masks`."""
    recurrent, width = stack.recurrent, stack.recurrent.hidden_size
    device = next(recurrent.parameters()).device
    cuts: dict[str, list[tuple[int, Tensor]]] = {path: [] for path in stack.weights}
    for layer, doomed in enumerate(going):
        remaining = torch.tensor([unit for unit in range(width) if unit not in set(doomed)], device=device)
        for path in stack.rows(layer):
            gates = len(stack.weights[path]) // width
            offsets = torch.arange(gates, device=device).unsqueeze(1) * width
            cuts[path].append((0, (offsets + remaining).flatten()))
        for path in stack.columns(layer):
            cuts[path].append((1, remaining))
    cut = {path: _cut(weight, cuts[path]) for path, weight in stack.weights.items()}
    for path, weight in stack.weights.items():
        if path in masks:
            masks[path] = _cut(masks[path], cuts[path])
        holder, _, name = path.rpartition(".")
        owner = recurrent if holder == stack.path else stack.readers[holder]
        setattr(owner, name, nn.Parameter(cut[path], requires_grad=weight.requires_grad))
    recurrent.hidden_size = width - len(going[0])
    recurrent.flatten_parameters()
    for reader in stack.readers.values():
        reader.in_features = recurrent.hidden_size


def _cut(values: Tensor, cuts: Sequence[tuple[int, Tensor]]) -> Tensor:
    for dimension, remaining in cuts:
        values = values.index_select(dimension, remaining)
    return values.clone()
