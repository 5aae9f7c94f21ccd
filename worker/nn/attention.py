"""Attention, whose heads can be taken away one by one."""

import torch
from torch import Tensor, nn


class Attention(nn.Module):
    """Each place takes a mean over all places, or over those up to itself when `causal`, by softmax(q kᵀ / √d).

    [batch, places, width] -> the same shape. How many heads there are follows from the width of the queries, so that a
    module with fewer is whole once its four layers are.
    """

    keeps = ("query", "key", "value", "output")  # a head's features stay together

    def __init__(self, places: int, heads: int, head_width: int, causal: bool) -> None:
        super().__init__()
        width = heads * head_width
        self.places, self.head_width, self.causal, self.scale = places, head_width, causal, head_width**-0.5
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    @property
    def heads(self) -> int:
        return self.query.out_features // self.head_width

    def forward(self, stream: Tensor, mask: Tensor | None = None) -> Tensor:
        """`mask` [batch, 1, 1, places] is added to the scores: large negative numbers hide places from all others."""
        # Shapes and scale are constants, so that an exported graph does not work them out in every call.
        split = (-1, self.places, self.heads, self.head_width)
        query, key, value = (
            layer(stream).reshape(split).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )  # [batch, heads, places, head_width]
        mixed = nn.functional.scaled_dot_product_attention(
            query, key, value, mask, is_causal=self.causal, scale=self.scale
        )
        joined = (-1, self.places, self.heads * self.head_width)
        outputs: Tensor = self.output(mixed.transpose(1, 2).reshape(joined))
        return outputs

    @torch.no_grad()
    def keep(self, heads: Tensor) -> None:
        """Only the heads of these numbers, int64 [kept], stay: the layers are cut in place, and keep their names."""
        features = self.features(heads)
        for layer in (self.query, self.key, self.value):
            layer.weight = _cut(layer.weight, features, 0)
            layer.bias = _cut(layer.bias, features, 0)
            layer.out_features = len(features)
        self.output.weight = _cut(self.output.weight, features, 1)
        self.output.in_features = len(features)

    def features(self, heads: Tensor) -> Tensor:
        """The features of these heads: rows of queries, keys and values, columns of the output."""
        within = torch.arange(self.head_width, device=heads.device)
        return (heads.unsqueeze(1) * self.head_width + within).flatten()


def _cut(weight: Tensor, kept: Tensor, dim: int) -> nn.Parameter:
    return nn.Parameter(weight.index_select(dim, kept), requires_grad=weight.requires_grad)
