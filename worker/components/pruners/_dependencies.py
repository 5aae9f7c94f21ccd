"""Coupled channels, which can only be removed together: found in the model's graph, scored, and cut out."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
import torch_pruning
from torch import Tensor, nn

from backend.domain.catalog import Provision
from worker.components.pruners._structured import Layer, Structured
from worker.compression.importance import taylor
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.subject import Subject, evaluating
from worker.nn.freezing import thaw
from worker.nn.kinds import Convolution, Weighted

_NORMS = {"l1": 1, "l2": 2}


class Following(Structured):
    """The hyper-parameters of a pruner that follows dependencies. What it removes are layers' outputs."""

    part: ClassVar[str]
    """The removed part, in a word."""
    layer: ClassVar[str]
    """The layers that have such outputs, in words."""

    needs_when = (Provision(trait="batch_norm", when={"importance": "bn_scale"}),)

    importance: Literal["l1", "l2", "taylor", "bn_scale"] = hyperparameter(
        "l2",
        description="Measure of importance: a norm of its weights, the change of the loss without it (`taylor`), or the scale "
        "γ of its batch normalization; layers without one are not pruned.",
    )
    round_to: int = hyperparameter(
        1, ge=1, le=64, description="Keep a multiple of this many in each layer; fast kernels want 8 or 16."
    )

    @abstractmethod
    def takes(self, group: "Group") -> bool:
        """Returns whether it removes some of these coupled channels."""

    def prune(self, subject: Subject, context: Context) -> Subject:
        with thaw(subject.module), evaluating(subject.module):
            shape = output_shape(subject)
            graph, groups, layers = self._measured(subject, context)
            doomed = self.choose_parts(layers)
            if not any(doomed):
                raise ValueError(
                    f"{self.part} pruning at ratio {self.ratio:g} with `round_to: {self.round_to}` removes no {self.part} "
                    "of this model; raise the ratio or lower round_to"
                )
            masks = dict(subject.masks)
            for group, channels in zip(groups, doomed, strict=True):
                if channels:
                    masks = _remove(subject.module, graph, group, channels, masks)
            pruned = replace(subject, masks=masks)
            assert output_shape(pruned) == shape
        return pruned

    def _measured(self, subject: Subject, context: Context) -> tuple[Any, list["Group"], list[Layer]]:
        """torch-pruning's dependency graph, every set of channels that can only go together, and what each is worth."""
        graph = torch_pruning.DependencyGraph().build_dependency(subject.module, example_inputs=subject.sample())
        kept = [self._output_layer(subject), *_fixed_layers(subject.module)]
        found = [Group(members) for members in graph.get_all_groups(ignored_layers=kept)]
        groups = [group for group in found if self.takes(group)]
        if not groups:
            raise ValueError(f"there is no {self.part} to remove: the model has no hidden {self.layer} layer")
        scores = self._scores(subject.module, groups, context)
        groups = [group for group, score in zip(groups, scores, strict=True) if score is not None]
        if not groups:
            raise ValueError(
                "importance `bn_scale` measures batch normalizations, and none follows a hidden layer of this model; "
                "use `l2`, or build the model with `norm: batch`"
            )
        layers = [
            Layer(score.detach().nan_to_num(0.0), self.round_to, group.divisions, group.normalized)
            for group, score in zip(groups, (score for score in scores if score is not None), strict=True)
        ]
        return graph, groups, layers

    def _scores(self, module: nn.Module, groups: Sequence["Group"], context: Context) -> list[Tensor | None]:
        """Of each group the importance of its channels [C]; None where it cannot be measured."""
        if self.importance == "taylor":
            return [*taylor(module, [group.members for group in groups], context)]
        if self.importance == "bn_scale":
            score = torch_pruning.importance.BNScaleImportance(normalizer=None)
        else:
            score = torch_pruning.importance.GroupMagnitudeImportance(p=_NORMS[self.importance])
        return [score(group.members) for group in groups]

    def _output_layer(self, subject: Subject) -> nn.Module:
        """The last layer with weights that a sample passes through."""
        passed: list[nn.Module] = []
        layers = [layer for layer in subject.module.modules() if isinstance(layer, Weighted)]
        hooks = [layer.register_forward_hook(lambda layer, *_: passed.append(layer)) for layer in layers]
        try:
            output_shape(subject)
        finally:
            for hook in hooks:
                hook.remove()
        if not passed:
            raise ValueError(f"there is no {self.part} to remove: the model has no convolution or linear layer")
        return passed[-1]


@dataclass(frozen=True)
class Group:
    """torch-pruning's list of what goes when channels of its first member go."""

    members: Any

    @property
    def layers(self) -> list[nn.Module]:
        return [dependency.target.module for dependency, _ in self.members]

    @property
    def convolutional(self) -> bool:
        """Returns whether a convolution makes these channels."""
        makers = (torch_pruning.prune_conv_out_channels, torch_pruning.prune_depthwise_conv_out_channels)
        return any(dependency.handler in makers for dependency, _ in self.members)

    @property
    def divisions(self) -> int:
        """Number of equal parts into which the layers split their channels (grouped convolution, group norm)."""
        parts = [1]
        for layer in self.layers:
            if isinstance(layer, nn.GroupNorm):
                parts.append(layer.num_groups)
            elif isinstance(layer, Convolution) and layer.groups not in (1, layer.out_channels):
                parts.append(layer.groups)
        return max(parts)

    @property
    def normalized(self) -> bool:
        """Returns whether the channels are normalized in parts."""
        return any(isinstance(layer, nn.GroupNorm) and layer.num_groups > 1 for layer in self.layers)


def _remove(
    module: nn.Module, graph: Any, group: Group, channels: list[int], masks: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Cut the channels out; the masks come back in the new shapes.

    Masked weights carry NaN through the cut, and what is NaN afterwards is masked: exact, whatever was cut how.
    """
    root = group.members[0].dep
    with torch.no_grad():
        for name, mask in masks.items():
            module.get_parameter(name).masked_fill_(~mask, torch.nan)
        graph.get_pruning_group(root.target.module, root.handler, channels).prune()
        cut = {name: ~module.get_parameter(name).isnan() for name in masks}
        for name, mask in cut.items():
            module.get_parameter(name).masked_fill_(~mask, 0.0)
    return cut


def _fixed_layers(module: nn.Module) -> list[nn.Module]:
    """The layers whose number of outputs their model depends on, as it says in `keeps`, a tuple of names."""
    return [owner.get_submodule(name) for owner in module.modules() for name in getattr(owner, "keeps", ())]


@torch.no_grad()
def output_shape(subject: Subject) -> torch.Size:
    shape: torch.Size = subject.module(subject.sample()).shape
    return shape
