"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime
from typing import Any

from client.wire.base import Reply, Word


class Series(Reply):
    """One metric of one run, bucketed to a number of pixels with each bucket's minimum and maximum kept."""

    metric: str
    steps: list[int]
    times: list[float]
    values: list[float]
    points: int
    """Number of stored points that these values stand for."""


class Points(Reply):
    run_id: str
    seq: int
    """Last event that these points include: continue the live stream after it."""
    series: list[Series]


class EventKind(Word):
    POINTS = "points"
    STATE = "state"
    STAGE_BEGAN = "stage_began"
    STAGE_ENDED = "stage_ended"
    CHECKPOINT = "checkpoint"
    REWIND = "rewind"
    SUMMARY = "summary"
    DIAGNOSTIC = "diagnostic"
    ALERT = "alert"
    COMMAND = "command"
    FORKED = "forked"
    LOG = "log"


class Columns(Reply):
    """Some metrics at the same steps. Numbers that JSON lacks are the strings "NaN", "Infinity" and "-Infinity"."""

    stage: int
    steps: list[int]
    times: list[float]
    """Seconds of active training since the run began."""
    metrics: dict[str, list[float]]


class StreamEvent(Reply):
    """One event of the live stream (SSE `event: run`). The SSE `id` is the cursor for `Last-Event-ID`."""

    run_id: str
    seq: int
    kind: EventKind
    at: datetime
    body: dict[str, Any]
    columns: Columns | None = None
    """The points of a `points` event."""
