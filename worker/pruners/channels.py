"""Channel pruning."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import torch
import torch_pruning
from torch import Tensor, nn

from worker.component import knob
from worker.context import Context
from worker.freezing import thawed
from worker.pruners import Pruner
from worker.subject import Subject, evaluating

_NORMS = {"l1": 1, "l2": 2}


class Channels(Pruner):
    """Removes whole channels and neurons: tensors shrink, so files get smaller and there is less to compute.

    Channels that depend on each other (through a sum, a normalization, the next layer's inputs) go together; the
    output layer keeps its classes, and each layer keeps at least one channel. So do layers that a model says must keep
    their width (`keeps`): a residual network without projections is thinned inside its blocks, a transformer in its
    feed-forward layers. Masks of an earlier stage are cut to
    the new shapes. Removing half of the channels of each layer leaves about a quarter of the work. ONNX Runtime's
    fast convolutions take channels in blocks of 16 (AVX-512) or 8 (AVX2): other numbers can be slower than the
    unpruned model, so set `round_to`.
    """

    formula = "I(c) = mean over coupled layers of ‖W_c‖ₚᵖ, relative to its mean; the lowest ⌊r·C⌉ go"
    reference = "Fang et al.: DepGraph: Towards Any Structural Pruning (2023), arXiv:2301.12900"
    needs = ("channels", "float")
    structured: ClassVar[bool] = True

    ratio: float = knob(0.5, gt=0, lt=1, description="Share of the channels that are removed.")
    scope: Literal["local", "global"] = knob(
        "local", description="Whether each layer loses the same share, or channels compete over all layers."
    )
    importance: Literal["l1", "l2"] = knob("l2", description="Norm p of the weights that measures a channel.")
    round_to: int = knob(
        1,
        ge=1,
        le=64,
        unit="channels",
        description="Keep a multiple of this many channels; fast kernels want 8 or 16.",
    )

    def prune(self, subject: Subject, context: Context) -> Subject:
        with thawed(subject.module), evaluating(subject.module):
            shape = _output_shape(subject)
            graph, groups = self._groups(subject)
            doomed = self._choose(groups)
            if not any(doomed):
                raise ValueError(
                    f"channel pruning at ratio {self.ratio:g} with `round_to: {self.round_to}` removes no channel "
                    "of this model; raise the ratio or lower round_to"
                )
            masks = dict(subject.masks)
            for group, channels in zip(groups, doomed, strict=True):
                if channels:
                    masks = _remove(subject.module, graph, group, channels, masks)
            pruned = replace(subject, masks=masks)
            assert _output_shape(pruned) == shape
        return pruned

    @property
    def share(self) -> float:
        return self.ratio

    def step(self, before: float, after: float) -> Self:
        return self.model_copy(update={"ratio": 1 - (1 - after) / (1 - before)})

    def label(self) -> str:
        return f"channels {100 * self.ratio:.4g} %"

    def _groups(self, subject: Subject) -> tuple[Any, list["_Group"]]:
        """torch-pruning's dependency graph and every set of channels that can only go together."""
        graph = torch_pruning.DependencyGraph().build_dependency(subject.module, example_inputs=subject.sample())
        score = torch_pruning.importance.GroupMagnitudeImportance(p=_NORMS[self.importance])
        found = graph.get_all_groups(ignored_layers=[_output_layer(subject), *_kept(subject.module)])
        groups = [
            _Group(members[0].dep, score(members).detach(), _divisions(members), _normalized(members))
            for members in found
        ]
        if not groups:
            raise ValueError("there is no channel to remove: the model has no hidden convolution or linear layer")
        return graph, groups

    def _choose(self, groups: Sequence["_Group"]) -> list[list[int]]:
        """For each group the channels that go."""
        if self.scope == "local":
            counts = [round(self.ratio * len(group.scores)) for group in groups]
        else:
            joined = torch.cat([group.scores for group in groups])
            losers = joined.argsort(stable=True)[: round(self.ratio * len(joined))]
            gone = torch.zeros_like(joined, dtype=torch.bool).index_fill_(0, losers, True)
            counts = [int(part.sum()) for part in torch.split(gone, [len(group.scores) for group in groups])]
        return [group.lowest(count, self.round_to) for group, count in zip(groups, counts, strict=True)]


@dataclass(frozen=True)
class _Group:
    """Channels [C] of one layer with their importance; each of `divisions` equal parts must lose as many.

    Of normalized parts each keeps two, because a single number has no spread.
    """

    root: Any
    scores: Tensor
    divisions: int
    normalized: bool

    def lowest(self, count: int, round_to: int) -> list[int]:
        """The about `count` least important channels, so that a multiple of `round_to`, and at least one, stays."""
        channels = len(self.scores)
        step = math.lcm(round_to, self.divisions)
        least = max(step, 2 * self.divisions) if self.normalized else step
        kept = max(math.ceil(least / step), round((channels - count) / step)) * step
        if kept >= channels:
            return []
        parts = self.scores.view(self.divisions, -1)
        going = parts.argsort(dim=1, stable=True)[:, : (channels - kept) // self.divisions]
        offsets = torch.arange(0, channels, parts.shape[1], device=going.device).unsqueeze(1)
        return sorted((going + offsets).flatten().tolist())


def _divisions(group: Any) -> int:
    """How many equal parts the group's layers split their channels into (grouped convolution, group norm)."""
    parts = [1]
    for dependency, _ in group:
        layer = dependency.target.module
        if isinstance(layer, nn.GroupNorm):
            parts.append(layer.num_groups)
        elif isinstance(layer, nn.Conv1d | nn.Conv2d) and layer.groups not in (1, layer.out_channels):
            parts.append(layer.groups)
    return max(parts)


def _normalized(group: Any) -> bool:
    """Whether channels of the group are normalized in parts."""
    layers = (dependency.target.module for dependency, _ in group)
    return any(isinstance(layer, nn.GroupNorm) and layer.num_groups > 1 for layer in layers)


def _remove(
    module: nn.Module, graph: Any, group: _Group, channels: list[int], masks: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Cut the channels out; the masks come back in the new shapes.

    Masked weights carry NaN through the cut, and what is NaN afterwards is masked: exact, whatever was cut how.
    """
    with torch.no_grad():
        for name, mask in masks.items():
            module.get_parameter(name).masked_fill_(~mask, torch.nan)
        graph.get_pruning_group(group.root.target.module, group.root.handler, channels).prune()
        cut = {name: ~module.get_parameter(name).isnan() for name in masks}
        for name, mask in cut.items():
            module.get_parameter(name).masked_fill_(~mask, 0.0)
    return cut


def _kept(module: nn.Module) -> list[nn.Module]:
    """The layers whose number of outputs their model depends on, as it says in `keeps`, a tuple of names."""
    return [owner.get_submodule(name) for owner in module.modules() for name in getattr(owner, "keeps", ())]


def _output_layer(subject: Subject) -> nn.Module:
    """The last layer with weights that a sample passes through."""
    passed: list[nn.Module] = []
    layers = [layer for layer in subject.module.modules() if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d)]
    hooks = [layer.register_forward_hook(lambda layer, *_: passed.append(layer)) for layer in layers]
    try:
        _output_shape(subject)
    finally:
        for hook in hooks:
            hook.remove()
    if not passed:
        raise ValueError("there is no channel to remove: the model has no convolution or linear layer")
    return passed[-1]


@torch.no_grad()
def _output_shape(subject: Subject) -> torch.Size:
    shape: torch.Size = subject.module(subject.sample()).shape
    return shape
