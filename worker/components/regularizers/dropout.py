"""Dropout."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn
from torch.nn import functional

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.regularizers import Regularizer

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.RNNBase, nn.Embedding)


class Dropout(Regularizer):
    """Drops hidden outputs at random while training, so that none can rely on another; evaluation sees all of them.

    Acts on what each layer with weights takes from the layer before it, that is on every hidden output after its
    normalization and activation, in any model. The inputs of the first layer, the data, are left whole. What is kept is
    scaled up, so that the mean stays.
    """

    formula = "h ← m ⊙ h / (1 − p), m ~ Bernoulli(1 − p)"
    reference = "Srivastava et al.: Dropout (2014), Journal of Machine Learning Research 15"

    share: float = hyperparameter(
        0.2, ge=0, le=0.95, marks=Mark.LIVE, description="Share p of hidden outputs that each step drops."
    )

    @contextmanager
    def attach(self, module: nn.Module) -> Iterator[None]:
        def drop(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
            if not layer.training or not inputs[0].is_floating_point():
                return None
            return functional.dropout(inputs[0], self.share), *inputs[1:]

        layers = [layer for layer in module.modules() if isinstance(layer, LAYERS)]
        with ExitStack() as stack:
            for layer in layers[1:]:
                stack.callback(layer.register_forward_pre_hook(drop).remove)
            yield
