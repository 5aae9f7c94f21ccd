"""Arrays: what is read, and that a header is believed only as far as the file bears it out."""

import base64
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.data.faults import FileInvalid
from backend.data.pictures import png
from tests.backend.data.making import checked, images, left, lying, npy, npz

LABELS = np.arange(30) % 3


def reported(folder: Path, files: dict[str, bytes]) -> tuple[str, str]:
    with pytest.raises(FileInvalid) as refused:
        checked(folder, files)
    assert str(refused.value).endswith(".")
    return refused.value.path, str(refused.value)


@pytest.mark.parametrize(
    ("shape", "layout", "seen"),
    [
        ((9, 10), "grey", [1, 9, 10]),
        ((3, 9, 10), "channels_first", [3, 9, 10]),
        ((9, 10, 3), "channels_last", [3, 9, 10]),
        ((9, 10, 4), "channels_last", [4, 9, 10]),
        ((7,), "features", [7]),
    ],
)
def test_shapes_are_told_as_models_see_them(
    tmp_path: Path, shape: tuple[int, ...], layout: str, seen: list[int]
) -> None:
    facts = checked(tmp_path, {"file": npz(x=images(30, *shape), y=LABELS)})
    assert facts.inputs is not None
    assert (facts.inputs.layout, facts.inputs.shape, facts.inputs.dtype) == (layout, seen, "uint8")
    assert facts.columns[0].counts == {"0": 10, "1": 10, "2": 10} and facts.columns[0].integer
    assert len(facts.pictures) == (12 if len(seen) == 3 else 0)
    assert left(tmp_path) == ["facts.json", "inputs.npy", "targets.npy"]


@pytest.mark.parametrize(
    "names", [("inputs", "targets"), ("x", "y"), ("X", "y"), ("images", "labels"), ("data", "target")]
)
def test_usual_names_are_known(tmp_path: Path, names: tuple[str, str]) -> None:
    arrays = dict(zip(names, (images(30), LABELS), strict=True))
    assert checked(tmp_path, {"file": npz(other=np.ones(3), **arrays)}).rows == 30


def test_two_files_are_what_one_archive_is(tmp_path: Path) -> None:
    one = checked(tmp_path / "a", {"file": npz(x=images(30), y=LABELS)})
    assert checked(tmp_path / "b", {"inputs": npy(images(30)), "targets": npy(LABELS)}) == one


