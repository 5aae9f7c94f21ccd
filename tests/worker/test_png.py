"""PNG files: read back by a reader that follows the standard's text, chunk by chunk."""

import struct
import zlib

import numpy as np
import pytest

from backend.domain.png import HEADER_BYTES, size
from worker.data import png


def decode(file: bytes) -> tuple[png.Pixels, dict[bytes, bytes]]:
    """The pixels and the chunks of a PNG file that uses the filters 0, 1 and 2."""
    assert file[:8] == bytes([137, 80, 78, 71, 13, 10, 26, 10])
    chunks, at = {}, 8
    while at < len(file):
        length, name = struct.unpack(">I4s", file[at : at + 8])
        data = file[at + 8 : at + 8 + length]
        assert struct.unpack(">I", file[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + data)
        chunks[name], at = data, at + 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8
    channels = {0: 1, 2: 3}[colour]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    pixels = np.zeros((height, width, channels), np.uint8)
    for y, line in enumerate(lines):
        values = line[1:].reshape(width, channels)
        for x in range(width):
            left = pixels[y, x - 1] if x else np.zeros(channels, np.uint8)
            above = pixels[y - 1, x] if y else np.zeros(channels, np.uint8)
            pixels[y, x] = values[x] + (0, left, above)[line[0]]
    return pixels, chunks


def pictures() -> dict[str, png.Pixels]:
    random = np.random.default_rng(0)
    ramp = np.arange(0, 180, 9, dtype=np.uint8)
    return {
        "noise": random.integers(0, 256, (5, 7, 3), dtype=np.uint8),
        "dots": np.eye(6, dtype=np.uint8)[:, :, None] * 9,
        "alike lines": np.repeat(random.integers(0, 256, (1, 20, 1), dtype=np.uint8), 9, axis=0),
        "ramp": np.broadcast_to(ramp[None, :, None], (9, 20, 3)).copy()
        + np.arange(9, dtype=np.uint8)[:, None, None] * 3,
    }


@pytest.mark.parametrize("name", pictures())
def test_what_is_written_is_read_back(name: str) -> None:
    pixels = pictures()[name]
    read, chunks = decode(png.encode(pixels))
    assert np.array_equal(read, pixels)
    assert b"tRNS" not in chunks and b"IEND" in chunks


def test_the_size_is_in_the_first_bytes() -> None:
    assert size(png.encode(pictures()["ramp"])[:HEADER_BYTES]) == (20, 9)
    with pytest.raises(struct.error):
        size(png.encode(pictures()["ramp"])[: HEADER_BYTES - 1])


def test_each_filter_is_used_where_it_is_best() -> None:
    used = {zlib.decompress(decode(png.encode(pixels))[1][b"IDAT"])[0] for pixels in pictures().values()}
    assert used == {0, 1, 2}


def test_a_shade_can_be_transparent() -> None:
    grey, colours = np.ones((2, 2, 1), np.uint8), np.ones((2, 2, 3), np.uint8)
    assert decode(png.encode(grey, clear=1))[1][b"tRNS"] == b"\0\1"
    assert decode(png.encode(colours, clear=1))[1][b"tRNS"] == b"\0\1\0\1\0\1"
