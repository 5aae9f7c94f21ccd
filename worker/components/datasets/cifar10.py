"""CIFAR-10."""

import gzip
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from worker.contracts.families.datasets import PooledDataset
from worker.data.pool import Block, Reading
from worker.data.published import Publication, Published
from worker.data.splits import check, hold_out
from worker.data.tensors import Corpus, Samples

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FILES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
RECORDS, SHAPE = 10_000, (3, 32, 32)  # of each file: a byte for the class, then red, green and blue, row by row
RECORD = 1 + 3 * 32 * 32
Records = NDArray[np.uint8]  # [10000, 3073]
VALIDATION = 5_000
PORTION = 1 << 20
FOLDER = "cifar-10-batches-bin"  # what the archive unpacks to

PUBLICATION = Publication(
    urls=("https://www.cs.toronto.edu/~kriz/",),
    files=[
        Published(
            "cifar-10-binary.tar", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
        )
    ],
)


class CIFAR10(PooledDataset):
    """60,000 colour photographs of animals and vehicles in ten classes, 32 × 32 pixels.

    Inputs are [3, 32, 32], pixels from 0 to 255. The published test split of 10,000 is kept; a stratified 5,000 of
    the published 50,000 are drawn for validation with the run's seed.
    Taken from the data folder `datasets/cifar10/`: the published `cifar-10-binary.tar.gz`, or the folder
    `cifar-10-batches-bin` that it unpacks to, or that folder's files; else downloaded (170 MB) and verified.
    """

    formula = "x ∈ {0 … 255}^(3×32×32), y ∈ {0 … 9}"
    reference = "Krizhevsky: Learning Multiple Layers of Features from Tiny Images (2009)"
    provides = ("classes", "real", "image", "image_28", "sequence")
    facts = {
        "train": 45_000,
        "validation": VALIDATION,
        "test": 10_000,
        "shape": list(SHAPE),
        "outputs": 10,
        "task": "classification",
        "bytes": 60_000 * (RECORD - 1),
    }

    def rows(self, folder: Path) -> Reading:
        unpacked = _unpacked(folder)
        if unpacked:
            return Reading(lambda: (_block(_batch(path.read_bytes(), str(path))) for path in unpacked), unpacked)
        archive = PUBLICATION.obtain(folder)["cifar-10-binary.tar"]
        return Reading(lambda: map(_block, _sorted(_archived(archive))), [archive])

    def splits(self, whole: Samples, seed: int) -> Corpus:
        return check(Corpus(*hold_out(whole, RECORDS, VALIDATION, seed), "classification", 10, NAMES))


def _unpacked(folder: Path) -> list[Path]:
    """The six files where somebody unpacked the archive; nothing when one is not there."""
    candidates = ([place / name for name in FILES] for place in (folder, folder / FOLDER))
    return next((paths for paths in candidates if all(path.is_file() for path in paths)), [])


def _sorted(batches: Iterable[tuple[str, Records]]) -> Iterator[Records]:
    """The batches in the order of `FILES`; those that come too early are kept until it is their turn."""
    waiting: dict[str, Records] = {}
    order = iter(FILES)
    expected = next(order)
    for name, records in batches:
        waiting[name] = records
        while expected in waiting:
            yield waiting.pop(expected)
            expected = next(order, "")


def _archived(archive: Path) -> Iterator[tuple[str, Records]]:
    """The six files of the archive, which is read from front to back and never unpacked."""
    missing = set(FILES)
    try:
        with _open(archive) as content, tarfile.open(fileobj=content, mode="r:") as members:
            for member in members:
                name = Path(member.name).name
                stream = members.extractfile(member) if name in missing and member.isfile() else None
                if stream is not None:
                    missing.discard(name)
                    yield name, _batch(stream.read(RECORDS * RECORD + 1), f"{name} in {archive}")
            while content.read(PORTION):  # to the checksum, which tells whether all of it was right
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{archive} is damaged ({error}); replace it with the published file.") from None
    if missing:
        raise ValueError(f"{archive} has no {', '.join(sorted(missing))}; replace it with the published file.")


def _open(archive: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(archive)) if archive.suffix == ".gz" else archive.open("rb")


def _batch(content: bytes, where: str) -> Records:
    """The records [10000, 3073] of a file."""
    if len(content) != RECORDS * RECORD:
        raise ValueError(
            f"{where} is not a batch of CIFAR-10's binary version: it must have {RECORDS * RECORD:,} bytes; replace it "
            "with the published file."
        )
    return np.frombuffer(content, np.uint8).reshape(RECORDS, RECORD)


def _block(records: Records) -> Block:
    return records[:, 1:].reshape(-1, *SHAPE), records[:, 0]
