"""Common parts of the transformers: blocks of attention and feed-forward layers, with normalization before each."""

import torch
from torch import Tensor, nn

from worker.components.models._layers import initialize
from worker.contracts.component import choice, hyperparameter
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.models import Model
from worker.nn.attention import Attention


class Transformer(Model):
    """The hyper-parameters of a stack of blocks. The width of the stream is heads × head width."""

    depth: int = hyperparameter(
        4, ge=1, le=24, unit="blocks", description="Blocks, each of attention and a feed-forward layer."
    )
    heads: int = hyperparameter(4, ge=1, le=16, unit="heads", description="Attention heads of a block.")
    head_width: int = hyperparameter(
        16, ge=4, le=128, unit="features", description="Features of a head; times heads, the width."
    )
    expansion: int = hyperparameter(
        2, ge=1, le=8, description="Neurons of a feed-forward layer, as a multiple of the width."
    )
    dropout: float = hyperparameter(
        0.0, ge=0, le=0.95, description="Share of each branch's outputs that training drops at random."
    )
    initialization: Initialization = choice(Initialization, kind="xavier", description="Initial weights.")

    @property
    def width(self) -> int:
        return self.heads * self.head_width

    def blocks(self, places: int, causal: bool) -> nn.Sequential:
        return nn.Sequential(*(Block(self, places, causal) for _ in range(self.depth)), nn.LayerNorm(self.width))

    @torch.no_grad()
    def begin(self, module: nn.Module, places: nn.Embedding, spread: float) -> nn.Module:
        """`module` with its first weights; each branch begins smaller by the root of their number (GPT-2)."""
        initialize(module, self.initialization, "none")
        for block in (block for block in module.modules() if isinstance(block, Block)):
            block.attention.output.weight.div_((2 * self.depth) ** 0.5)
            block.linear2.weight.div_((2 * self.depth) ** 0.5)
        nn.init.normal_(places.weight, std=spread)
        return module


class Block(nn.Module):
    """[batch, places, width] -> the same shape."""

    keeps = ("linear2",)  # adds to the stream, whose width all blocks share

    def __init__(self, model: Transformer, places: int, causal: bool) -> None:
        super().__init__()
        width = model.width
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(places, model.heads, model.head_width, causal)
        self.dropout1 = nn.Dropout(model.dropout)
        self.norm2 = nn.LayerNorm(width)
        self.linear1 = nn.Linear(width, model.expansion * width)
        self.activation = nn.GELU()
        self.linear2 = nn.Linear(model.expansion * width, width)
        self.dropout2 = nn.Dropout(model.dropout)

    def forward(self, stream: Tensor, mask: Tensor | None = None) -> Tensor:
        stream = torch.add(stream, self.dropout1(self.attention(self.norm1(stream), mask)))
        return torch.add(stream, self.dropout2(self.linear2(self.activation(self.linear1(self.norm2(stream))))))
