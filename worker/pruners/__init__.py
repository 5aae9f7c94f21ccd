"""Pruners: which weights or channels go."""

from torch import Tensor, nn

from worker.component import Component
from worker.context import Context
from worker.subject import Subject


class Pruner(Component, family="pruners", default="magnitude"):
    """Which weights or channels go."""

    def prune(self, subject: Subject, context: Context) -> Subject:
        """Mask weights (unstructured) or really remove them (structured); the module may be changed in place.

        Raises ValueError in one sentence when nothing would be left of a layer.
        """
        raise NotImplementedError

    def label(self) -> str:
        """How it is called on the timeline, with what matters most of its parameters."""
        return self.kind.replace("_", " ")


def prunable_weights(module: nn.Module) -> dict[str, Tensor]:
    """The weight matrices and filters by parameter name: no biases, no normalization, no embeddings."""
    return {
        f"{path}.{name}" if path else name: weight
        for path, layer in module.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d | nn.RNNBase)
        for name, weight in layer.named_parameters()
        if name.startswith("weight")
    }
