"""What models share: the choices of activation and normalization, and how weights begin."""

from typing import Literal

from torch import nn

Activation = Literal["relu", "tanh", "gelu", "sigmoid"]
Norm = Literal["none", "batch"]

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
}
_GAINS = {"relu": 2**0.5, "tanh": 5 / 3, "gelu": 2**0.5, "sigmoid": 4.0}
OUTPUT_GAIN = 0.1


def activation(kind: Activation) -> nn.Module:
    return _ACTIVATIONS[kind]()


def convolution(
    number: int, inputs: int, outputs: int, size: int, norm: Norm, padding: int = 0
) -> dict[str, nn.Module]:
    """`conv<number>`, a size × size convolution, and `norm<number>`, which takes the place of its bias."""
    layers: dict[str, nn.Module] = {
        f"conv{number}": nn.Conv2d(inputs, outputs, size, padding=padding, bias=norm == "none")
    }
    return layers | ({f"norm{number}": nn.BatchNorm2d(outputs)} if norm == "batch" else {})


def linear(number: int, inputs: int, outputs: int, norm: Norm) -> dict[str, nn.Module]:
    """`linear<number>`, and `norm<number>`, which takes the place of its bias."""
    layers: dict[str, nn.Module] = {f"linear{number}": nn.Linear(inputs, outputs, bias=norm == "none")}
    return layers | ({f"norm{number}": nn.BatchNorm1d(outputs)} if norm == "batch" else {})


def initialize(module: nn.Sequential, kind: Activation = "relu") -> nn.Sequential:
    """He's initialization: weights ~ N(0, gain² / fan_in), biases 0, in the order of the layers.

    The last layer's gain is 0.1, so that every class is about as likely at first: the loss begins at ln(classes).
    """
    weighted = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer in weighted:
        fan_in = layer.weight[0].numel()
        gain = OUTPUT_GAIN if layer is weighted[-1] else _GAINS[kind]
        nn.init.normal_(layer.weight, std=gain / fan_in**0.5)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return module
