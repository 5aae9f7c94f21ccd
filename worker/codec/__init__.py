"""Model files in as few bytes as their entropy allows, and back, byte by byte. NumPy is all that it takes.

An ONNX file is a graph with tensors in it. The tensors that gain by it are cut out and coded each in its own way
(`tensors`); what is left, with a directory of what was cut where, is deflated.

| part      | bytes                                                                                       |
|-----------|---------------------------------------------------------------------------------------------|
| head      | magic, version, CRC-32 of all that follows                                                  |
| content   | SHA-256 and size of the file that comes back                                                |
| directory | size of the inflated and of the deflated directory, then it, with codebooks and skeleton    |
| payloads  | the tensors' codes, one after the other                                                     |
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from worker.codec import deflate, directory, tensors
from worker.codec.directory import Cut
from worker.codec.graph import Place, places
from worker.codec.likely import DICTIONARY
from worker.codec.numbers import read_varint, varint
from worker.codec.tensors import Code

MAGIC, VERSION = b"lathe\x93", 1
HEAD, DIGEST = len(MAGIC) + 1 + 4, 32
SMALLEST = 64  # bytes of a tensor that is worth its line in the directory
SLACK = 1 << 24  # bytes of content that any file may hold, and beyond them `tensors.RATIO` for each of its own


class Unreadable(ValueError):
    """The file is not a coded model, or not a whole one."""


def is_coded(head: bytes) -> bool:
    """Returns whether a file that begins so was coded by this package."""
    return head.startswith(MAGIC)


def encode(content: bytes) -> bytes:
    """The ONNX file `content` in a small file that `decode` brings back byte by byte.

    Raises ValueError when `content` is not an ONNX file.
    """
    coded = list(_coded(content))
    listed = directory.write(content, coded)
    packed = deflate.pack(listed, DICTIONARY)
    body = b"".join(
        [
            hashlib.sha256(content).digest(),
            *map(varint, (len(content), len(listed), len(packed))),
            packed,
            *(code.payload for _, code in coded),
        ]
    )
    assert len(content) <= _most(body), "a file that nothing but zeros could make so small"
    return MAGIC + bytes([VERSION]) + zlib.crc32(body).to_bytes(4, "little") + body


def decode(data: bytes) -> bytes:
    """The ONNX file that was coded. Raises Unreadable in one sentence when `data` is foreign, cut or altered.

    Time and memory stay within what the size of `data` allows, whatever it holds.
    """
    if not is_coded(data):
        raise Unreadable("This is not a coded model: its first bytes are wrong.")
    if len(data) < HEAD or data[len(MAGIC)] != VERSION:
        raise Unreadable(
            f"The coded model is cut off, or of another version than {VERSION}, the one that this program reads."
        )
    body = data[HEAD:]
    if zlib.crc32(body).to_bytes(4, "little") != data[HEAD - 4 : HEAD]:
        raise Unreadable("The coded model is damaged: its checksum differs. Download it again.")
    try:
        content = _content(body)
    except (ValueError, IndexError) as error:
        raise Unreadable(f"The coded model contradicts itself: {error}.") from error
    if hashlib.sha256(content).digest() != body[:DIGEST]:
        raise Unreadable("The coded model does not decode to the original file: the SHA-256 differs.")
    return content


# ---- the parts


def _coded(content: bytes) -> Iterator[tuple[Place, Code]]:
    """The tensors that are smaller in a code of their own."""
    for place in places(content):
        if place.bytes >= SMALLEST:
            code = tensors.encode(content[place.start : place.start + place.bytes], place)
            if len(code) < place.bytes:
                yield place, code


def _content(body: bytes) -> bytes:
    size, start = read_varint(body, DIGEST)
    inflated, start = read_varint(body, start)
    packed, start = read_varint(body, start)
    if max(size, inflated) > _most(body):
        raise ValueError(f"{max(size, inflated):,} bytes are more than a file of {len(body):,} can hold")
    cuts, skeleton = directory.read(deflate.unpack(body[start : start + packed], inflated, DICTIONARY))
    if len(skeleton) + sum(cut.place.bytes for cut in cuts) != size:
        raise ValueError("the tensors do not fill what the file leaves for them")
    return b"".join(_pieces(cuts, skeleton, body[start + packed :]))


def _most(body: bytes) -> int:
    """Bytes that a coded file may ask for."""
    return SLACK + tensors.RATIO * len(body)


def _pieces(cuts: Sequence[Cut], skeleton: bytes, payloads: bytes) -> Iterator[bytes]:
    """The skeleton with every tensor back in its place."""
    start = end = 0
    for cut in cuts:
        yield skeleton[start : start + cut.gap]
        payload = payloads[end : end + cut.length]
        yield tensors.decode(replace(cut.code, payload=payload), cut.place)
        start, end = start + cut.gap, end + cut.length
    yield skeleton[start:]
