"""ZIP files of many files: their directory is believed only as far as the limits and the file bear it out."""

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.data import entries
from backend.data.faults import FileInvalid
from tests.backend.data.making import checked, left
from tests.backend.data.photographs import folder, packed

SOME = folder(8)
ONE = next(iter(SOME.values()))


def of(*members: tuple[zipfile.ZipInfo | str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", compression) as archive:
        warnings.simplefilter("ignore")  # of a name that comes twice
        for name, content in (*SOME.items(), *members):
            archive.writestr(name, content, compress_type=compression)
    return stream.getvalue()


def info(name: str, mode: int) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name)
    found.external_attr = mode << 16
    return found


def named(name: str) -> bytes:
    """A ZIP with a file of this name, which the writer of the ZIP did not choose."""
    raw = name.encode()
    placeholder = b"x" * len(raw)
    return of((placeholder.decode(), ONE)).replace(placeholder, raw)


def changed(offset: int, value: bytes) -> bytes:
    """A ZIP, in whose directory the last entry has other bytes at this place."""
    content = bytearray(of())
    place = bytes(content).rindex(b"PK\x01\x02") + offset
    content[place : place + len(value)] = value
    return bytes(content)


def overlapping() -> bytes:
    """Two entries of the directory lead to the same bytes."""
    content = bytearray(of(("dog/8.png", ONE), ("dog/9.png", ONE)))
    first, second = (
        bytes(content).rindex(b"PK\x01\x02", 0, end) for end in (len(content), bytes(content).rindex(b"PK\x01\x02"))
    )
    content[first + 42 : first + 46] = content[second + 42 : second + 46]
    return bytes(content)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a name that leads up": (lambda: named("../cat/x.png"), "leads out of its folder"),
    "a name that leads up later": (lambda: named("cat/../../x.png"), "leads out of its folder"),
    "backslashes that lead up": (lambda: named("..\\..\\x.png"), "leads out of its folder"),
    "a root": (lambda: named("/etc/passwd"), "leads out of its folder"),
    "a backslash as root": (lambda: named("\\\\host\\x.png"), "leads out of its folder"),
    "a drive": (lambda: named("C:\\cat\\x.png"), "leads out of its folder"),
    "a control character": (lambda: named("cat/a\nb\x07.png"), "holds a control character"),
    "a zero": (lambda: named("cat/a.png\0.txt"), "holds a control character"),
    "many folders": (lambda: of(("a/" * 17 + "x.png", ONE)), "is too long"),
    "a long name": (lambda: of(("cat/" + "x" * 1000, ONE)), "is too long"),
    "a link": (lambda: of((info("cat/x.png", stat.S_IFLNK | 0o777), b"/etc/passwd")), "is a link or device"),
    "a device": (lambda: of((info("cat/x.png", stat.S_IFCHR), b"")), "is a link or device"),
    "a double": (lambda: of(("cat/1.png", b"other")), "two files called `cat/1.png`"),
    "a double by another name": (lambda: of(("cat//./1.png", b"other")), "two files called `cat/1.png`"),
    "an unknown compression": (lambda: of(("cat/x.png", ONE), compression=zipfile.ZIP_LZMA), "unsupported way"),
    "encrypted": (lambda: changed(8, b"\x01"), "is encrypted"),
    "a lie about the size": (lambda: changed(24, struct.pack("<I", 40_000_000)), "the ZIP file says"),
    "a smaller lie": (lambda: changed(24, struct.pack("<I", 20)), "is damaged in the ZIP file"),
    "a lie about its packed size": (lambda: changed(20, struct.pack("<I", 1 << 30)), "damaged"),
    "a wrong sum": (lambda: changed(16, b"\0\0\0\0"), "is damaged in the ZIP file"),
    "a huge file": (lambda: changed(24, struct.pack("<I", 257 << 20)), "at most 256 MB a file"),
    "overlapping files": (overlapping, "damaged or encrypted"),
    "bombs": (lambda: of(*[(f"cat/{n}.bmp", bytes(40 << 20)) for n in (90, 91)], compression=zipfile.ZIP_DEFLATED), "200 times"),
    "cut": (lambda: of()[:-30], "damaged or encrypted"),
    "no picture": (lambda: of(("cat/x", b"")), "`cat/x` is no JPEG"),
}  # fmt: skip


@pytest.mark.parametrize("lie", HOSTILE)
def test_a_hostile_zip_ends_in_one_sentence_and_writes_nothing_of_its_own(tmp_path: Path, lie: str) -> None:
    content, sentence = HOSTILE[lie][0](), HOSTILE[lie][1]
    with pytest.raises(FileInvalid) as caught:
        checked(tmp_path / "folder", {"file": content})
    assert sentence in str(caught.value)
    assert left(tmp_path) == ["folder"] and set(left(tmp_path / "folder")) <= {"file", "inputs.npy"}


def test_the_sound_twin_of_each_is_taken(tmp_path: Path) -> None:
    """The negative control: what the hostile ones were made of is no fault itself."""
    assert checked(tmp_path, {"file": of(("cat/sub/8.png", ONE), ("dog\\8.png", ONE), ("cat/", b""))}).rows == 18


def test_65_536_files_need_a_larger_directory_and_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond 65,535 files a ZIP has the directory of ZIP64."""
    (tmp_path / "file").write_bytes(packed({f"{n % 2}/{n}": b"" for n in range(65_536)}, zipfile.ZIP_STORED))
    with entries.opened(tmp_path / "file") as found:
        assert len(found) == 65_536
    monkeypatch.setattr("backend.data.entries.MOST_ENTRIES", 65_535)
    with pytest.raises(FileInvalid, match="holds 65,536 files; at most 65,535"), entries.opened(tmp_path / "file"):
        pass


def test_a_directory_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.data.entries.MOST_DIRECTORY", 500)
    with pytest.raises(FileInvalid, match="damaged or encrypted"):
        checked(tmp_path, {"file": of()})


def test_utf8_that_is_not_declared_is_read_as_it_was_meant(tmp_path: Path) -> None:
    """So some systems write it; letters with their marks apart are the same names."""
    content = packed({name.replace("cat", "Kätzchen"): one for name, one in SOME.items()})
    undeclared = bytearray(content)
    for place in range(len(content) - 10):
        if content[place : place + 4] in (b"PK\x01\x02", b"PK\x03\x04"):
            undeclared[place + (9 if content[place + 2] == 1 else 7)] &= ~0x08
    apart = packed({name.replace("cat", "Ka\u0308tzchen"): one for name, one in SOME.items()})
    found = [checked(tmp_path / str(n), {"file": one}) for n, one in enumerate((content, bytes(undeclared), apart))]
    assert [facts.columns[0].counts for facts in found] == [{"Kätzchen": 8, "dog": 8}] * 3


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_crashes_the_check(data: st.DataObject) -> None:
    content = bytearray(of())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        place = data.draw(st.sampled_from([place, len(content) - 1 - place % 400]))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=20))
    with TemporaryDirectory() as place_, suppress(FileInvalid):
        checked(Path(place_), {"file": bytes(content)})
