"""A plain recurrent network."""

from torch import nn

from worker.components.models._recurrent import Recurrent


class RNN(Recurrent):
    """One state that each step mixes with its input; over a text's tokens or an image's rows.

    Answers at every token of a text, once for a text that has a class, and after the last row of an image. Gradients
    fade over long sequences: `gru` and `lstm` are made against that.
    """

    formula = "h ← tanh(W x + U h + b); z = V h + c"
    reference = "Elman: Finding Structure in Time (1990)"
    needs = ("sequence",)
    provides = ("float", "units")
    cell = nn.RNN
