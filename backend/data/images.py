"""Picture files in folders become an array of inputs, written row by row, and the classes of their folders.

Two passes: what the pictures are, then their pixels. Whoever sends the same files in another way gets the same bits.
"""

import hashlib
import math
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.data import entries, folders
from backend.data.archives import check_room
from backend.data.arrays import MOST_BYTES, PICTURES
from backend.data.decoding import GREY, SIXTEEN, Depth, Look, Unreadable, look, pixels
from backend.data.entries import Entry
from backend.data.faults import FileInvalid
from backend.data.growing import GrowingArray
from backend.data.own_split import TRAIN, counted, counts_in_train
from backend.data.pictures import picture
from backend.domain.experiment.upload_facts import Column, Facts, Fit, Inputs, Picture, PictureFiles

SIDES = (32, 64, 96, 128, 224)  # of which the samples get one, unless a person says another
LEAST_SIDE, MOST_SIDE = 8, 1024
INPUTS, TARGETS, SPLITS = "inputs.npy", "targets.npy", "splits.npy"
CLASS = "class"  # name of the target

Treatment = Literal["refuse", "leave_out"]


@dataclass(frozen=True)
class Seen:
    """A file that is a picture."""

    entry: Entry
    look: Look
    sha256: bytes

    @property
    def place(self) -> folders.Place:
        return self.entry.place


@dataclass(frozen=True)
class Shape:
    """Shape of the samples. `size` is width and height."""

    size: tuple[int, int]
    depth: Depth
    fit: Fit

    @property
    def of_a_row(self) -> tuple[int, ...]:
        """[height, width], or [height, width, 3]."""
        return (self.size[1], self.size[0], *((3,) if self.depth == "RGB" else ()))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype("<u2" if self.depth == "F" else "|u1")

    def bytes(self, rows: int) -> int:
        return rows * math.prod(self.of_a_row) * self.dtype.itemsize


def read(path: Path, folder: Path, side: int | None, fit: Fit, unreadable: Treatment) -> Facts:
    """Write the pictures of a ZIP, their classes and, with a split of one's own, their parts as arrays into `folder`.

    Raises FileInvalid in one sentence.
    """
    faults = Faults(unreadable)
    with warnings.catch_warnings(), entries.opened(path) as sent:
        warnings.simplefilter("ignore")  # Pillow's, on files that are read all the same
        files = [entry for entry in sent if not folders.is_dust(entry.place)]
        seen = _look(files, faults)
        faults.check(len(files))
        found = folders.sort(seen)
        shape = _shape(seen, side, fit)
        check_room(folder, shape.bytes(len(seen)))
        kept = _write(seen, shape, folder / INPUTS, faults)
        faults.check(len(files))
    found = found if len(kept) == len(seen) else folders.sort(kept)
    files_found = _files(found, shape, dust=len(sent) - len(files))
    return _facts(found, shape, folder).model_copy(update={"files": files_found, "left_out": len(files) - len(kept)})


class Faults:
    """Files that cannot become samples: they are left out, or the first of them is told and the others counted."""

    def __init__(self, treatment: Treatment) -> None:
        self._treatment, self._first, self._count = treatment, "", 0

    @contextmanager
    def noted(self, entry: Entry) -> Iterator[None]:
        try:
            yield
        except Unreadable as error:
            self._first = self._first or f"`{entry.name[:200]}` {error}"
            self._count += 1

    def check(self, files: int) -> None:
        """Raises FileInvalid for the files that are not left out, or when nothing is left."""
        if files == 0:
            raise FileInvalid("The ZIP file or folder holds no file: send pictures in a folder for each class.")
        if self._count == files or (self._count and self._treatment == "refuse"):
            others = f" So it is with {self._count - 1:,} more of {files:,} files." if self._count > 1 else ""
            raise FileInvalid(f"{self._first}, or leave it out (`unreadable`).{others}")


def _look(files: Sequence[Entry], faults: Faults) -> list[Seen]:
    seen = []
    for entry in files:
        content = entry.read()
        with faults.noted(entry):
            seen.append(Seen(entry, look(content), hashlib.sha256(content).digest()))
    return seen


