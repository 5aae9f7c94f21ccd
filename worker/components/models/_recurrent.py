"""Common parts of the recurrent models: reading a sample as a sequence, and turning states into outputs."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from worker.components.models._layers import initialize
from worker.components.models._padding import mean_of_words, present
from worker.contracts.component import choice, hyperparameter
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model

READERS: Mapping[str, tuple[str, ...]] = {"recurrent": ("output.1",)}
"""Recurrent layers -> the linear layers that read the last one's states and nothing else, by name."""


class Recurrent(Model):
    """A recurrent network over a text's tokens, answering at each or once for all, or over an image's rows."""

    cell: ClassVar[Callable[..., nn.RNNBase]]
    gates: ClassVar[int] = 1

    width: int = hyperparameter(128, ge=1, le=2048, unit="neurons", description="Length of the state h.")
    layers: int = hyperparameter(
        1, ge=1, le=4, unit="layers", description="Recurrent layers, each reading the one below."
    )
    dropout: float = hyperparameter(
        0.0, ge=0, le=0.95, description="Share of each layer's outputs that training drops at random."
    )
    initialization: Initialization = choice(
        Initialization, kind="orthogonal", description="Initial weights, drawn for each gate separately."
    )

    def build(self, input_shape: tuple[int, ...], outputs: int, tokens: int = 0) -> nn.Module:
        text = len(input_shape) == 1
        features = self.width if text else input_shape[0] * input_shape[2]
        recurrent = self.cell(
            features,
            self.width,
            self.layers,
            batch_first=True,
            dropout=self.dropout if self.layers > 1 else 0.0,  # torch drops between layers alone, and warns otherwise
        )
        output = nn.Sequential(nn.Dropout(self.dropout), nn.Linear(self.width, outputs))
        self._initialize(recurrent)
        if not text:
            return initialize(Rows(recurrent, output), self.initialization)
        module = WholeText(tokens, recurrent, output) if tokens else Text(outputs, recurrent, output)
        return initialize(module, self.initialization)

    @torch.no_grad()
    def _initialize(self, recurrent: nn.RNNBase) -> None:
        for name, parameter in recurrent.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(parameter)
            else:
                for gate in parameter.chunk(self.gates):
                    self.initialization.fill(gate, 1.0)


class Text(nn.Module):
    """Token ids [batch, length] -> logits [batch, length, tokens] of the next one."""

    readers = READERS

    def __init__(self, tokens: int, recurrent: nn.RNNBase, output: nn.Module) -> None:
        super().__init__()
        self.embedding = nn.Embedding(tokens, recurrent.input_size)
        self.recurrent = recurrent
        self.output = output

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.output(self.recurrent(self.embedding(inputs))[0])
        return outputs


class WholeText(Text):
    """Token ids [batch, length] -> [batch, outputs], from the mean of the states at its words.

    Padding stands after the words, so that no state at a word depends on it.
    """

    def forward(self, inputs: Tensor) -> Tensor:
        states = self.recurrent(self.embedding(inputs))[0]
        outputs: Tensor = self.output(mean_of_words(states, present(inputs)))
        return outputs


class Rows(nn.Module):
    """Image [batch, channels, height, width] -> [batch, outputs], read from the top row to the bottom one."""

    readers = READERS

    def __init__(self, recurrent: nn.RNNBase, output: nn.Module) -> None:
        super().__init__()
        self.recurrent = recurrent
        self.output = output

    def forward(self, inputs: Tensor) -> Tensor:
        states = self.recurrent(inputs.transpose(1, 2).flatten(2))[0]  # [batch, height, width of the state]
        outputs: Tensor = self.output(states[:, -1])
        return outputs
