"""Multilayer perceptron."""

import math
from typing import Annotated

from pydantic import Field
from torch import nn

from backend.domain.catalog import Provision
from worker.components.models._layers import Activation, initialize, perceptron
from worker.contracts.component import choice, hyperparameter
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization

Width = Annotated[int, Field(ge=1, le=8192)]


class MLP(Model):
    """Fully connected layers, one after another; takes any data, images as one long row of pixels.

    Each hidden layer is linear, then normalization, activation and dropout. The output's weights begin small, with a
    gain of 0.1; biases begin at zero.
    """

    formula = "h ← φ(norm(W h + b)) for each hidden layer; z = W h + b"
    reference = "Rumelhart, Hinton, Williams: Learning representations by back-propagating errors (1986)"
    needs = ("real",)
    provides = ("float", "channels", "neurons", Provision(trait="batch_norm", when={"norm": "batch"}))

    hidden: list[Width] = hyperparameter(
        [256, 128], min_length=1, max_length=8, unit="neurons", description="Width of each hidden layer, in order."
    )
    activation: Activation = hyperparameter("relu", description="Nonlinearity φ after each hidden layer.")
    norm: Normalization = choice(Normalization, kind="none", description="Normalization of each hidden layer.")
    dropout: float = hyperparameter(
        0.0, ge=0, le=0.95, description="Share of hidden outputs that training drops at random."
    )
    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        inputs = math.prod(input_shape)
        module = perceptron(inputs, self.hidden, outputs, self.norm, self.activation, self.dropout)
        return initialize(module, self.initialization, self.activation)
