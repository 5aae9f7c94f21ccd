"""Invariants of the whole database, which hold at any moment, whatever happened. An event's `epoch`, where a test's
writer puts one into the body, names the lease under which it was written."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandState
from backend.domain.run.states import RunState
from backend.store import events, runs
from backend.store.tables import Command, Event, Run


def violations(session: Session) -> list[str]:
    """Every breach of the invariants I1–I5 and I11, in words; empty when all is well."""
    by_run = defaultdict[str, list[Row[str, int, str, dict[str, object]]]](list)
    for row in session.execute(
        select(Event.run_id, Event.seq, Event.kind, Event.body).order_by(Event.run_id, Event.seq)
    ):
        by_run[row.run_id].append(row)
    waiting = set(session.scalars(select(Command.run_id).where(Command.state == CommandState.PENDING)))
    found = []
    for run in session.scalars(select(Run)):
        rows = by_run[run.id]
        rules = _rules(run, rows) | {
            "I2 a run that is over has no pending commands": not run.state.terminal or run.id not in waiting,
            "I5 each (metric, step) is visible once": not _doubled(session, run.id, rows),
        }
        found += [f"{run.id}: {rule}" for rule, holds in rules.items() if not holds]
    return found


def _rules(run: Run, rows: Sequence[Row[str, int, str, dict[str, object]]]) -> dict[str, bool]:
    states = [RunState(row.body["state"]) for row in rows if row.kind == "state"]
    endings = [index for index, row in enumerate(rows) if row.kind == "state" and RunState(row.body["state"]).terminal]
    epochs = [row.body["epoch"] for row in rows if "epoch" in row.body]
    return {
        "I1 a live run has an owner, and no other run has": run.state.live == (run.owner is not None),
        "I1 a run is live as long as its last state event says": not states or _phase(states[-1]) == _phase(run.state),
        "I2 a run that is over has one terminal event, its last": not run.state.terminal or endings == [len(rows) - 1],
        "I2 a run that is not over has no terminal event": run.state.terminal or not endings,
        "I3 seq counts 1, 2, 3… up to last_seq": [row.seq for row in rows] == list(range(1, run.last_seq + 1)),
        "I4 no epoch writes after a later one": epochs == sorted(epochs),
        "I4 no epoch writes that the run has not reached": all(epoch <= run.epoch for epoch in epochs),
        "I11 attempts stay within the limit": run.attempts <= runs.MAX_ATTEMPTS,
    }


def _phase(state: RunState) -> str:
    return "live" if state.live else state.value


def _doubled(
    session: Session, run_id: str, rows: Sequence[Row[str, int, str, dict[str, object]]]
) -> list[tuple[str, int]]:
    if not any(row.kind == "points" for row in rows):
        return []
    _, chunks = events.chunks(session, run_id)
    seen = Counter((metric, int(step)) for chunk in chunks for metric in chunk.metrics for step in chunk.steps)
    return [point for point, count in seen.items() if count > 1]
