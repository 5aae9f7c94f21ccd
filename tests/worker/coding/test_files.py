"""A whole model in a coded file: it comes back byte by byte, soon; anything else is refused in one sentence."""

import random
import time
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from worker import codec
from worker.codec import HEAD, Unreadable, deflate, directory, graph
from worker.codec.likely import DICTIONARY
from worker.codec.numbers import varint
from worker.contracts.families.exporters import Exporter
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject


def onnx_file(subject: Subject, folder: Path) -> bytes:
    samples = np.random.default_rng(0).normal(size=(32, *subject.input_shape)).astype(np.float32)
    Exporter.choose("onnx").export(subject, folder / "model.onnx", samples)
    return (folder / "model.onnx").read_bytes()


def pruned(name: str, sparsity: float) -> Subject:
    return Pruner.choose({"kind": "magnitude", "sparsity": sparsity}).prune(subjects.subject(name), ALONE)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return onnx_file(pruned("mlp", 0.9), tmp_path_factory.mktemp("mlp"))


@pytest.fixture(scope="module")
def data(content: bytes) -> bytes:
    return codec.encode(content)


@pytest.mark.parametrize("name", subjects.MODELS)
def test_every_model_comes_back(name: str, tmp_path: Path) -> None:
    content = onnx_file(subjects.subject(name), tmp_path)
    data = codec.encode(content)
    assert codec.decode(data) == content
    assert len(data) < len(content)


def test_a_quantized_model_comes_back(tmp_path: Path) -> None:
    subject = Quantizer.choose("static_int8").quantize(subjects.subject("cnn without norm"), ALONE)
    content = onnx_file(subject, tmp_path)
    data = codec.encode(content)
    assert codec.decode(data) == content
    assert len(data) < 0.8 * len(content)


def test_lenet5_is_coded_in_two_seconds_and_decoded_in_one(tmp_path: Path) -> None:
    content = onnx_file(pruned("lenet5", 0.95), tmp_path)
    began = time.process_time()
    data = codec.encode(content)
    coded = time.process_time()
    assert codec.decode(data) == content
    assert coded - began < 2 and time.process_time() - coded < 1
    assert len(data) < len(content) / 12


def test_what_is_no_onnx_file_is_not_coded() -> None:
    with pytest.raises(ValueError, match="this is not an ONNX file: a field has the unknown wire type 7"):
        codec.encode(b"\x0f" * 100)


def test_tensors_are_found_where_they_lie(content: bytes) -> None:
    found = graph.places(content)
    assert [(place.rows, place.columns, place.width) for place in found][:2] == [(32, 20, 4), (1, 32, 4)]
    first = np.frombuffer(content, np.float32, 32 * 20, found[0].start).reshape(32, 20)
    weights = pruned("mlp", 0.9).module.get_parameter("linear1.weight").detach().numpy()
    assert np.array_equal(first, weights)


# ---- what is not a whole coded model


def refused(data: bytes) -> str:
    """The sentence with which it is refused."""
    with pytest.raises(Unreadable) as caught:
        codec.decode(data)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


def sealed(body: bytes) -> bytes:
    """A body with the checksum that fits it, as somebody who means harm would write it."""
    return codec.MAGIC + bytes([codec.VERSION]) + zlib.crc32(body).to_bytes(4, "little") + body


def test_the_seal_is_the_encoders(data: bytes) -> None:
    assert sealed(data[HEAD:]) == data


@pytest.mark.parametrize("foreign", [b"", b"PK\x03\x04", b"\x08\x08\x12\x07pytorch", b"lath"])
def test_a_foreign_file_is_refused(foreign: bytes) -> None:
    assert refused(foreign) == "This is not a coded model: its first bytes are wrong."


def test_another_version_is_refused(data: bytes) -> None:
    place = len(codec.MAGIC)
    assert "another version than 1" in refused(data[:place] + b"\x07" + data[place + 1 :])


def test_every_cut_is_refused(data: bytes) -> None:
    for length in [*range(60), *range(60, len(data), 37), len(data) - 1]:
        refused(data[:length])


def test_every_flipped_bit_is_refused(data: bytes) -> None:
    draw = random.Random(1)
    for _ in range(300):
        damaged = bytearray(data)
        damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        refused(bytes(damaged))


def test_what_was_altered_and_sealed_again_gives_nothing_else(content: bytes, data: bytes) -> None:
    """The checksum fits, so that the damage reaches every part of the decoder; a bit that nobody reads is harmless."""
    draw = random.Random(2)
    body = data[HEAD:]
    for _ in range(60):
        damaged = bytearray(body)
        for _ in range(draw.choice([1, 1, 5])):
            damaged[draw.randrange(len(body))] ^= 1 << draw.randrange(8)
        for altered in (damaged, damaged[: draw.randrange(len(body))]):
            with suppress(Unreadable):
                assert codec.decode(sealed(bytes(altered))) == content


def listing(content_size: int, lines: list[tuple[int, ...]], inflated: int | None = None) -> bytes:
    """A coded file of one's own making, without payloads."""
    listed = varint(len(lines)) + b"".join(varint(number) for line in lines for number in line)
    packed = deflate.pack(listed, DICTIONARY)
    sizes = (content_size, len(listed) if inflated is None else inflated, len(packed))
    return sealed(bytes(32) + b"".join(map(varint, sizes)) + packed)


HOSTILE = {
    "a huge file": listing(1 << 60, []),
    "a huge directory": listing(10, [], inflated=1 << 40),
    "a huge tensor": listing(1 << 24, [(0, 1 << 40, 1 << 20, 8, 0, 0, 0, 0)]),
    "a tensor larger than the file": listing(100, [(0, 100, 100, 4, 0, 0, 0, 0)]),
    "a tensor of no width": listing(0, [(0, 1, 1, 0, 0, 0, 0, 0)]),
    "an unknown coding": listing(4, [(0, 1, 1, 4, 9, 0, 0, 0)]),
    "a grid without a lag": listing(4, [(0, 1, 1, 4, 6, 0, 0, 0)]),
    "a symbol without a codebook": listing(4, [(0, 1, 1, 4, 6, 2, 0, 0)]),
    "a grid beyond all": listing(1 << 25, [(0, 1 << 25, 1, 1, 6, 2, 0, 0)]),
    "an endless directory": listing(0, [(1 << 60,)]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_bounds(name: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    refused(HOSTILE[name])
    assert time.process_time() - began < 1
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_the_directory_says_where_everything_was(content: bytes) -> None:
    coded = list(codec._coded(content))
    cuts, skeleton = directory.read(directory.write(content, coded))
    assert [cut.place.bytes for cut in cuts] == [place.bytes for place, _ in coded]
    assert len(skeleton) + sum(cut.place.bytes for cut in cuts) == len(content)
    assert skeleton.startswith(content[: cuts[0].gap])
