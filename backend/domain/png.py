"""PNG files of 8 bits: written from lines of pixels, and their size read."""

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # channels -> grey or colours
HEADER_BYTES = 24  # of a file, up to its size


def encode(width: int, height: int, channels: int, lines: bytes, clear: int | None = None) -> bytes:
    """A file of `lines`, each the number of its filter and then its pixels of 1 (grey) or 3 (colours) channels.

    Pixels that are `clear` in all their channels are transparent.
    """
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPES[channels], 0, 0, 0)
    chunks = [(b"IHDR", header)]
    if clear is not None:
        chunks.append((b"tRNS", struct.pack(">H", clear) * channels))
    chunks += [(b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, body) for name, body in chunks)


def size(file: bytes) -> tuple[int, int]:
    """Width and height of a file, of which its first `HEADER_BYTES` are enough. Raises struct.error when it has fewer."""
    width, height = struct.unpack(">II", file[16:HEADER_BYTES])
    return width, height


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