def test_one_array_is_a_table(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((30, 4))
    for name, content in (("npy", npy(values)), ("npz", npz(a=values)), ("fortran", npy(np.asfortranarray(values)))):
        facts = checked(tmp_path / name, {"file": content})
        assert (facts.kind, [column.name for column in facts.columns][-1]) == ("table", "column 4")
        assert facts.columns[0].least == values[:, 0].min()
        assert np.array_equal(np.load(tmp_path / name / "values.npy"), values)


@pytest.mark.parametrize("kind", ["?", "i1", ">i4", "u8", "f2", ">f8", "<f4"])
def test_plain_numbers_of_every_type_are_taken(tmp_path: Path, kind: str) -> None:
    facts = checked(tmp_path, {"inputs": npy(images(30).astype(kind)), "targets": npy(LABELS.astype(kind))})
    assert facts.rows == 30


def bomb(shape: str = "(2000000000,)") -> bytes:
    """An archive of a few kilobytes whose members say that they are gigabytes, and are."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x.npy", "y.npy"):
            archive.writestr(
                name, lying(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}", b"\0" * 20_000_000)
            )
    return stream.getvalue()


def member(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
        archive.writestr("y.npy", npy(LABELS))
    return stream.getvalue()


def said(shape: str, descr: str = "'<f8'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"


def poisoned(value: float, kind: str = "f8") -> np.ndarray[Any, Any]:
    array = np.ones((30, 4), kind)
    array[17, 2] = value
    return array


FAULTS: list[tuple[dict[str, bytes], str, str]] = [
    ({"file": lying(said("(1000000, 1000000)"))}, "file", "more than 8 GB"),
    ({"file": lying(said("(100, 4)"))}, "file", "holds 3,200 bytes (shape [100, 4]), but there are 64"),
    ({"file": lying(said("(2, 2)"))}, "file", "holds 32 bytes (shape [2, 2]), but there are 64"),
    ({"file": lying(said("(-2, -4)"))}, "file", "every dimension must be at least 1"),
    ({"file": lying(said("(0, 4)"), b"")}, "file", "every dimension must be at least 1"),
    ({"file": lying(said("()", "'<f8'"), b"\0" * 8)}, "file", "every dimension must be at least 1"),
    ({"file": lying(said("(8,)", "'|O'"))}, "file", "Python objects (a pickle, which Lathe never opens)"),
    ({"file": lying(said("(8,)", "'<c16'"))}, "file", "values of type `complex128`"),
    ({"file": lying(said("(8,)", "'<U2'"))}, "file", "values of type `<U2`"),
    ({"file": lying(said("(8,)", "[('a', '<f8')]"))}, "file", "only plain numbers"),
    ({"file": lying("__import__('os').system('touch hacked')")}, "file", "cannot be read as an NPY array"),
    ({"file": lying(said("(8, 'x')"))}, "file", "cannot be read as an NPY array"),
    ({"file": lying(said("(8,)"), version=b"\x09\x00")}, "file", "cannot be read as an NPY array"),
    ({"file": b"\x93NUMPY\x01"}, "file", "cannot be read as an NPY array"),
    ({"file": npy(np.ones(30))}, "file", "One array alone must be a table"),
    ({"file": npy(images(30))}, "file", "send images as two"),
    ({"file": npy(poisoned(np.nan))}, "file", "Row 17 of the file (counted from 0) holds NaN"),
    ({"file": npy(poisoned(np.inf))}, "file", "Row 17 of the file"),
    ({"file": npy(poisoned(1e300))}, "file", "Row 17 of the file"),
    ({"file": npz(x=poisoned(np.nan), y=LABELS)}, "inputs", "Row 17 of the inputs"),
    ({"file": npz(x=images(30), y=np.where(LABELS, np.nan, 1.0))}, "targets", "Row 1 of the targets"),
    ({"file": npz(x=images(30), y=LABELS[:29])}, "targets", "30 inputs but 29 targets"),
    ({"file": npz(x=images(30), y=np.zeros((30, 2, 2)))}, "targets", "send [n] or [n, numbers]"),
    ({"file": npz(x=images(30, 9, 10, 5), y=LABELS)}, "inputs", "1, 3 or 4 channels is right"),
    ({"file": npz(x=images(30, 2, 2, 2, 2), y=LABELS)}, "inputs", "1, 3 or 4 channels is right"),
    ({"file": npz(x=images(30), y=LABELS * 0)}, "target", "holds one class only"),
    ({"file": npz(x=images(30), y=np.arange(30) // 2)}, "target", "has 2 rows: at least 3"),
    ({"file": npz(x=images(8), y=LABELS[:8])}, "file", "There are 8 rows; at least 10"),
    ({"file": npz(a=images(30), b=LABELS)}, "file", "it holds: a, b"),
    ({"file": npz(x=images(30), y=np.array(["a"] * 30))}, "targets", "only plain numbers"),
    ({"file": npz(x=images(30), y=np.array([{}] * 30))}, "targets", "a pickle, which Lathe never opens"),
    ({"file": bomb()}, "inputs", "but there are 20,000,000"),
    ({"file": bomb("(9000000000,)")}, "inputs", "more than 8 GB"),
    ({"file": member("x.npy", b"hello")}, "inputs", "cannot be read as an NPY array"),
    ({"file": member("../../x.npy", npy(images(30)))}, "file", "it holds: ../../x, y"),
    ({"file": member("[Content_Types].xml", b"<x/>")}, "file", "a spreadsheet or document"),
    ({"file": npz(x=images(30), y=LABELS)[:-40]}, "file", "damaged or encrypted"),
    ({"file": b"PK\x03\x04" + b"\0" * 100}, "file", "damaged or encrypted"),
    ({"inputs": npy(images(30)), "targets": b"hello"}, "targets", "cannot be read as an NPY array"),
    ({"inputs": b"", "targets": npy(LABELS)}, "inputs", "cannot be read as an NPY array"),
]


@pytest.mark.parametrize(
    ("files", "path", "sentence"), FAULTS, ids=[f"{path}: {sentence[:40]}" for _, path, sentence in FAULTS]
)
def test_each_fault_is_told_in_one_sentence(tmp_path: Path, files: dict[str, bytes], path: str, sentence: str) -> None:
    where, message = reported(tmp_path / "folder", files)
    assert sentence in message
    assert where == path
    assert not (tmp_path / "hacked").exists() and not Path("hacked").exists()


def test_a_damaged_member_is_noticed(tmp_path: Path) -> None:
    content = bytearray(npz(x=images(30), y=LABELS))
    content[len(content) // 3] ^= 0xFF
    assert reported(tmp_path, {"file": bytes(content)})[0] in ("file", "inputs")


@pytest.mark.parametrize("shape", [(9, 10, 3), (3, 9, 10), (9, 10)])
def test_pictures_are_png_of_the_pixels(tmp_path: Path, shape: tuple[int, ...]) -> None:
    facts = checked(tmp_path, {"file": npz(x=images(30, *shape), y=LABELS)})
    first = base64.b64decode(facts.pictures[0].png)
    assert (struct.unpack(">II", first[16:24]), facts.pictures[1].label) == ((10, 9), "1")
    pixels = images(30, *shape)[0].astype(float)
    seen = pixels.transpose(1, 2, 0) if shape[0] == 3 else pixels.reshape(9, 10, -1)
    whole = images(30, *shape)
    scaled = np.rint((seen - whole.min()) / (float(whole.max()) - whole.min()) * 255)
    assert decoded(first).tolist() == scaled.tolist()


def decoded(content: bytes) -> Any:
    """An unfiltered PNG, taken apart by hand."""
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start])
    rows = np.frombuffer(zlib.decompress(content[start + 4 : start + 4 + length]), np.uint8)
    width, height = struct.unpack(">II", content[16:24])
    return rows.reshape(height, -1)[:, 1:].reshape(height, width, -1)


def test_every_chunk_of_a_picture_has_its_checksum() -> None:
    content = png(images(1, 9, 10))
    place, names = 8, []
    while place < len(content):
        length = int.from_bytes(content[place : place + 4])
        body = content[place + 4 : place + 8 + length]
        assert zlib.crc32(body) == int.from_bytes(content[place + 8 + length : place + 12 + length])
        names.append(body[:4])
        place += 12 + length
    assert names == [b"IHDR", b"IDAT", b"IEND"]


def test_a_large_picture_is_shown_small(tmp_path: Path) -> None:
    facts = checked(tmp_path, {"file": npz(x=images(12, 300, 200), y=LABELS[:12])})
    width, height = struct.unpack(">II", base64.b64decode(facts.pictures[0].png)[16:24])
    assert (width, height) == (40, 60)
