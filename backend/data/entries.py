"""Files that came together in a ZIP: each is read by itself, under a name that is data and never a path.

The directory of a ZIP is believed only as far as the limits, and then the file, bear it out.
"""

import itertools
import stat
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.data.archives import FREELY, MOST_TIMES, Archive, is_full
from backend.data.faults import FileInvalid
from backend.domain.input_limits import UNWRITABLE

MOST_ENTRIES = 100_000
MOST_DIRECTORY = 32 << 20  # bytes
MOST_FILE = 256 << 20  # bytes of one file, unpacked
MOST_BYTES = 16 << 30  # of all together
MOST_NAME = 1000  # characters, folders included
MOST_FOLDERS = 16  # around a file

LOCAL_HEADER = 30  # bytes before an entry's name
ENCRYPTED, UTF8 = 0x1, 0x800  # flags of an entry
DAMAGED = "The ZIP or NPZ file is damaged or encrypted: write it again."


@dataclass(frozen=True)
class Entry:
    """One file. `place` holds its folders and then its own name."""

    place: tuple[str, ...]
    info: zipfile.ZipInfo
    archive: zipfile.ZipFile

    @property
    def name(self) -> str:
        return "/".join(self.place)

    def read(self) -> bytes:
        """The whole file. Raises FileInvalid when it is not what the directory says."""
        try:
            content = self.archive.read(self.info)
        except Exception as error:  # zipfile fails in as many ways as a file can be damaged
            if isinstance(error, MemoryError):
                raise
            raise FileInvalid(f"`{self.name}` is damaged in the ZIP file: pack it again.") from None
        if len(content) != self.info.file_size:
            raise FileInvalid(f"`{self.name}` is shorter than the ZIP file says: pack it again.")
        return content


@contextmanager
def opened(path: Path) -> Iterator[list[Entry]]:
    """The files of a ZIP, in the order of their names. Raises FileInvalid."""
    with _archive(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_ENTRIES:
            raise FileInvalid(f"The ZIP file holds {len(infos):,} files; at most {MOST_ENTRIES:,} are accepted.")
        for info in infos:
            _check(info)
        _check_together(infos, path.stat().st_size)
        _check_apart(infos, archive.start_dir)
        found = sorted((Entry(_place(info), info, archive) for info in infos), key=lambda entry: entry.place)
        _check_doubles(found)
        yield found


def names(path: Path) -> list[str]:
    """Names in the directory of a ZIP, as they are written there. Raises FileInvalid."""
    with _archive(path) as archive:
        return archive.namelist()


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with Archive(path, MOST_DIRECTORY) as file:
        try:
            archive = zipfile.ZipFile(file)
        except Exception as error:
            if isinstance(error, MemoryError) or is_full(error):
                raise
            raise FileInvalid(DAMAGED) from None
        with archive:
            yield archive


def _check(info: zipfile.ZipInfo) -> None:
    """Raises FileInvalid for an entry that is no plain file of a bearable size."""
    name = info.filename[:80]
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise FileInvalid(f"`{name}` is a link or device, not a file: pack the file itself.")
    if info.flag_bits & ENCRYPTED:
        raise FileInvalid(f"`{name}` is encrypted: pack the files without a password.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileInvalid(
            f"`{name}` is compressed in an unsupported way: pack the files with Deflate, or uncompressed."
        )
    if info.file_size > MOST_FILE:
        raise FileInvalid(f"`{name}` has {info.file_size:,} bytes; at most {MOST_FILE >> 20} MB a file are accepted.")


def _check_together(infos: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Raises FileInvalid for files so many times larger than their ZIP that they are meant to exhaust whoever reads them."""
    whole = sum(info.file_size for info in infos)
    if whole > MOST_BYTES or whole > max(FREELY, MOST_TIMES * size):
        raise FileInvalid(
            f"The files have {whole:,} bytes, from a ZIP file of {size:,}: at most {MOST_TIMES} times as many, and "
            f"{MOST_BYTES >> 30} GB, are accepted."
        )


def _check_apart(infos: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Raises FileInvalid for files that share their bytes with one another, or with the directory behind them."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise FileInvalid(DAMAGED)
        end = info.header_offset + LOCAL_HEADER + info.compress_size
    if end > directory:
        raise FileInvalid(DAMAGED)


def _place(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """Folders and name of a file. Raises FileInvalid for a name that leads elsewhere."""
    name = unicodedata.normalize("NFC", _decoded(info)).replace("\\", "/")
    shown = UNWRITABLE.sub("", name)[:80]
    place = tuple(part for part in name.split("/") if part not in ("", "."))
    if UNWRITABLE.search(info.orig_filename):
        raise FileInvalid(f"The name `{shown}` holds a control character: rename the file.")
    if name.startswith("/") or ".." in place or name[1:2] == ":":
        raise FileInvalid(
            f"The name `{shown}` leads out of its folder: pack the files with names relative to one folder."
        )
    if len(name) > MOST_NAME or len(place) > MOST_FOLDERS + 1:
        raise FileInvalid(
            f"The name `{shown}…` is too long: {MOST_FOLDERS} folders and {MOST_NAME} characters are accepted."
        )
    return place


def _decoded(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: some programs write UTF-8 and do not say so."""
    if info.flag_bits & UTF8:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeError:
        return info.orig_filename


def _check_doubles(found: Sequence[Entry]) -> None:
    for one, other in itertools.pairwise(found):
        if one.place == other.place:
            raise FileInvalid(f"There are two files called `{one.name}`: rename one, or leave it out.")
