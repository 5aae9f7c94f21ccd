"""Models: each builds a network for the shape of the data."""

from abc import abstractmethod

from torch import nn

from worker.contracts.component import Component


class Model(Component, family="models", examples=("cnn", "mlp")):
    """The network that is trained and compressed."""

    @abstractmethod
    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        """A freshly initialized module: float32 [batch, *input_shape] -> [batch, outputs], which are logits of classes
        or numbers; of token ids int64 [batch, length] -> logits [batch, length, outputs] of the next token.

        Weights come from torch's default generator, which the engine has seeded.
        """
