"""Layers that models share, with their normalization and activation, and the initialization of their weights."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal, TypeVar

from torch import nn

from worker.contracts.families.initializations import Initialization
from worker.contracts.families.normalizations import Normalization

Activation = Literal["relu", "tanh", "gelu", "sigmoid"]
Layers = OrderedDict[str, nn.Module]
M = TypeVar("M", bound=nn.Module)

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
}
_GAINS = {"none": 1.0, "relu": 2**0.5, "tanh": 5 / 3, "gelu": 2**0.5, "sigmoid": 4.0}
OUTPUT_GAIN = 0.1


def activation(kind: Activation) -> nn.Module:
    return _ACTIVATIONS[kind]()


def convolution(
    number: int,
    inputs: int,
    outputs: int,
    size: int,
    norm: Normalization,
    *,
    padding: int = 0,
    stride: int = 1,
    groups: int = 1,
) -> Layers:
    """`conv<number>`, a size × size convolution, and `norm<number>`, which may take the place of its bias."""
    layer = nn.Conv2d(inputs, outputs, size, stride, padding, groups=groups, bias=not norm.replaces_bias)
    return _normalized(number, "conv", layer, norm.build(outputs, image=True))


def linear(number: int, inputs: int, outputs: int, norm: Normalization) -> Layers:
    """`linear<number>`, and `norm<number>`, which may take the place of its bias."""
    layer = nn.Linear(inputs, outputs, bias=not norm.replaces_bias)
    return _normalized(number, "linear", layer, norm.build(outputs, image=False))


def _normalized(number: int, name: str, layer: nn.Module, norm: nn.Module | None) -> Layers:
    layers: Layers = OrderedDict({f"{name}{number}": layer})
    if norm is not None:
        layers[f"norm{number}"] = norm
    return layers


def perceptron(
    inputs: int, hidden: Sequence[int], outputs: int, norm: Normalization, kind: Activation, dropout: float = 0.0
) -> nn.Sequential:
    """Flattens a sample of `inputs` numbers and takes it through the hidden layers to the output."""
    layers: Layers = OrderedDict(flatten=nn.Flatten())
    for number, width in enumerate(hidden, 1):
        layers |= linear(number, inputs, width, norm)
        layers[f"activation{number}"] = activation(kind)
        if dropout:
            layers[f"dropout{number}"] = nn.Dropout(dropout)
        inputs = width
    layers["output"] = nn.Linear(inputs, outputs)
    return nn.Sequential(layers)


def initialize(module: M, start: Initialization, kind: Activation | Literal["none"] = "relu") -> M:
    """Fill the weights of all convolutions and linear layers, in their order, with the gain of `kind`; biases are 0.

    The last layer's gain is 0.1, so that every class is about as likely at first: the loss begins at ln(classes).
    """
    weighted = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer in weighted:
        start.fill(layer.weight, OUTPUT_GAIN if layer is weighted[-1] else _GAINS[kind])
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return module
