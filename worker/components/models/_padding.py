"""Padding after a text's end, which must never change what a model answers."""

from torch import Tensor

from worker.data.tokens import PADDING

FAR = 1e4  # subtracted from an attention score: its share becomes 0, in 16 bits too


def present(inputs: Tensor) -> Tensor:
    """1 where token ids [batch, length] are of words, else 0: float32 [batch, length]."""
    return (inputs != PADDING).float()


def mean_of_words(states: Tensor, there: Tensor) -> Tensor:
    """The mean [batch, width] of the states [batch, length, width] where words are `there` [batch, length]; 0 without any."""
    weights = there.unsqueeze(-1)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def without_padding(there: Tensor) -> Tensor:
    """The summand of attention scores that lets no place look at padding: [batch, 1, 1, length]."""
    return ((there - 1.0) * FAR).unsqueeze(1).unsqueeze(1)
