"""Matches the layers of two models: those of the same name whose weights have the same shapes.

A layer is copied whole or not at all: a bias without its weights would mean nothing.
"""

from collections.abc import Collection, Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

LayerName = Annotated[str, Field(min_length=1, max_length=200)]


def layers(module: nn.Module) -> dict[str, list[str]]:
    """Each layer's entries in the state_dict, in the order of the layers; a weight of the model itself is one of its own."""
    found: dict[str, list[str]] = {}
    for entry in module.state_dict():
        found.setdefault(entry.rpartition(".")[0] or entry, []).append(entry)
    return found


def find_layers(module: nn.Module, names: Sequence[str]) -> list[str]:
    """The layers called so, and those inside of what is called so. Raises ValueError for a name that nothing has."""
    known = list(layers(module))
    for name in names:
        if not any(_lies_in(layer, name) for layer in known):
            raise ValueError(f"The model has no layer `{name}`; it has {_list(known)}.")
    return [layer for layer in known if any(_lies_in(layer, name) for name in names)]


def _lies_in(layer: str, name: str) -> bool:
    return layer == name or layer.startswith(f"{name}.")


@torch.no_grad()
def copy(module: nn.Module, source: nn.Module, names: Collection[str]) -> dict[str, str]:
    """Give the layers in `names` the weights and statistics of `source`; returns those that do not match, and why."""
    ours, theirs = module.state_dict(), source.state_dict()
    unmatched: dict[str, str] = {}
    for layer, entries in layers(module).items():
        if layer not in names:
            continue
        why = mismatch(entries, ours, theirs)
        if why:
            unmatched[layer] = why
            continue
        for entry in entries:
            ours[entry].copy_(theirs[entry])
    return unmatched


def mismatch(entries: Sequence[str], ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> str | None:
    """Reason why a layer with these `entries` cannot take the other model's; None when it can."""
    for entry in entries:
        if entry not in theirs:
            return f"`{entry}` is missing there"
        if ours[entry].shape != theirs[entry].shape:
            return f"`{entry}` is {list(theirs[entry].shape)} there and {list(ours[entry].shape)} here"
    return None


def _list(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
