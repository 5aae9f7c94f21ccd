"""Runs: listed, found by how their id begins, looked at."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Literal

from client.artifacts import Artifact
from client.errors import LatheError
from client.reply import Reply
from client.results import IncomingModel, StageResult
from client.states import RunState
from client.wire import Wire

PAGE = 200
WHOLE = 36  # characters of an id


class StageSummary(Reply):
    index: int
    kind: str
    label: str
    state: Literal["pending", "running", "done"]


class RunRow(Reply):
    """A run as a list shows it."""

    id: str
    experiment_id: str
    group_id: str | None = None
    name: str
    seed: int
    state: RunState
    error: str | None = None
    parent_id: str | None = None
    waits_for: str | None = None
    dataset: str
    model: str
    stage: int | None
    stages: list[StageSummary] = []
    step: int
    total_steps: int | None
    active_seconds: float
    latest: dict[str, float] = {}
    last_seq: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Relative(Reply):
    """A run that another one begins with, or that begins with it."""

    id: str
    name: str
    state: RunState
    relation: Literal["parent", "child", "awaited", "waiting"]
    stage: int | None
    step: int | None


class RunDetail(RunRow):
    """A run with everything but its points."""

    spec: dict[str, Any]
    results: list[StageResult] = []
    incoming: IncomingModel | None = None
    artifacts: list[Artifact] = []
    exhibits: list[str] = []
    relatives: list[Relative] = []
    inherited_seconds: float = 0.0
    measuring_seconds: float | None = None


def detail(wire: Wire, run_id: str) -> RunDetail:
    return RunDetail.model_validate(wire.get(f"/api/runs/{run_id}"))


def listed(
    wire: Wire,
    states: Collection[str] = (),
    search: str = "",
    group: str = "",
    sort: str = "created_at",
    descending: bool = True,
    limit: int | None = None,
) -> Iterator[RunRow]:
    """Runs in order, asked for page by page; all of them without a limit."""
    left, cursor = limit, None
    while left is None or left > 0:
        query = {"state": list(states), "search": search, "group": group, "sort": sort, "descending": descending}
        size = PAGE if left is None else min(left, PAGE)
        page = wire.get("/api/runs", {**query, "cursor": cursor, "limit": size})
        rows = [RunRow.model_validate(row) for row in page["runs"]]
        yield from rows
        left, cursor = None if left is None else left - len(rows), page["next"]
        if cursor is None:
            return


def found(wire: Wire, beginning: str) -> RunRow:
    """The run whose id is, or alone begins with, this text. Raises LatheError."""
    if len(beginning) >= WHOLE:
        return detail(wire, beginning)
    if not beginning or not all(letter in "0123456789abcdef-" for letter in beginning.lower()):
        raise LatheError("RunNotFound", f"There is no run `{beginning}`: runs are named by how their ids begin.")
    rows = [row for row in listed(wire, search=beginning.lower()) if row.id.startswith(beginning.lower())]
    if not rows:
        raise LatheError("RunNotFound", f"There is no run whose id begins with `{beginning}`.")
    if len(rows) > 1:
        some = ", ".join(f"{row.id[:13]} ({row.name})" for row in rows[:5])
        raise LatheError("RunAmbiguous", f"{len(rows)} runs begin with `{beginning}`: {some}. Write more of the id.")
    return rows[0]
