"""Loads MNIST and its drop-in replacements: four IDX files of 70,000 grey images, 28 × 28 pixels, ten classes."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from worker.data import idx
from worker.data.pool import Block, Reading
from worker.data.published import Publication, Published
from worker.data.splits import check, hold_out
from worker.data.tensors import Corpus, Samples

TRAIN, TEST, VALIDATION = 60_000, 10_000, 5_000
BLOCK = 4096  # images that are read at a time
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
FACTS = {
    "train": TRAIN - VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "shape": [1, 28, 28],
    "outputs": 10,
    "task": "classification",
    "bytes": (TRAIN + TEST) * 28 * 28,
}


def files(pins: Sequence[tuple[int, str]]) -> list[Published]:
    """The four files with the bytes and the SHA-256 of each, in the order of `FILES`."""
    return [Published(name, *pin) for name, pin in zip(FILES, pins, strict=True)]


def rows(publication: Publication, folder: Path) -> Reading:
    """The images [n, 1, 28, 28] and classes of the published training split, then of the published test split."""
    paths = publication.obtain(folder)
    images, targets, test_images, test_targets = files = [paths[name] for name in FILES]
    return Reading(lambda: chain(_blocks(images, targets, TRAIN), _blocks(test_images, test_targets, TEST)), files)


def splits(whole: Samples, seed: int, names: tuple[str, ...]) -> Corpus:
    """The published test split, and 5,000 stratified images of the published training split for validation."""
    return check(Corpus(*hold_out(whole, TEST, VALIDATION, seed), "classification", 10, names))


def _blocks(images: Path, targets: Path, count: int) -> Iterator[Block]:
    labels = idx.read(targets, (count,))
    for number, block in enumerate(idx.blocks(images, (count, 28, 28), BLOCK)):
        yield block[:, None], labels[number * BLOCK : (number + 1) * BLOCK]
