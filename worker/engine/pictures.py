"""Pictures of training images, before and after they are augmented.

| exhibit         | body                                                                                                |
|-----------------|-----------------------------------------------------------------------------------------------------|
| `augmentations` | {width, height: of one picture in pixels, columns, names: of the pictures' classes, rows}; each row |
|                 | is {title, png: base64 of the pictures side by side with a clear line after each, goals: what a     |
|                 | mixed one counts as, or null}                                                                       |
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from worker import png
from worker.augmentations import Augmentation
from worker.data import Data
from worker.engine import seed
from worker.engine.augment import changed
from worker.recipe import Recipe

COLUMNS, DRAWS = 8, 3
LARGEST = 32  # pixels of a picture's longer side
MOST_BYTES = 56 * 1024  # of all rows in base64
CLEAR = 1  # the shade of grey that no picture has, in place of which it is transparent
COARSER = ((8, 1), (8, 4), (8, 8), (8, 16), (6, 8), (4, 8), (3, 8), (2, 8), (1, 8))  # columns, distance of two shades

Row = tuple[str, Tensor, Tensor]  # title, images [n, channels, height, width], targets


def augmentations(data: Data, recipe: Recipe, run_seed: int) -> dict[str, Any]:
    """The exhibit: some training images as they are, after each augmentation alone, after all in several draws."""
    index = _various(data, run_seed)
    rows = list(_rows(data, index, recipe.augmentations, run_seed))
    for columns, distance in COARSER:
        shown = _shown(data, rows, columns, distance)
        if sum(len(row["png"]) for row in shown["rows"]) <= MOST_BYTES:
            break
    return shown


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
        return title, *changed(images, targets, data.outputs, some, seed.derive(run_seed, "pictures", draw))

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
        "names": _names(data, rows[0][2][:columns]),
        "rows": [
            {
                "title": title,
                "png": base64.b64encode(_sheet(_small(images[:columns]), distance)).decode(),
                "goals": _goals(data, targets[:columns]),
            }
            for title, images, targets in rows
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


def _name(data: Data, number: int) -> str:
    return data.names[number] if data.names else str(number)


def _names(data: Data, targets: Tensor) -> list[str]:
    if data.task != "classification":
        return [""] * len(targets)
    return [_name(data, number) for number in targets.tolist()]


def _goals(data: Data, targets: Tensor) -> list[str] | None:
    """What the mixed ones count as, such as `0.7 bag + 0.3 coat`; None where nothing was mixed."""
    if data.task != "classification" or targets.ndim == 1:
        return None
    return [
        " + ".join(f"{row[number]:.2f} {_name(data, number)}" for number in np.argsort(-row, kind="stable") if row[number] >= 0.005)
        for row in targets.cpu().numpy()
    ]
