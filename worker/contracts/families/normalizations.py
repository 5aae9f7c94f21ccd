"""Normalizations: each keeps the values between two layers in a range in which training works well."""

from abc import abstractmethod
from typing import ClassVar

from torch import nn

from worker.contracts.component import Component


class Normalization(Component, family="normalizations", default="batch"):
    """Normalization between a layer and its activation, so that values keep their range."""

    replaces_bias: ClassVar[bool] = False
    """True when it cancels a bias of the layer before it, so that this layer is built without one."""

    @abstractmethod
    def build(self, channels: int, image: bool) -> nn.Module | None:
        """A layer for [batch, channels], or for `image` [batch, channels, height, width]; None where nothing is done."""
