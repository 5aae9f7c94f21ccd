"""Adjacent linear layers."""

from collections.abc import Iterator
from itertools import chain as joined

import torch
from torch import Tensor, nn

from worker.contracts.context import Context
from worker.contracts.families.fusions import Fusion
from worker.contracts.subject import Subject, evaluating
from worker.nn.chains import Chain, chains
from worker.nn.channel_clusters import exact
from worker.nn.kinds import Convolution, Weighted

_Dropout = nn.Dropout | nn.Dropout1d | nn.Dropout2d
_Mean = nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d


class Linear(Fusion):
    """Merges linear layers and convolutions that follow each other without a nonlinearity between them.

    Two linear maps in a row are one: the outputs stay the same up to rounding (1e-5). Merged are a linear layer and the
    next; a convolution and a 1 × 1 convolution after it; a 1 × 1 convolution and a convolution after it, unless zeros are
    padded around what a bias has shifted; a convolution and a linear layer that reads the mean over its pixels.
    Dropout between them is lost. Layers stay two where one would hold more weights than both, as around a bottleneck.
    Batch normalization between them must be folded first. Zeros of pruned weights stay zeros where the product has them.
    """

    formula = "W₂(W₁ x + b₁) + b₂ = (W₂ W₁) x + (W₂ b₁ + b₂)"
    reference = "Ding et al.: Diverse Branch Block (2021), transforms I and III, arXiv:2103.13425"
    needs = ("float",)

    @torch.no_grad()
    def fold(self, subject: Subject, context: Context) -> Subject:
        masks = dict(subject.masks)
        merged = 0
        with evaluating(subject.module):
            while chain := next(_mergeable(subject.module), None):
                _merge(subject.module, chain, masks)
                merged += 1
        if not merged:
            raise ValueError(
                "there are no linear layers to merge: none follows another without a nonlinearity between them, or one "
                "layer would hold more weights than both"
            )
        subject.masks = masks
        return subject


def _mergeable(module: nn.Module) -> Iterator[Chain]:
    """Chains whose ends compute one linear map, which takes no more weights than they do."""

    def passes(layer: nn.Module) -> bool:
        return isinstance(layer, nn.Identity | _Dropout | _Mean | nn.Flatten)

    def is_layer(layer: nn.Module) -> bool:
        return isinstance(layer, Weighted)

    for chain in chains(module, is_layer, passes, is_layer):
        first, last = module.get_submodule(chain.first), module.get_submodule(chain.last)
        between = [module.get_submodule(path) for path in chain.between]
        shaping = [layer for layer in between if not isinstance(layer, nn.Identity | _Dropout)]
        if _exact(first, shaping, last) and _product(_weight(last), _weight(first)).numel() <= sum(
            _weight(layer).numel() for layer in (first, last)
        ):
            yield chain


def _exact(first: nn.Module, shaping: list[nn.Module], last: nn.Module) -> bool:
    """Returns whether both layers, with what changes the shape between them, are one layer."""
    if isinstance(first, nn.Linear):
        return isinstance(last, nn.Linear) and not shaping
    if not isinstance(first, Convolution) or first.groups > 1:
        return False
    if isinstance(last, nn.Linear):
        return len(shaping) == 2 and _is_mean(shaping[0]) and _flattens(shaping[1])
    if not isinstance(last, Convolution) or last.groups > 1 or shaping:
        return False
    if _is_pointwise(last):
        return True
    bordered = any(last.padding) and (first.bias is not None or last.padding_mode != "zeros")
    return _is_pointwise(first) and set(first.stride) == {1} and not bordered


def _is_pointwise(layer: nn.Module) -> bool:
    assert isinstance(layer, Convolution)
    return set(layer.kernel_size) == {1} and not any(layer.padding)


def _is_mean(layer: nn.Module) -> bool:
    sizes = layer.output_size if isinstance(layer, _Mean) else ()
    return (set(sizes) if isinstance(sizes, tuple) else {sizes}) == {1}


def _flattens(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Flatten) and (layer.start_dim, layer.end_dim) == (1, -1)


def _weight(layer: nn.Module) -> Tensor:
    assert isinstance(layer, Weighted)
    return layer.weight


def _product(last: Tensor, first: Tensor) -> Tensor:
    """The kernel of both in a row: at most one of them has more than a single pixel."""
    if last.shape[2:].numel() == 1:  # a linear layer has no pixels, which count as one
        return torch.mm(last.flatten(1), first.flatten(1)).reshape(-1, *first.shape[1:])
    product: Tensor = torch.tensordot(last, first.flatten(1), ([1], [0])).movedim(-1, 1)
    return product


def _merge(module: nn.Module, chain: Chain, masks: dict[str, Tensor]) -> None:
    """Put one layer in the place of the first, and nothing in the place of the last; `masks` follow."""
    first, last = module.get_submodule(chain.first), module.get_submodule(chain.last)
    assert isinstance(first, Weighted)
    assert isinstance(last, Weighted)
    outer, inner = exact(last.weight), exact(first.weight)
    bias = torch.zeros(len(outer), dtype=outer.dtype) if last.bias is None else exact(last.bias)
    if first.bias is not None:
        bias += outer.reshape(*outer.shape[:2], -1).sum(2) @ exact(first.bias)
    merged = _like(first, last, _product(outer, inner), None if first.bias is None and last.bias is None else bias)
    trains = any(parameter.requires_grad for parameter in joined(first.parameters(), last.parameters()))
    names = [f"{path}.weight" for path in (chain.first, chain.last)]
    remaining = [masks.pop(name, None) for name in names]
    if any(mask is not None for mask in remaining):
        present = [
            torch.ones_like(layer.weight) if mask is None else mask.to(layer.weight.dtype)
            for layer, mask in zip((first, last), remaining, strict=True)
        ]
        masks[names[0]] = _product(present[1], present[0]) > 0
    module.set_submodule(chain.first, merged.to(first.weight.device, first.weight.dtype).requires_grad_(trains))
    module.set_submodule(chain.last, nn.Identity())


def _like(first: nn.Module, last: nn.Module, weight: Tensor, bias: Tensor | None) -> nn.Module:
    """A layer with these weights whose output has the place and the shape of both in a row."""
    if isinstance(first, nn.Linear):
        layer: nn.Module = nn.Linear(weight.shape[1], len(weight), bias=bias is not None)
    else:
        assert isinstance(first, Convolution)
        shape = first if isinstance(last, nn.Linear) or _is_pointwise(last) else last
        assert isinstance(shape, Convolution)
        further = last.stride if isinstance(last, Convolution) and shape is first else (1,) * len(shape.stride)
        layer = type(first)(
            weight.shape[1],
            len(weight),
            shape.kernel_size,  # type: ignore[arg-type]
            tuple(own * more for own, more in zip(shape.stride, further, strict=True)),  # type: ignore[arg-type]
            shape.padding,  # type: ignore[arg-type]
            shape.dilation,  # type: ignore[arg-type]
            bias=bias is not None,
            padding_mode=shape.padding_mode,
        )
    layer.get_parameter("weight").copy_(weight)
    if bias is not None:
        layer.get_parameter("bias").copy_(bias)
    return layer
