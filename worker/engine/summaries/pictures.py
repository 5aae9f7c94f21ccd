"""Pictures of training images, before and after they are augmented.

| summary         | body                                                                                               |
|-----------------|----------------------------------------------------------------------------------------------------|
| `augmentations` | {width, height: of one picture in pixels, columns, rows}; each row is {title, png: base64 of the   |
|                 | pictures side by side, a clear line after each, captions: what each counts as, [[share, class], …] |
|                 | with the largest share first, or null where that is as before}                                     |
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from worker.contracts.families.augmentations import Augmentation
from worker.contracts.recipe import Recipe
from worker.data import png
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.input.augment import transform

COLUMNS, DRAWS = 8, 3
LARGEST = 32  # pixels of a picture's longer side
MOST_BYTES = 56 * 1024  # of all rows in base64
LEAST_SHARE = 0.005  # of a class that is worth a word
CLEAR = 1  # the shade of grey that no picture has, in place of which it is transparent
DISTANCES = (1, 8, 16)  # of two shades: coarser ones take less room

Row = tuple[str, Tensor, Tensor]  # title, images [n, channels, height, width], targets


def augmentations(data: Data, recipe: Recipe, run_seed: int) -> dict[str, Any]:
    """The summary: some training images as they are, after each augmentation alone, after all in several draws."""
    index = _various(data, run_seed)
    rows = list(_rows(data, index, recipe.augmentations, run_seed))
    for distance in DISTANCES:
        shown = _shown(data, rows, COLUMNS, distance)
        if (size := _bytes(shown)) <= MOST_BYTES:
            return shown
    columns = max(1, COLUMNS * MOST_BYTES // size)
    while _bytes(shown) > MOST_BYTES and columns:
        shown, columns = _shown(data, rows, columns, distance), columns - 1
    return shown


def _bytes(shown: dict[str, Any]) -> int:
    return sum(len(row["png"]) for row in shown["rows"])


def _various(data: Data, run_seed: int) -> Tensor:
    """Samples to be pictured: of different classes as far as there are any, in random order."""
    random = seed.generator(run_seed, "pictures")
    order = torch.randperm(len(data.train), generator=random)[:512]
    if data.task == "classification":
        classes = data.train.targets.cpu()[order].numpy()
        _, first = np.unique(classes, return_index=True)
        others = np.setdiff1d(np.arange(len(order)), first)
        order = order[torch.from_numpy(np.concatenate([np.sort(first), others]))]
    return order[:COLUMNS]


def _rows(data: Data, index: Tensor, chain: Sequence[Augmentation], run_seed: int) -> Iterator[Row]:
    images, targets = data.train.pixels(index)

    def after(title: str, some: Sequence[Augmentation], draw: int) -> Row:
        return title, *transform(images, targets, data.outputs, some, seed.derive(run_seed, "pictures", draw))

    yield "before", images, targets
    if len(chain) > 1:
        for place, augmentation in enumerate(chain):
            yield after(augmentation.kind, [augmentation], place)
    whole = "all" if len(chain) > 1 else chain[0].kind
    for draw in range(DRAWS):
        yield after(f"{whole}, draw {draw + 1}", chain, len(chain) + draw)


def _shown(data: Data, rows: Sequence[Row], columns: int, distance: int) -> dict[str, Any]:
    columns = min(columns, len(rows[0][1]))
    height, width = _small(rows[0][1]).shape[2:]
    return {
        "columns": columns,
        "height": height,
        "width": width,
        "rows": [
            {
                "title": title,
                "png": base64.b64encode(_sheet(_small(images[:columns]), distance)).decode(),
                "captions": _captions(data, targets[:columns], first=place == 0),
            }
            for place, (title, images, targets) in enumerate(rows)
        ],
    }


def _small(images: Tensor) -> Tensor:
    """Pictures of one or three channels [n, channels, height, width], none larger than can be told apart."""
    if images.shape[1] not in (1, 3):
        images = images.mean(1, keepdim=True)
    longer = max(images.shape[2:])
    if longer <= LARGEST:
        return images
    size = [max(1, side * LARGEST // longer) for side in images.shape[2:]]
    return functional.interpolate(images, size=size, mode="area")


def _sheet(images: Tensor, distance: int) -> bytes:
    """The images side by side, in shades at least `distance` apart, each followed by a clear line."""
    shades = (images.clamp(0, 1) * 255).round().cpu().numpy().astype(np.uint8)
    if distance > 1:
        shades = np.minimum((shades.astype(np.int64) + distance // 2) // distance * distance, 255).astype(np.uint8)
    shades[(shades == CLEAR).all(1, keepdims=True) & np.ones_like(shades, bool)] = 0
    framed = np.pad(shades, ((0, 0), (0, 0), (0, 0), (0, 1)), constant_values=CLEAR)
    return png.encode(framed.transpose(2, 0, 3, 1).reshape(framed.shape[2], -1, framed.shape[1]), clear=CLEAR)


def _captions(data: Data, targets: Tensor, first: bool) -> list[list[tuple[float, str]]] | None:
    if data.task != "classification" or (targets.ndim == 1 and not first):
        return None
    shares = functional.one_hot(targets, data.outputs) if targets.ndim == 1 else targets
    return [_parts(data, row) for row in shares.tolist()]


def _parts(data: Data, shares: Sequence[float]) -> list[tuple[float, str]]:
    """The classes that a sample counts as, and by how much."""
    names = data.names or [str(number) for number in range(len(shares))]
    found = [(round(share, 2), name) for share, name in zip(shares, names, strict=True) if share >= LEAST_SHARE]
    return sorted(found, key=lambda part: -part[0])
