"""A form with files (RFC 7578) that is read while it is sent, so that no file is held in memory."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 18  # bytes

Progress = Callable[[int, int], None]
"""Receives the bytes that were sent so far, and those of the whole form."""


@dataclass(frozen=True)
class File:
    """A file as a part of a form. `called` is the name that the server is told."""

    part: str
    path: Path
    called: str


class Form:
    """The body of a request. It can be iterated again, when the request is repeated. Raises OSError for a missing file."""

    def __init__(self, fields: Mapping[str, str], files: Sequence[File], progress: Progress | None = None) -> None:
        self._boundary, self._progress = uuid.uuid4().hex, progress
        self._fields, self._files = fields, files
        heads = sum(map(len, map(self._head, files))) + len(self._before()) + len(self._end())
        self.bytes = heads + sum(file.path.stat().st_size + 2 for file in files)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(self.bytes),
        }

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for block in self._blocks():
            yield block
            sent += len(block)
            if self._progress:
                self._progress(sent, self.bytes)

    def _blocks(self) -> Iterator[bytes]:
        yield self._before()
        for file in self._files:
            yield self._head(file)
            with file.path.open("rb") as content:
                while block := content.read(BLOCK):
                    yield block
            yield b"\r\n"
        yield self._end()

    def _before(self) -> bytes:
        parts = [self._disposition(name) + f"\r\n\r\n{value}\r\n" for name, value in self._fields.items()]
        return "".join(parts).encode()

    def _head(self, file: File) -> bytes:
        return (self._disposition(file.part) + f'; filename="{_quoted(file.called)}"\r\n\r\n').encode()

    def _disposition(self, name: str) -> str:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"'

    def _end(self) -> bytes:
        return f"--{self._boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    """A file's name as browsers write it."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
