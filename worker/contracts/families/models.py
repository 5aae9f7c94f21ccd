"""Models: each builds a network for the shape of the data."""

from abc import abstractmethod

from torch import nn

from worker.contracts.component import Component
from worker.contracts.subject import Origin


class Model(Component, family="models", examples=("cnn", "mlp")):
    """The network that is trained and compressed."""

    @abstractmethod
    def build(self, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        """A freshly initialized module: float32 [batch, *input_shape] -> [batch, outputs], which are logits of classes
        or numbers; of token ids int64 [batch, length] -> logits [batch, length, outputs] of the next token.

        A model for texts that have classes or numbers also takes `tokens`, the number of different ids, which is given
        for these data alone: ids int64 [batch, length], 0 after a text's end -> [batch, outputs].

        Weights come from torch's default generator, which the engine has seeded.
        """


def build(origin: Origin) -> nn.Module:
    """A freshly initialized module of `origin`."""
    model = Model.choose(origin.model)
    of_texts: dict[str, int] = {"tokens": origin.tokens} if origin.tokens else {}
    return model.build(origin.input_shape, origin.outputs, **of_texts)