def _shape(seen: Sequence[Seen], side: int | None, fit: Fit) -> Shape:
    """Shape of the samples: as it was said, as all pictures have it, or near to most of them. Raises FileInvalid."""
    sizes = sorted((one.look.size for one in seen), key=min)
    colours = {one.look.colour for one in seen}
    depth: Depth = "RGB" if colours - GREY else "F" if SIXTEEN in colours else "L"
    if side is None and len(set(sizes)) == 1 and min(sizes[0]) >= LEAST_SIDE and max(sizes[0]) <= SIDES[-1]:
        shape = Shape(sizes[0], depth, fit)
    else:
        median = min(sizes[len(sizes) // 2])
        chosen = side or next((one for one in SIDES if one >= median), SIDES[-1])
        shape = Shape((chosen, chosen), depth, fit)
    if shape.bytes(len(seen)) > MOST_BYTES:
        raise FileInvalid(
            f"{len(seen):,} pictures of {shape.size[0]} × {shape.size[1]} take more than {MOST_BYTES >> 30} GB: choose a "
            "smaller `side`.",
            "side",
        )
    return shape


def _write(seen: Sequence[Seen], shape: Shape, target: Path, faults: Faults) -> list[Seen]:
    """Write the samples one by one; returns the pictures that became one."""
    kept = []
    with GrowingArray(target, shape.dtype, *shape.of_a_row) as file:
        for one in seen:
            with faults.noted(one.entry):
                file.append(pixels(one.entry.read(), one.look, shape.depth, shape.size, shape.fit)[None])
                kept.append(one)
    return kept


def _facts(found: folders.Folders[Seen], shape: Shape, folder: Path) -> Facts:
    """Facts of the pictures, once their classes and parts are written beside them."""
    codes, counts = np.array(found.codes, np.uint16), Counter(found.codes)
    np.save(folder / TARGETS, codes)
    column = Column(name=CLASS, type="text", counts={name: counts[code] for code, name in enumerate(found.classes)})
    own_split = None
    if found.parts is not None:
        parts = np.array(found.parts, np.uint8)
        np.save(folder / SPLITS, parts)
        own_split = counted(parts)
        column.train_counts = counts_in_train(codes, found.classes, parts)
    inputs = np.load(folder / INPUTS, mmap_mode="r", allow_pickle=False)
    described = _inputs(inputs, shape)
    return Facts(
        kind="arrays",
        rows=len(codes),
        columns=[column],
        inputs=described,
        own_split=own_split,
        pictures=_pictures(inputs, found, described),
    )


def _inputs(inputs: NDArray[Any], shape: Shape) -> Inputs:
    """Facts of the samples. Those of 8 bits lie between 0 and 255, however dark the pictures are."""
    found = Inputs(
        shape=[3 if shape.depth == "RGB" else 1, shape.size[1], shape.size[0]],
        layout="channels_last" if shape.depth == "RGB" else "grey",
        dtype=str(inputs.dtype),
        least=float(inputs.min()),
        greatest=float(inputs.max()),
        whole=True,
    )
    black, white = found.range if shape.depth == "F" else (0.0, 255.0)
    return found.model_copy(update={"black": black, "white": white})


def _files(found: folders.Folders[Seen], shape: Shape, dust: int) -> PictureFiles:
    """Facts of the files as they were sent; `dust` of them were ignored."""
    looks = [one.look for one in found.files]
    sizes = sorted((look.size for look in looks), key=min)
    parts = found.parts or [TRAIN] * len(looks)
    trained = {one.sha256 for one, part in zip(found.files, parts, strict=True) if part == TRAIN}
    return PictureFiles(
        fit=shape.fit,
        least=list(sizes[0]),
        median=list(sizes[len(sizes) // 2]),
        greatest=list(sizes[-1]),
        formats=Counter(look.format for look in looks),
        colours=Counter(look.colour for look in looks),
        turned=sum(look.turn != 1 for look in looks),
        repeated=len(looks) - len({one.sha256 for one in found.files}),
        shared=sum(part != TRAIN and one.sha256 in trained for one, part in zip(found.files, parts, strict=True)),
        dust=dust,
    )


def _pictures(inputs: NDArray[Any], found: folders.Folders[Seen], described: Inputs) -> list[Picture]:
    """Small pictures, of as many classes as there is room for."""
    ranks, of_class = [], Counter[int]()
    for row, code in enumerate(found.codes):
        ranks.append((of_class[code], code, row))
        of_class[code] += 1
    shown = sorted((code, row) for _, code, row in sorted(ranks)[:PICTURES])
    return [
        picture(inputs[row].reshape(*inputs.shape[1:3], -1).transpose(2, 0, 1), *described.range, found.classes[code])
        for code, row in shown
    ]
