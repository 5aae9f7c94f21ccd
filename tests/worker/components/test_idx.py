"""The IDX reader: exact on whole files, a clear refusal of every damaged one, and bounded memory."""

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.data import idx

SHAPE = (10, 4, 3)
VALUES = np.arange(120, dtype=np.uint8).reshape(SHAPE)


def content(shape: tuple[int, ...] = SHAPE, kind: int = 0x08) -> bytes:
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


WHOLE = content() + VALUES.tobytes()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["raw", "gzipped"])
def test_reads_what_was_written(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "images"
    path.write_bytes(pack(WHOLE))
    assert np.array_equal(idx.read(path, SHAPE), VALUES)


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :]


DAMAGED = {
    "empty": b"",
    "header cut short": content()[:7],
    "another format": b"PK\x03\x04" + WHOLE,
    "floats instead of bytes": content(kind=0x0D) + VALUES.tobytes(),
    "fewer dimensions": content((10, 12)) + VALUES.tobytes(),
    "header claims more": content((11, 4, 3)) + VALUES.tobytes(),
    "header claims 79 GB": content((4_294_967_295, 4, 3)) + VALUES.tobytes(),
    "header claims nothing": content((0, 4, 3)),
    "values missing": WHOLE[:-1],
    "values left over": WHOLE + b"\0",
    "gzip cut short": gzip.compress(WHOLE)[:-12],
    "gzip without its checksum": gzip.compress(WHOLE)[:-8],
    "gzip with a flipped bit": flipped(gzip.compress(WHOLE), 40),
    "gzip with a wrong checksum": flipped(gzip.compress(WHOLE), -6),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_refuses_a_damaged_file_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "train-images"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="train-images"):
        idx.read(path, SHAPE)


def peak(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_bounded_by_the_expected_shape(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    with gzip.open(bomb, "wb", compresslevel=1) as stream:
        stream.write(content())
        for _ in range(64):
            stream.write(bytes(1 << 20))

    def refused() -> None:
        with pytest.raises(ValueError, match="goes on"):
            idx.read(bomb, SHAPE)

    assert peak(refused) < 1 << 20
    assert peak(lambda: gzip.decompress(bomb.read_bytes())) > 64 << 20  # the measurement sees a careless reader
