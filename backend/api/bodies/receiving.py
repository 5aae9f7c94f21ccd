"""An upload's form as it arrives: fields into memory, files into a folder, under names of ours; many into one file."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel

from backend.api.bodies import packing
from backend.api.bodies.multipart import Begin, Body, Form
from backend.data.options import Options
from backend.domain.input_limits import UNWRITABLE
from backend.errors import Invalid, too_large

BLOCK = 1 << 20
FILES = ("file", "inputs", "targets")
COMPLETE = ({"file"}, {"inputs", "targets"}, {packing.PART})
FIELDS = ("name", *Options.model_fields)
MOST_FIELD = 1000  # bytes of a plain field


class Received(BaseModel):
    """Content of a received form."""

    fields: dict[str, str] = {}
    filename: str = ""
    files: set[str] = set()
    bytes: int = 0
    sha256: str = ""
    listing: str = ""  # SHA-256 of the names of many files

    def fingerprint(self) -> str:
        """SHA-256 of everything that was received."""
        files = [self.filename, sorted(self.files), self.bytes, self.sha256, self.listing]
        whole = [sorted(self.fields.items()), *files]
        return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


async def receive(request: Request, folder: Path, most: int) -> Received:
    """Write the form's files into the folder, as they arrive."""
    form = Form(request.headers.get("content-type", ""))
    writer = Writer(folder)
    try:
        async for block in _blocks(request, most):
            await to_thread.run_sync(writer.take, form, block)
        form.close()
        return writer.done()
    finally:
        writer.close()


async def _blocks(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body in blocks that are worth the way to a thread. Raises BodyTooLarge."""
    held, total = bytearray(), 0
    async for block in request.stream():
        total += len(block)
        if total > most:
            raise too_large(most)
        held += block
        if len(held) >= BLOCK:
            yield bytes(held)
            held.clear()
    yield bytes(held)


class Writer:
    """Puts each part where it belongs: fields into memory, files into the folder, under names of ours."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.received, self.hash = folder, Received(), hashlib.sha256()
        self.file: BinaryIO | packing.Member | None = None
        self.pack: packing.Pack | None = None
        self.field = ""
        self.values: dict[str, bytes] = {}

    def take(self, form: Form, block: bytes) -> None:
        for piece in form.feed(block):
            match piece:
                case Begin(name, filename):
                    self._begin(name, filename)
                case Body(content) if self.file is not None:
                    self.file.write(content)
                    self.hash.update(content)
                    self.received.bytes += len(content)
                case Body(content):
                    self.values[self.field] += content
                    if len(self.values[self.field]) > MOST_FIELD:
                        raise Invalid(f"`{self.field}` is longer than {MOST_FIELD} bytes.", path=self.field)

    def _begin(self, name: str, filename: str | None) -> None:
        self._end()
        if name == packing.PART:
            self._begin_packed(filename or "")
        elif name in self.received.files or name in self.values:
            raise Invalid(f"The form has two parts called `{name}`: send one.", path=name)
        elif name in FILES:
            self.received.files.add(name)
            self.received.filename = self.received.filename or filename or ""
            self.file = (self.folder / name).open("xb")
        elif name in FIELDS:
            self.field, self.values[name] = name, b""
        else:
            known = ", ".join((*FILES, packing.PART, *FIELDS))
            raise Invalid(f"The form has a part called `{name[:80]}`, which is not known. Known: {known}.")

    def _begin_packed(self, filename: str) -> None:
        if self.pack is None:
            self.pack = packing.Pack(self.folder / packing.PART)
            self.received.files.add(packing.PART)
        self.file = self.pack.begin(filename)

    def done(self) -> Received:
        self._end()
        if self.received.files not in COMPLETE:
            raise Invalid(
                "The form must hold one part `file`, or the two parts `inputs` and `targets`, or many parts `files`.",
                path="file",
            )
        if self.pack is not None:
            self.received.filename, self.received.listing = self.pack.name(), self.pack.listing()
            self.pack.close()
            (self.folder / packing.PART).rename(self.folder / "file")  # as if a ZIP had been sent
        self.received.fields = {name: _text(name, value) for name, value in self.values.items()}
        self.received.sha256 = self.hash.hexdigest()
        return self.received

    def close(self) -> None:
        self._end()
        if self.pack is not None:
            self.pack.close()

    def _end(self) -> None:
        """The part that began last is over."""
        if self.file is not None:
            self.file.close()
            self.file = None


def _text(name: str, value: bytes) -> str:
    try:
        text = value.decode().strip()
    except UnicodeDecodeError:
        raise Invalid(f"`{name}` is not UTF-8 text.", path=name) from None
    if UNWRITABLE.search(text):
        raise Invalid(f"`{name}` holds a control character.", path=name)
    return text
