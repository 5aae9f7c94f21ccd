"""Initializations: the initial weights of a model."""

from abc import abstractmethod

from torch import Tensor

from worker.contracts.component import Component


class Initialization(Component, family="initializations", default="kaiming"):
    """Initial weights of a layer, such that values and gradients neither fade nor grow from layer to layer."""

    @abstractmethod
    def fill(self, weight: Tensor, gain: float) -> None:
        """Write the first values into `weight` [outputs, inputs, …], drawn from torch's default generator.

        `gain` makes up for what the nonlinearity after the layer takes away: √2 for ReLU, 1 where there is none.
        Anything after the first two dimensions is a filter's pixels, which count as inputs.
        """
