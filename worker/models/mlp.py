"""Multilayer perceptron."""

import math
from collections import OrderedDict
from typing import Annotated

from pydantic import Field
from torch import nn

from backend.spec.catalog import Provision
from worker.component import knob
from worker.layers import Activation, Norm, activation, initialize, linear
from worker.models import Model

Width = Annotated[int, Field(ge=1, le=8192)]


class MLP(Model):
    """Fully connected layers, one after another; takes any data, images as one long row of pixels.

    Each hidden layer is linear, then normalization, activation and dropout. Hidden weights begin as
    N(0, gain² / inputs) (He et al. 2015), the output's as N(0, 0.1² / inputs), biases at zero.
    """

    formula = "h ← φ(norm(W h + b)) for each hidden layer; z = W h + b"
    reference = "Rumelhart, Hinton, Williams: Learning representations by back-propagating errors (1986)"
    needs = ("real",)
    provides = ("float", Provision(trait="batch_norm", when={"norm": "batch"}))

    hidden: list[Width] = knob(
        [256, 128], min_length=1, max_length=8, unit="neurons", description="Width of each hidden layer, in order."
    )
    activation: Activation = knob("relu", description="Nonlinearity φ after each hidden layer.")
    norm: Norm = knob("none", description="Normalization of each hidden layer.")
    dropout: float = knob(0.0, ge=0, le=0.95, description="Share of hidden outputs that training drops at random.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
        inputs = math.prod(input_shape)
        for number, width in enumerate(self.hidden, 1):
            layers |= linear(number, inputs, width, self.norm)
            layers[f"activation{number}"] = activation(self.activation)
            if self.dropout:
                layers[f"dropout{number}"] = nn.Dropout(self.dropout)
            inputs = width
        layers["output"] = nn.Linear(inputs, outputs)
        return initialize(nn.Sequential(layers), self.activation)
