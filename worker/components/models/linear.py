"""A linear model."""

import math
from collections import OrderedDict

from torch import nn

from worker.components.models._layers import initialize
from worker.contracts.component import choice
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model


class Linear(Model):
    """One linear layer: logistic regression of classes, linear regression of numbers; the baseline of all models."""

    formula = "z = W x + b"
    reference = "Cox: The Regression Analysis of Binary Sequences (1958)"
    needs = ("real",)
    provides = ("float",)

    initialization: Initialization = choice(Initialization, description="Initial weights.")

    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        output = nn.Linear(math.prod(input_shape), outputs)
        return initialize(nn.Sequential(OrderedDict(flatten=nn.Flatten(), output=output)), self.initialization)
