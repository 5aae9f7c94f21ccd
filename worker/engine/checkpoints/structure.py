"""Describes a module's layers as plain JSON: a compressed model is rebuilt from it before its weights are loaded.

Compression changes layers: channels disappear, a batch normalization becomes an identity. A checkpoint stores
`describe(module)` beside the weights; `restore` brings a freshly built model into that shape.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias", "padding_mode")  # fmt: skip
_BATCH_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")

_RECURRENT = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")

_ARGUMENTS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Conv1d: _CONVOLUTION,
    nn.Conv2d: _CONVOLUTION,
    nn.LSTM: _RECURRENT,
    nn.GRU: _RECURRENT,
    nn.RNN: (*_RECURRENT, "nonlinearity"),
    nn.Linear: ("in_features", "out_features", "bias"),
    nn.BatchNorm1d: _BATCH_NORM,
    nn.BatchNorm2d: _BATCH_NORM,
    nn.LayerNorm: ("normalized_shape", "eps", "elementwise_affine", "bias"),
    nn.GroupNorm: ("num_groups", "num_channels", "eps", "affine"),
    nn.Embedding: ("num_embeddings", "embedding_dim"),
    nn.Identity: (),
    nn.Dropout: ("p",),
    nn.Dropout1d: ("p",),
    nn.Dropout2d: ("p",),
    nn.ReLU: (),
    nn.ReLU6: (),
    nn.LeakyReLU: ("negative_slope",),
    nn.ELU: ("alpha",),
    nn.GELU: ("approximate",),
    nn.SiLU: (),
    nn.Hardswish: (),
    nn.Tanh: (),
    nn.Sigmoid: (),
    nn.Softplus: ("beta", "threshold"),
    nn.Flatten: ("start_dim", "end_dim"),
    nn.MaxPool1d: ("kernel_size", "stride", "padding"),
    nn.MaxPool2d: ("kernel_size", "stride", "padding"),
    nn.AvgPool1d: ("kernel_size", "stride", "padding"),
    nn.AvgPool2d: ("kernel_size", "stride", "padding"),
    nn.AdaptiveAvgPool1d: ("output_size",),
    nn.AdaptiveAvgPool2d: ("output_size",),
}
_TYPES = {kind.__name__: kind for kind in _ARGUMENTS}


def describe(module: nn.Module) -> dict[str, Any]:
    """Every leaf of a known type: {"leaves": {path: {"type": …, "arguments": {…}}}}. Other leaves are left out."""
    leaves = {path: _leaf(child) for path, child in module.named_modules(remove_duplicate=False) if _known(child)}
    return {"leaves": leaves}


def undescribed(module: nn.Module) -> dict[str, str]:
    """The type of each leaf that has a state and is left out, by its path: no checkpoint can give it another shape."""
    return {
        path: type(leaf).__name__
        for path, leaf in module.named_modules()
        if leaf.state_dict() and not any(True for _ in leaf.children()) and not _known(leaf)
    }


def restore(module: nn.Module, description: Mapping[str, Any]) -> nn.Module:
    """`module` with each leaf that differs from `description` rebuilt; draws nothing from torch's generator.

    The new leaves' weights are arbitrary until a state_dict is loaded. A leaf at the root replaces the module.
    Raises ValueError when the description names a path or a type that this model does not have.
    """
    modules = dict(module.named_modules(remove_duplicate=False))
    rebuilt: dict[int, nn.Module] = {}
    for path, wanted in description["leaves"].items():
        if path not in modules:
            raise ValueError(f"the description has a layer `{path}` that this model lacks")
        old = modules[path]
        if _known(old) and _leaf(old) == wanted:
            continue
        new = rebuilt.setdefault(id(old), _like(_build(path, wanted), old, module))
        if not path:
            return new
        parent, _, name = path.rpartition(".")
        setattr(module.get_submodule(parent), name, new)
    return module


def _known(module: nn.Module) -> bool:
    return type(module) in _ARGUMENTS


def _leaf(module: nn.Module) -> dict[str, Any]:
    names = _ARGUMENTS[type(module)]
    return {"type": type(module).__name__, "arguments": {name: _argument(module, name) for name in names}}


def _argument(module: nn.Module, name: str) -> Any:
    value = getattr(module, name)
    if name == "bias":
        return value is not None and value is not False
    return list(value) if isinstance(value, tuple) else value


def _build(path: str, wanted: Mapping[str, Any]) -> nn.Module:
    if wanted["type"] not in _TYPES:
        raise ValueError(f"layer `{path}` has the unknown type `{wanted['type']}`")
    arguments = {
        name: tuple(value) if isinstance(value, list) else value for name, value in wanted["arguments"].items()
    }
    build: Callable[..., nn.Module] = _TYPES[wanted["type"]]
    with torch.random.fork_rng(devices=[]):
        return build(**arguments)


def _like(new: nn.Module, old: nn.Module, root: nn.Module) -> nn.Module:
    """`new` in the mode of the leaf it replaces, on the model's device and in its precision."""
    reference = next(root.parameters(), None)
    if reference is not None:
        new = new.to(device=reference.device, dtype=reference.dtype)
    return new.train(old.training)
