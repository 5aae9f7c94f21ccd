"""The live stream: server-sent events of any number of runs over one connection."""

import re
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.api.deps import HubDep
from backend.api.schemas.runs import StreamEvent
from backend.errors import Invalid

router = APIRouter(tags=["stream"])

MAX_RUNS = 100
MAX_SEQ = 2**53


class EventStream(StreamingResponse):
    """A stream that lets go of its viewer when either of them leaves."""

    media_type = "text/event-stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            assert isinstance(self.body_iterator, AsyncGenerator)
            await self.body_iterator.aclose()


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "`event: run` carries a StreamEvent and its cursor as `id:`; `event: row` a RunRow; "
        "`event: gone` the id of a run that does not exist.",
        "model": StreamEvent,
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/api/stream", response_class=EventStream, responses=DOCUMENTED)
async def stream(
    hub: HubDep,
    runs: Annotated[str, Query(max_length=4000, description="Ids of the runs to follow, comma-separated.")] = "",
    after: Annotated[
        str, Query(max_length=2000, description="Last known event of each of these runs, comma-separated; else 0.")
    ] = "",
    rows: Annotated[bool, Query(description="True also sends the row of each run that changes.")] = False,
    last_event_id: Annotated[
        str | None, Header(max_length=8000, description="Cursor of the last event that was received; beats `after`.")
    ] = None,
) -> EventStream:
    """Every event of the named runs after the cursor, exactly once, in order, as they happen."""
    cursors = _cursors(runs, after)
    cursors |= {run_id: seq for run_id, seq in _resumed(last_event_id).items() if run_id in cursors}
    return EventStream(hub.follow(cursors, rows), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _cursors(runs: str, after: str) -> dict[str, int]:
    names = [name for name in runs.split(",") if name]
    if len(names) > MAX_RUNS:
        raise Invalid(f"`runs` names {len(names)} runs; at most {MAX_RUNS} can be followed at once.", path="runs")
    if any(not re.fullmatch(r"[\w-]{1,64}", name, re.ASCII) for name in names):
        raise Invalid("`runs` must be ids of runs, separated by commas.", path="runs")
    numbers = [_seq(text, "after") for text in after.split(",")] if after else [0] * len(names)
    if len(numbers) != len(names):
        raise Invalid("`after` must have one number for each of `runs`.", path="after")
    return dict(zip(names, numbers, strict=True))


def _resumed(last_event_id: str | None) -> dict[str, int]:
    """The cursor `a:3,b:5`."""
    cursors: dict[str, int] = {}
    for part in (last_event_id or "").split(","):
        run_id, colon, seq = part.rpartition(":")
        if colon:
            cursors[run_id] = _seq(seq, "Last-Event-ID")
    return cursors


def _seq(text: str, path: str) -> int:
    if not re.fullmatch(r"\d{1,16}", text, re.ASCII) or int(text) > MAX_SEQ:
        raise Invalid(f"`{path}` must hold whole numbers of 0 or more.", path=path)
    return int(text)
