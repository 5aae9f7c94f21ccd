"""People's own data: sent, checked, described, deleted."""

import errno
import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, BackgroundTasks, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, ValidationError

from backend.api import shelf
from backend.api.deps import Reading, SettingsDep, StoreDep, Writing
from backend.api.multipart import Begin, Body, Form
from backend.api.schemas import UploadDetail, UploadRow
from backend.data.check import Options
from backend.errors import Conflict, DiskFull, Invalid, UploadNotFound, too_large
from backend.spec.plain import UNWRITABLE
from backend.spec.uploads import Choice, ChoiceInvalid, Facts, plan
from backend.store import tables, uploads
from backend.store.session import Store

router = APIRouter(prefix="/api/uploads", tags=["uploads"])

BLOCK = 1 << 20
FILES = ("file", "inputs", "targets")
FIELDS = ("name", *Options.model_fields)
MOST_FIELD = 1000  # bytes of a plain field
AT_ONCE = 2  # checks; the others wait
SECONDS = 3600.0  # a check may take
checks = CapacityLimiter(AT_ONCE)

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "description": "What it is called; the file's name when left out."},
                        "target": {"type": "string", "description": "The target column; the last one when left out."},
                        "task": {
                            "enum": ["auto", "classification", "regression"],
                            "description": "What the target is.",
                        },
                        "header": {
                            "enum": ["auto", "yes", "no"],
                            "description": "Whether the first line names the columns.",
                        },
                        "missing": {
                            "enum": ["refuse", "leave_out"],
                            "description": "What becomes of lines in which a value is missing.",
                        },
                        "file": {"type": "string", "format": "binary", "description": "A CSV, NPY or NPZ file."},
                        "inputs": {
                            "type": "string",
                            "format": "binary",
                            "description": "Instead: an NPY file of inputs,",
                        },
                        "targets": {"type": "string", "format": "binary", "description": "and one of their targets."},
                    },
                }
            }
        },
    }
}

UploadId = Annotated[str, PathParameter(max_length=64, description="Id of an upload.")]


class Received(BaseModel):
    """What a form brought."""

    fields: dict[str, str] = {}
    filename: str = ""
    files: set[str] = set()
    bytes: int = 0
    sha256: str = ""


@router.post("", status_code=201, openapi_extra=FORM)
async def create_upload(request: Request, store: StoreDep, settings: SettingsDep) -> UploadDetail:
    """Take a file of one's own, check it and describe it; nothing of a refused one remains."""
    try:
        with shelf.slot(settings.data_dir) as slot:
            received = await _receive(request, slot.folder, settings.upload_bytes)
            facts = await to_thread.run_sync(_check, slot.folder, _options(received), limiter=checks)
            return await to_thread.run_sync(_keep, store, slot, received, facts)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull from None


@router.get("")
def list_uploads(session: Reading) -> list[UploadRow]:
    """Everybody's own data, newest first."""
    return [_row(upload) for upload in uploads.all(session)]


@router.get("/{upload_id}")
def upload_detail(session: Reading, upload_id: UploadId) -> UploadDetail:
    """What is in it: columns, ranges, classes, the first rows or pictures."""
    upload = uploads.get(session, upload_id)
    if upload is None:
        raise UploadNotFound(upload_id)
    return _detail(upload)


@router.delete("/{upload_id}", status_code=204)
def delete_upload(session: Writing, settings: SettingsDep, upload_id: UploadId, after: BackgroundTasks) -> None:
    """Delete it, unless a run that is not over learns from it."""
    upload = uploads.get(session, upload_id, hold=True)
    if upload is None:
        raise UploadNotFound(upload_id)
    if busy := uploads.users(session, upload_id):
        raise Conflict(
            f"“{busy[0].experiment.name}” learns from these data and is {busy[0].state}: cancel it first, or wait until it "
            "is over."
        )
    uploads.forget(session, upload)
    after.add_task(shelf.remove, settings.data_dir, upload.id)


async def _receive(request: Request, folder: Path, most: int) -> Received:
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
        self.file: BinaryIO | None = None
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
        self.close()
        if name in self.received.files or name in self.values:
            raise Invalid(f"The form has two parts called `{name}`: send one.", path=name)
        if name in FILES:
            self.received.files.add(name)
            self.received.filename = self.received.filename or filename or ""
            self.file = (self.folder / name).open("xb")
        elif name in FIELDS:
            self.field, self.values[name] = name, b""
        else:
            raise Invalid(
                f"The form has a part called `{name[:80]}`, which is not known. Known: {', '.join((*FILES, *FIELDS))}."
            )

    def done(self) -> Received:
        self.close()
        if self.received.files not in ({"file"}, {"inputs", "targets"}):
            raise Invalid("The form must hold one part `file`, or the two parts `inputs` and `targets`.", path="file")
        self.received.fields = {name: _text(name, value) for name, value in self.values.items()}
        self.received.sha256 = self.hash.hexdigest()
        return self.received

    def close(self) -> None:
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


def _options(received: Received) -> Options:
    given = {name: value for name, value in received.fields.items() if name != "name" and value}
    try:
        return Options.model_validate(given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise Invalid(f"`{name}` is {given[name][:40]!r}: {error.errors()[0]['msg'][:200]}.", path=name) from None


def _check(folder: Path, options: Options) -> Facts:
    """The check, in a process of its own: a hostile file can exhaust nothing but that."""
    command = [sys.executable, "-m", "backend.data", str(folder), options.model_dump_json()]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, cwd=Path(__file__).parents[2], check=False)
        answer = json.loads(done.stdout) if done.returncode == 0 else {}
    except subprocess.TimeoutExpired:
        answer = {}
    if answer.get("full"):
        raise DiskFull
    if "facts" not in answer:
        beyond = "The file cannot be checked within the memory and time that a check is granted: send less of it."
        raise Invalid(answer.get("problem", beyond), path=answer.get("path", "file"))
    return Facts.model_validate(answer["facts"])


def _keep(store: Store, slot: shelf.Slot, received: Received, facts: Facts) -> UploadDetail:
    slot.keep()
    with store.begin() as session:
        upload = uploads.register(
            session, slot.id, _name(received), bytes=received.bytes, sha256=received.sha256, facts=facts
        )
        slot.registered = True  # should the answer be lost, the next start sweeps what is not in the database
    return _detail(upload)


def _name(received: Received) -> str:
    """What it is called: never where it lies."""
    last = received.filename.replace("\\", "/").rsplit("/", 1)[-1]
    name = UNWRITABLE.sub("", received.fields.get("name") or last).strip()
    return name[:200] or "unnamed"


def _row(upload: tables.Upload) -> UploadRow:
    facts = Facts.model_validate(upload.facts)
    return UploadRow(**_outline(upload, facts))


def _outline(upload: tables.Upload, facts: Facts) -> dict[str, Any]:
    return {
        "id": upload.id,
        "name": upload.name,
        "kind": facts.kind,
        "bytes": upload.bytes,
        "sha256": upload.sha256,
        "rows": facts.rows,
        "columns": len(facts.columns),
        "shape": facts.inputs.shape if facts.inputs else None,
        "created_at": upload.created_at,
    }


def _detail(upload: tables.Upload) -> UploadDetail:
    facts = Facts.model_validate(upload.facts)
    return UploadDetail(**_outline(upload, facts), traits=_traits(facts), facts=facts)


def _traits(facts: Facts) -> list[str]:
    try:
        return list(plan(facts, Choice()).traits)
    except ChoiceInvalid:  # columns must be left out first
        return []
