"""A gated recurrent unit."""

from torch import nn

from worker.components.models._recurrent import Recurrent


class GRU(Recurrent):
    """A state that two gates keep or renew: remembers nearly as long as an LSTM with three quarters of its weights.

    Answers at every token of a text, once for a text that has a class, and after the last row of an image.
    """

    formula = "r, u = σ(W x + U h + b); n = tanh(Wₙ x + bₙ + r ⊙ (Uₙ h + cₙ)); h ← (1 − u) ⊙ n + u ⊙ h; z = V h + c"
    reference = "Cho et al.: Learning Phrase Representations using RNN Encoder–Decoder (2014), arXiv:1406.1078"
    needs = ("sequence",)
    provides = ("float", "units")
    cell = nn.GRU
    gates = 3
