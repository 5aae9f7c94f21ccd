"""Invariants of every run, whatever happened to it, checked on its events as a stream has them, in blocks or not."""

from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandState
from backend.domain.run.events import EventKind
from backend.domain.run.states import TERMINAL
from backend.store import artifacts, events, files
from backend.store.chunks import decode
from backend.store.runs import MAX_ATTEMPTS
from backend.store.session import Store
from backend.store.tables import Command, Event, Run

Point = tuple[str, int]


def violations(store: Store, run_id: str) -> list[str]:
    """Every invariant that the run breaks, in words; empty when all is well."""
    with store.read() as session:
        run = session.get_one(Run, run_id)
        rows = _followed(session, run_id)
        requested = list(session.scalars(select(Command).where(Command.run_id == run_id)))
        _, shown = events.chunks(session, run_id)
    found = [*_sequence(run, rows), *_ending(run, rows), *_curve(run, rows)]
    drawn = Counter((metric, int(step)) for chunk in shown for metric in chunk.metrics for step in chunk.steps)
    if drawn != _visible(rows):
        found.append("what a reader is shown differs from what the events say")
    if run.attempts > MAX_ATTEMPTS:
        found.append(f"{run.attempts} attempts without progress")
    if run.state in TERMINAL and any(command.state is CommandState.PENDING for command in requested):
        found.append("a command that nobody will ever answer")
    return found


def _followed(session: Session, run_id: str) -> list[Event]:
    """Every event, as whoever follows the run from its beginning gets them."""
    rows: list[Event] = []
    while news := events.after(session, {run_id: rows[-1].seq if rows else 0}):
        rows += news
    return rows


def unregistered(store: Store, data_dir: Path, run_id: str) -> list[str]:
    """I12: every file that the run has on the disk is registered, and whole; every registered one is there."""
    with store.read() as session:
        registered = {data_dir / one.path: one for one in artifacts.of(session, run_id)}
    places = (data_dir / "runs" / run_id / name for name in ("checkpoints", "artifacts"))
    there = {file for place in places for file in place.glob("*")}
    found = [f"nobody registered {file.name}" for file in sorted(there - registered.keys())]
    damaged = ((file.name, files.damage(one, file)) for file, one in registered.items())
    return found + [f"{name} {damage}" for name, damage in damaged if damage]


def lost(store: Store, run_id: str) -> int:
    """I6: the most steps that a rewind has withdrawn at once."""
    most = reached = 0
    with store.read() as session:
        rows = _followed(session, run_id)
    for row in rows:
        if row.kind == EventKind.POINTS and row.chunk is not None:
            reached = max(reached, *map(int, decode(row.chunk).steps))
        elif row.kind == EventKind.REWIND:
            most, reached = max(most, reached - row.body["step"]), row.body["step"]
    return most


def _sequence(run: Run, rows: list[Event]) -> list[str]:
    """I3: seq is 1, 2, 3… up to the run's own count."""
    expected = list(range(1, run.last_seq + 1))
    return [] if [row.seq for row in rows] == expected else ["seq has a gap or goes beyond the run's last_seq"]


def _ending(run: Run, rows: list[Event]) -> list[str]:
    """I2: one terminal event, and it is the last."""
    ends = [row.seq for row in rows if row.kind == EventKind.STATE and row.body["state"] in TERMINAL]
    if run.state not in TERMINAL:
        return ["a terminal event, but the run goes on"] if ends else []
    return [] if ends == [run.last_seq] else [f"terminal events at {ends}, the last event is {run.last_seq}"]


def _curve(run: Run, rows: list[Event]) -> list[str]:
    """I5: every step of training is visible once, without a gap; no point of any metric is doubled."""
    visible = _visible(rows)
    found = [
        f"{metric} at step {step} is there {count} times" for (metric, step), count in visible.items() if count > 1
    ]
    steps = sorted(step for metric, step in visible if metric == "train/loss")
    if steps and steps != list(range(1, steps[-1] + 1)):
        found.append("the curve has a gap")
    if steps and run.state in TERMINAL and steps[-1] != run.step:
        found.append(f"the curve ends at step {steps[-1]}, the run at {run.step}")
    return found


def _visible(rows: list[Event]) -> Counter[Point]:
    """Points that no later rewind has withdrawn."""
    points: Counter[Point] = Counter()
    for row in rows:
        body: dict[str, Any] = row.body
        if row.kind == EventKind.REWIND:
            points = Counter({point: count for point, count in points.items() if point[1] <= body["step"]})
        elif row.kind == EventKind.POINTS and row.chunk is not None:
            chunk = decode(row.chunk)
            points.update((metric, int(step)) for metric in chunk.metrics for step in chunk.steps)
    return points
