"""Whatever is sent as a table or an array, the check ends in facts or in one sentence, and writes little before it does."""

import io
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.data.faults import FileInvalid
from tests.backend.data.making import checked, csv, images, lying, npy, npz
from tests.backend.data.test_columnar import FORMATS

LABELS = np.arange(30) % 3
SOUND = [csv(30), npy(np.ones((30, 4))), npz(x=images(30), y=LABELS), npz(a=np.ones((30, 4))), b"\x89PNG\r\n", b"%PDF"]
COLUMNAR = [write(pa.table({"x": np.arange(30) / 7, "y": LABELS})) for write in FORMATS.values()]


def survives(content: bytes, **options: Any) -> None:
    """Raises whatever the check raises beside a sentence."""
    with TemporaryDirectory() as folder, suppress(FileInvalid):
        checked(Path(folder), {"file": content}, **options)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A sound file of which some bytes are others, or missing, or doubled."""
    content = bytearray(draw(st.sampled_from([*SOUND, *COLUMNAR])))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(content) - 1, 0)))
        place = draw(st.sampled_from([place, place % 140]))
        end = place + draw(st.integers(0, 40))
        content[place:end] = draw(st.one_of(st.binary(max_size=40), st.just(bytes(content[place:end]) * 2)))
    return bytes(content)


@settings(max_examples=300, deadline=None)
@given(damaged())
def test_a_damaged_file_never_crashes_the_check(content: bytes) -> None:
    survives(content)


extents = st.one_of(
    st.integers(-3, 40), st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.floats(), st.text(max_size=2)
)
kinds = st.one_of(
    st.sampled_from(["<f8", "|b1", "|O", "<M8[s]", "<c8", "|V0", "|S0", "", "f8,f8", ">f4"]), st.text(max_size=5)
)


@settings(max_examples=300, deadline=None)
@given(shape=st.lists(extents, max_size=70).map(tuple), kind=kinds, order=st.sampled_from(["True", "False", "3"]))
def test_no_declared_header_crashes_the_check(shape: tuple[Any, ...], kind: str, order: str) -> None:
    text = f"{{'descr': {kind!r}, 'fortran_order': {order}, 'shape': {shape!r}, }}"
    survives(lying(text, bytes(320)))
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", lying(text, bytes(320)))
            archive.writestr("y.npy", npy(LABELS))
        survives(stream.getvalue())


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("{}()[]'\"\\,:-~#\n \t0eL") | st.characters(max_codepoint=127), max_size=300))
def test_no_text_as_a_header_crashes_the_check(text: str) -> None:
    survives(lying(text, bytes(320)))


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("1.,;\t|\"\n\r'ab -e") | st.characters(), max_size=400),
    st.sampled_from(["auto", "yes", "no"]),
)
def test_no_text_as_a_table_crashes_the_check(text: str, header: str) -> None:
    survives(text.encode("utf-8", "replace"), header=header, missing="leave_out")


@pytest.mark.parametrize("shape", ["(True, 40)", "(False, 1)", "(8.0,)", "(" + "1," * 65 + ")", "(None,)", "[8]", "8"])
def test_a_shape_of_anything_but_numbers_is_told(tmp_path: Path, shape: str) -> None:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"
    with pytest.raises(FileInvalid, match="cannot be read as an NPY array"):
        checked(tmp_path, {"file": lying(text)})


def archive(members: dict[str, tuple[bytes, int]], method: int = zipfile.ZIP_DEFLATED, extra: int = 0) -> bytes:
    """An NPZ file of members [beginning, zeros that follow], and of `extra` empty ones."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method, compresslevel=1) as file:
        for name, (begins, zeros) in members.items():
            with file.open(name, "w", force_zip64=True) as member:
                member.write(begins)
                for _ in range(zeros >> 20):
                    member.write(bytes(1 << 20))
        for number in range(extra):
            file.writestr(f"{number}.txt", b"")
    return stream.getvalue()


def declared(*shape: int) -> bytes:
    return lying(f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}", b"")


PAIR = {"y.npy": (npy(np.zeros(512)), 0)}
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a table of too many cells": (
        lambda: archive({"a.npy": (declared(1 << 18, 512), 1 << 30)}),
        "more than 100,000,000 cells",
    ),
    "a table of too many columns": (
        lambda: archive({"a.npy": (declared(64, 1 << 17), 64 << 20)}),
        "at most 10,000 are accepted",
    ),
    "samples that are too large": (
        lambda: archive({"x.npy": (declared(16, 1 << 23), 1 << 30), "y.npy": (npy(np.zeros(16)), 0)}),
        "at most 4,000,000 are accepted",
    ),
    "fewer targets": (
        lambda: archive({"x.npy": (declared(1024, 1 << 17), 1 << 30), **PAIR}),
        "1,024 inputs but 512 targets",
    ),
    "no images": (
        lambda: archive({"x.npy": (declared(512, 2, 128, 2, 2, 64), 256 << 20), **PAIR}),
        "[n, features]",
    ),
    "zeros that fit all else": (
        lambda: archive({"x.npy": (declared(512, 1 << 18), 1 << 30), **PAIR}),
        "200 times as large",
    ),
    "a directory without end": (lambda: archive(PAIR, extra=30_000), "damaged or encrypted"),
    "another compression": (
        lambda: archive({"x.npy": (declared(512, 1 << 10), 4 << 20), **PAIR}, zipfile.ZIP_LZMA),
        "uses an unsupported compression",
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path, kind: str) -> None:
    packed, sentence = BOMBS[kind]
    content = packed()
    assert len(content) < 8 << 20
    began = time.process_time()
    with pytest.raises(FileInvalid) as refused:
        checked(tmp_path, {"file": content})
    assert sentence in str(refused.value)
    assert time.process_time() - began < 1.0
    (tmp_path / "file").unlink()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1 << 20


def test_what_the_disk_cannot_hold_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.data.archives.shutil.disk_usage", lambda _: type("Disk", (), {"free": 1000}))
    with pytest.raises(OSError, match="No space left"):
        checked(tmp_path, {"file": npz(x=images(30), y=LABELS)})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
