"""Uploaded data: received, checked, described, deleted."""

import errno
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, BackgroundTasks, Request
from fastapi import Path as PathParameter
from fastapi.concurrency import contextmanager_in_threadpool
from pydantic import ValidationError
from sqlalchemy.orm import Session

from backend.api import staging
from backend.api.bodies.receiving import Received, receive
from backend.api.bodies.upload_form import FORM
from backend.api.deps import Key, Reading, SettingsDep, StoreDep, Writing
from backend.api.schemas.runs import UploadDetail, UploadRow
from backend.data.options import Options
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import Choice, ChoiceInvalid
from backend.domain.experiment.uploads import plan
from backend.domain.input_limits import label
from backend.errors import Busy, Conflict, DiskFull, Invalid, UploadNotFound
from backend.store import files, idempotency, tables, uploads
from backend.store.clock import new_id
from backend.store.idempotency import Creation
from backend.store.session import Store

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api/uploads", tags=["uploads"])

AT_ONCE = 2  # checks; the others wait
SECONDS = 3600.0  # a check may take
checks = CapacityLimiter(AT_ONCE)
PLACES = 8  # for uploads under way, those that wait for their check among them
places = BoundedSemaphore(PLACES)

TOO_LONG = "The check of the file takes too long: send fewer rows or columns."
TOO_LARGE = "The check of the file takes too much memory: send a smaller file."
CRASHED = "The check failed because of an error in the server; its log has the details. Nothing was stored."
ENDED = {-signal.SIGXCPU: TOO_LONG, -signal.SIGKILL: TOO_LARGE}  # the kernel kills whoever takes its last memory

UploadId = Annotated[str, PathParameter(max_length=64, description="Id of an upload.")]


@router.post("", status_code=201, openapi_extra=FORM)
async def create_upload(request: Request, store: StoreDep, settings: SettingsDep, key: Key = None) -> UploadDetail:
    """Take a file of one's own, check it and describe it; nothing of a refused one remains."""
    try:
        with _place():
            filling = staging.of_uploads(store, settings.data_dir).filling(new_id())
            async with contextmanager_in_threadpool(filling) as folder:
                received = await receive(request, folder, settings.upload_bytes)
                creation = Creation(key, received.fingerprint())
                known = await to_thread.run_sync(idempotency.known, store, creation, _found)
                if known is not None:
                    return known
                facts = await to_thread.run_sync(_check, folder, _options(received), limiter=checks)
                return await to_thread.run_sync(_keep, store, creation, folder, received, facts)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull from None


@contextmanager
def _place() -> Iterator[None]:
    """One of the places for uploads under way, whose files the disk must hold beside all others. Raises Busy."""
    if not places.acquire(blocking=False):
        raise Busy(f"The server already receives {PLACES} uploads, its maximum: try again in a moment.")
    try:
        yield
    finally:
        places.release()


@router.get("")
def list_uploads(session: Reading) -> list[UploadRow]:
    """All uploaded data, the newest first."""
    return [_row(upload) for upload in uploads.all(session)]


@router.get("/{upload_id}")
def upload_detail(session: Reading, upload_id: UploadId) -> UploadDetail:
    """Describe the upload: columns, ranges, classes, the first rows or pictures."""
    detail = _found(session, upload_id)
    if detail is None:
        raise UploadNotFound(upload_id)
    return detail


@router.delete("/{upload_id}", status_code=204)
def delete_upload(
    session: Writing, store: StoreDep, settings: SettingsDep, upload_id: UploadId, after: BackgroundTasks
) -> None:
    """Delete it, unless a run that is not over learns from it."""
    upload = uploads.get(session, upload_id, hold=True)
    if upload is None:
        raise UploadNotFound(upload_id)
    if busy := uploads.users(session, upload_id):
        raise Conflict(
            f"“{busy[0].experiment.name}” trains on these data and is {busy[0].state}: cancel it first, or wait until it "
            "is over."
        )
    uploads.forget(session, upload)
    staged = staging.of_uploads(store, settings.data_dir)
    staged.release(upload_id)
    after.add_task(staged.settle, upload_id)


def _options(received: Received) -> Options:
    given = {name: value for name, value in received.fields.items() if name != "name" and value}
    try:
        return Options.model_validate(given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise Invalid(f"`{name}` is {given[name][:40]!r}: {error.errors()[0]['msg'][:200]}.", path=name) from None


def _check(folder: Path, options: Options) -> Facts:
    """Runs the check in a separate process, so that a hostile file can exhaust only that."""
    command = [sys.executable, "-m", "backend.data", str(folder), options.model_dump_json()]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, cwd=Path(__file__).parents[2], check=False)
    except subprocess.TimeoutExpired:
        raise Invalid(TOO_LONG, path="file") from None
    if done.returncode != 0:
        log.error("a check ended with %d: %s", done.returncode, done.stderr[-8000:].decode(errors="replace"))
        raise Invalid(ENDED.get(done.returncode, CRASHED), path="file")
    answer = json.loads(done.stdout)
    if answer.get("full"):
        raise DiskFull
    if "facts" not in answer:
        raise Invalid(answer["problem"], path=answer["path"])
    return Facts.model_validate(answer["facts"])


def _keep(store: Store, creation: Creation, folder: Path, received: Received, facts: Facts) -> UploadDetail:
    for written in (folder, folder.parent):
        files.sync(written)

    def register(session: Session) -> str:
        name, size, sha256 = _name(received), received.bytes, received.sha256
        return uploads.register(session, folder.name, name, bytes=size, sha256=sha256, facts=facts).id

    return idempotency.once(store, creation, _found, register)


def _found(session: Session, upload_id: str) -> UploadDetail | None:
    upload = uploads.get(session, upload_id)
    return _detail(upload) if upload else None


def _name(received: Received) -> str:
    """The upload's name, for display alone: it never decides where the file lies."""
    last = received.filename.replace("\\", "/").rsplit("/", 1)[-1]
    return label(received.fields.get("name") or last)[:200] or "unnamed"


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
