"""Models: each builds a network for the shape of the data."""

from torch import nn

from worker.component import Component


class Model(Component, family="models"):
    """The network that is trained and compressed."""

    def build(self, input_shape: tuple[int, ...], classes: int) -> nn.Module:
        """A freshly initialized module: float32 [batch, *input_shape] -> logits [batch, classes].

        Weights come from torch's default generator, which the engine has seeded.
        """
        raise NotImplementedError
