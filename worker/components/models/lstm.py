"""A long short-term memory."""

import torch
from torch import nn

from worker.components.models._recurrent import Recurrent


class LSTM(Recurrent):
    """A memory that gates write, keep and read: remembers over long sequences.

    Answers at every token of a text, once for a text that has a class, and after the last row of an image. The forget
    gate's bias begins at 1, so that the memory is kept at first (Jozefowicz et al. 2015).
    """

    formula = "i, f, o = σ(W x + U h + b); c ← f ⊙ c + i ⊙ tanh(W_c x + U_c h + b_c); h ← o ⊙ tanh(c); z = V h + d"
    reference = "Hochreiter, Schmidhuber: Long Short-Term Memory (1997)"
    needs = ("sequence",)
    provides = ("float", "units")
    cell = nn.LSTM
    gates = 4

    @torch.no_grad()
    def _initialize(self, recurrent: nn.RNNBase) -> None:
        super()._initialize(recurrent)
        for layer in range(self.layers):
            bias = recurrent.get_parameter(f"bias_ih_l{layer}")
            bias[self.width : 2 * self.width] = 1.0  # torch's order of gates: input, forget, memory, output
