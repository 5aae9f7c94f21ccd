"""Workers, a reaper and people act on runs in any order that Hypothesis finds; the invariants hold after each step.

Beside the database stands a model of it: what each run's state must be and which events were acknowledged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from backend.domain.run.commands import ACCEPTING, CommandKind
from backend.domain.run.states import TERMINAL, RunState
from backend.store import artifacts, commands, experiments, runs
from backend.store.clock import new_id
from backend.store.runs import Lease, LeaseLost
from backend.store.session import Store
from backend.store.tables import Event, Experiment, Run
from tests.backend.store.conftest import SPEC, log
from tests.backend.store.invariants import violations

QUICK = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
UNTIL_FOUND = settings(QUICK, max_examples=100, phases=[Phase.generate])
MOST_RUNS = 6


class Crash(Exception):
    """Before the commit."""


@dataclass
class Known:
    """State of a run in the model."""

    state: RunState = RunState.QUEUED
    epoch: int = 0
    attempts: int = 0
    cancelling: bool = False
    furthest: int = -1
    texts: list[str] = field(default_factory=list)

    def holds(self, lease: Lease) -> bool:
        return self.state.live and self.epoch == lease.epoch


class Machine(RuleBasedStateMachine):
    """All that may happen between claims and endings."""

    leases: Bundle[Lease] = Bundle("leases")

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.known: dict[str, Known] = {}
        self.written = 0
        with store.begin() as session:
            session.execute(delete(Experiment))

    @precondition(lambda self: len(self.known) < MOST_RUNS)
    @rule(count=st.integers(1, 2))
    def submit(self, count: int) -> None:
        with self.store.begin() as session:
            _, made = experiments.create(session, SPEC, range(count))
        self.known |= {run.id: Known() for run in made}

    @rule(target=leases)
    def claim(self) -> object:
        expected = [run_id for run_id, known in self.known.items() if known.state is RunState.QUEUED]
        with self.store.begin() as session:
            run = runs.claim(session, "worker")
        assert (run.id if run else None) == next(iter(expected), None)
        if run is None:
            return multiple()
        known = self.known[run.id]
        known.state, known.epoch, known.attempts = RunState.RUNNING, known.epoch + 1, known.attempts + 1
        return Lease.of(run)

    @rule(lease=leases, count=st.integers(0, 3), paused=st.booleans())
    def write(self, lease: Lease, count: int, paused: bool) -> None:
        texts = [f"{self.written + index}" for index in range(count)]
        self.written += count
        state = RunState.PAUSED if paused else RunState.RUNNING
        if self._fenced(lease, lambda session: self._write(session, lease, texts, state=state)):
            self.known[lease.run_id].texts += texts
            self.known[lease.run_id].state = state

    def _write(self, session: Session, lease: Lease, texts: list[str], **changes: Any) -> None:
        runs.write(session, lease, [log(text, epoch=lease.epoch) for text in texts], **changes)

    @rule(lease=leases)
    def write_and_crash(self, lease: Lease) -> None:
        """The process dies, or the database goes, before the commit."""
        holds = self.known[lease.run_id].holds(lease)
        try:
            with self.store.begin() as session:
                self._write(session, lease, ["never"])
                raise Crash
        except Crash:
            assert holds
        except LeaseLost:
            assert not holds

    @rule(lease=leases, step=st.integers(0, 3))
    def checkpoint(self, lease: Lease, step: int) -> None:
        def work(session: Session) -> None:
            runs.write(session, lease)
            file = {"kind": artifacts.CHECKPOINT, "path": "p", "bytes": 1, "sha256": "0" * 64}
            artifacts.register(session, lease.run_id, id=new_id(), stage=0, step=step, **file)

        known = self.known[lease.run_id]
        if self._fenced(lease, work) and step > known.furthest:
            known.furthest, known.attempts = step, 0

    @rule(lease=leases, state=st.sampled_from(sorted(TERMINAL)))
    def finish(self, lease: Lease, state: RunState) -> None:
        if self._fenced(lease, lambda session: runs.finish(session, lease, state, "Because.")):
            self.known[lease.run_id].state = state

    @rule(lease=leases)
    def release(self, lease: Lease) -> None:
        if self._fenced(lease, lambda session: runs.release(session, lease, "Shutting down.")):
            known = self.known[lease.run_id]
            known.attempts = max(0, known.attempts - 1)
            known.state = RunState.CANCELLED if known.cancelling else RunState.QUEUED

    @rule(lease=leases, moved=st.booleans())
    def reap(self, lease: Lease, moved: bool) -> None:
        """A reaper watched this epoch; `moved`: the heart beat once more just before it acted."""
        with self.store.begin() as session:
            beat = session.scalar(select(Run.heartbeat).where(Run.id == lease.run_id)) or 0
            if moved:
                session.execute(update(Run).where(Run.id == lease.run_id).values(heartbeat=beat + 1))
            taken = runs.reap(session, lease.run_id, lease.epoch, beat, "Not heard of.")
        known = self.known[lease.run_id]
        assert taken == (known.holds(lease) and not moved)
        if taken:
            known.epoch += 1
            queued = RunState.CANCELLED if known.cancelling else RunState.QUEUED
            known.state = RunState.FAILED if known.attempts >= runs.MAX_ATTEMPTS else queued

    @precondition(lambda self: self.known)
    @rule(index=st.integers(0, MOST_RUNS), kind=st.sampled_from(CommandKind))
    def ask(self, index: int, kind: CommandKind) -> None:
        run_id, known = list(self.known.items())[index % len(self.known)]
        try:
            with self.store.begin() as session:
                commands.ask(session, run_id, kind, {}, "ann")
        except commands.RunOver:
            assert known.state.terminal
            return
        except commands.NotNow:
            assert known.state not in ACCEPTING[kind] and not known.state.terminal
            return
        assert known.state in ACCEPTING[kind]
        if kind is CommandKind.CANCEL:
            known.cancelling = True
            known.state = RunState.CANCELLED if known.state is RunState.QUEUED else known.state

    @invariant()
    def all_is_well(self) -> None:
        """The invariants hold, and the database is what the model says."""
        with self.store.read() as session:
            assert violations(session) == []
            found = {run.id: (run.state, run.epoch, run.attempts) for run in session.scalars(select(Run))}
            logs = select(Event.run_id, Event.body).where(Event.kind == "log").order_by(Event.run_id, Event.seq)
            texts = {run_id: list[str]() for run_id in self.known}
            for run_id, body in session.execute(logs):
                texts[run_id].append(body["text"])
        assert found == {run_id: (known.state, known.epoch, known.attempts) for run_id, known in self.known.items()}
        assert texts == {run_id: known.texts for run_id, known in self.known.items()}

    def _fenced(self, lease: Lease, work: Callable[[Session], None]) -> bool:
        """Do it under the fence. Whether it was done must be what the model says of the lease."""
        holds = self.known[lease.run_id].holds(lease)
        try:
            with self.store.begin() as session:
                work(session)
        except LeaseLost:
            assert not holds
            return False
        assert holds
        return True


def test_invariants_hold_in_any_order(store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(store), settings=QUICK)


def test_a_missing_fence_is_found(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the same machine against a `write` that takes over any lease."""
    fenced = runs.write

    def unfenced(session: Session, lease: Lease, *rest: Any, **changes: Any) -> None:
        run = session.scalars(select(Run).where(Run.id == lease.run_id).execution_options(populate_existing=True)).one()
        fenced(session, Lease(run.id, run.epoch, run.last_seq), *rest, **changes)

    monkeypatch.setattr(runs, "write", unfenced)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(lambda: Machine(store), settings=UNTIL_FOUND)
