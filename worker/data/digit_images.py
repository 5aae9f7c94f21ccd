"""Loads MNIST and its drop-in replacements: four IDX files of 70,000 grey images, 28 × 28 pixels, ten classes."""

from collections.abc import Sequence
from pathlib import Path

from worker.data import idx
from worker.data.published import Publication, Published
from worker.data.splits import check, part
from worker.data.tensors import Corpus, Samples

TRAIN, TEST, VALIDATION = 60_000, 10_000, 5_000
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


def load(publication: Publication, folder: Path, seed: int, names: tuple[str, ...]) -> Corpus:
    """The published test split, and 5,000 stratified images of the published training split for validation."""
    paths = publication.obtain(folder)
    images, targets, test_images, test_targets = (paths[name] for name in FILES)
    labels = idx.read(targets, (TRAIN,))
    published = Samples(idx.read(images, (TRAIN, 28, 28))[:, None], labels)
    test = Samples(idx.read(test_images, (TEST, 28, 28))[:, None], idx.read(test_targets, (TEST,)))
    train, validation = part(labels, (VALIDATION,), seed)
    return check(Corpus(published.take(train), published.take(validation), test, "classification", 10, names))
