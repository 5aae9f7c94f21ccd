"""Packs files that arrive together into one ZIP, as if their sender had done it: many files are one on the disk, too."""

import hashlib
import json
import zipfile
from pathlib import Path

from backend.data.entries import MOST_FILE
from backend.domain.input_limits import UNWRITABLE
from backend.errors import Invalid

PART = "files"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the time of every entry


class Pack:
    """A ZIP that is being written. It compresses nothing, and holds whatever names were sent: none is used as a path."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path, "x")

    def begin(self, name: str) -> "Member":
        """The next file, to be closed before another one begins. Raises Invalid for a name that cannot be in a ZIP."""
        if not name or name.endswith("/") or UNWRITABLE.search(name):
            raise Invalid(f"A part `{PART}` needs a file name, which says its folder: `filename=cat/1.jpg`.", path=PART)
        if name in self._archive.NameToInfo:
            raise Invalid(f"There are two files called `{name[:200]}`: rename one, or leave it out.", path=PART)
        return Member(self._archive, name)

    def name(self) -> str:
        """Name of the folder that holds all files, or else their number."""
        names = self._archive.namelist()
        outermost = {name.partition("/")[0] for name in names}
        return outermost.pop() if len(outermost) == 1 else f"{len(names):,} files"

    def listing(self) -> str:
        """SHA-256 of the names and sizes of all files, in order."""
        listed = [(info.filename, info.file_size) for info in self._archive.infolist()]
        return hashlib.sha256(json.dumps(listed).encode()).hexdigest()

    def close(self) -> None:
        self._archive.close()


class Member:
    """One file of a pack."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._name, self._bytes = name, 0
        self._file = archive.open(zipfile.ZipInfo(name, EPOCH), "w")

    def write(self, content: bytes) -> None:
        """Add these bytes. Raises Invalid when nobody would read so large a file."""
        self._bytes += len(content)
        if self._bytes > MOST_FILE:
            raise Invalid(
                f"`{self._name[:200]}` has more than {MOST_FILE >> 20} MB, too much for one of many.", path=PART
            )
        self._file.write(content)

    def close(self) -> None:
        self._file.close()
