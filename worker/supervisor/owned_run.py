"""A run that this worker owns: its lease, what waits to be written, and how often its trainer has died."""

import logging
from collections.abc import Collection
from dataclasses import replace
from time import monotonic

from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import artifacts, commands, events, runs
from backend.store.crash_points import Point, passing
from backend.store.runs import Lease
from backend.store.session import UNAVAILABLE, Store
from backend.store.sources import SourceMissing
from backend.store.tables import Run
from backend.store.trouble import Trouble
from worker.pipe.messages import Assignment, Command, Finished, FromTrainer, Happened, Obeyed
from worker.supervisor import fork_history, planned_commands, resume_point, source_models, unregistered_files
from worker.supervisor.alerts import again, alarms
from worker.supervisor.tenure import Tenure
from worker.supervisor.write_batch import WriteBatch

log = logging.getLogger("lathe.run")

MAX_DEATHS = 3
"""Number of deaths of the trainer in a row, without a new checkpoint, after which the run is given up."""

CANCEL_SECONDS = 5.0
"""Time that a trainer has to end a cancelled run before it is killed."""

BEGINNING = 10
"""Factor on the allowed silence of a trainer before its first message: it may have to fetch the data."""


class OwnedRun:
    """All that this process knows of the run. No method waits for the trainer."""

    def __init__(
        self, store: Store, settings: Settings, run: Run, raised: Collection[int] = (), lines: int = 0
    ) -> None:
        self._store, self._settings = store, settings
        self._lease = Lease.of(run)
        known, unsaved = alarms(run.spec, raised), run.note is not None
        self._known = WriteBatch(step=run.step, latest=dict(run.latest), lines=lines, alarms=known, unsaved=unsaved)
        self._waits = run.waits_for is not None
        self._work = Assignment(run.id, run.epoch, run.seed, run.spec, f"runs/{run.id}")
        self._doubt: tuple[int, WriteBatch, int] | None = (
            None  # a commit whose answer never came: its `last_seq`, messages
        )
        self._forwarded: set[str] = set()
        self._tenure = Tenure.CLAIMED
        self._deaths = 0
        self._renewed = self._heard = monotonic()
        self._trouble = Trouble.AWAY  # why the lease was last not renewed
        self._cancel: tuple[Command, float] | None = None  # and by when the trainer must have ended it
        self._cancel_answered = False
        self._leave_by: float | None = None
        self.backlog: list[FromTrainer] = []  # said, not yet written
        self.outcome: RunState | None = None

    @property
    def id(self) -> str:
        return self._lease.run_id

    @property
    def assigned(self) -> bool:
        """Returns whether a trainer works on it."""
        return self._tenure.has_trainer

    @property
    def ending(self) -> bool:
        """Returns whether the final message waits to be written."""
        return self._tenure is Tenure.ENDING

    @property
    def idle(self) -> bool:
        """Returns whether it waits for a trainer."""
        return not self._tenure.has_trainer and not self._tenure.ends

    @property
    def over(self) -> bool:
        return self._tenure is Tenure.OVER

    @property
    def leaving(self) -> bool:
        return self._leave_by is not None

    @property
    def must_yield(self) -> bool:
        """Returns whether the lease was not renewed for so long that another worker may soon take the run."""
        return monotonic() - self._renewed > self._settings.patience_seconds

    def begin(self) -> None:
        """Records that the trainer has the assignment."""
        self._tenure = self._tenure.to(Tenure.ASSIGNED)
        self._heard = monotonic()

    def take(self, messages: list[FromTrainer]) -> None:
        """Keeps messages of the trainer until they are written."""
        if messages:
            self._heard = monotonic()
            self.backlog += messages
            passing(Point.HEARD)
            if self._tenure is Tenure.ASSIGNED:
                self._tenure = self._tenure.to(Tenure.AT_WORK)
            if isinstance(messages[-1], Finished):
                self._tenure = self._tenure.to(Tenure.ENDING)
            if any(isinstance(said, Obeyed) and said.command.kind is CommandKind.CANCEL for said in messages):
                self._cancel_answered = True

    def leave(self, by: float) -> None:
        """The worker shuts down: the run has to be given back by then (monotonic seconds)."""
        self._leave_by = by
        if self.idle:
            self._end(RunState.QUEUED)

    def hinder(self, why: Trouble) -> None:
        """The database takes nothing: so the run's row cannot say it, and its events will once they can."""
        self._trouble = why

    def reason_to_kill(self) -> str | None:
        """Reason why the trainer must be killed now; None when it may go on."""
        now = monotonic()
        if not self.assigned:
            return None
        if self.must_yield:
            return f"The lease could not be renewed in time: the database {self._trouble}."
        if self._cancel and now > self._cancel[1]:
            return "The trainer did not end the cancelled run."
        if self._leave_by and now > self._leave_by:
            return "The trainer did not release the run."
        silence = self._settings.stall_seconds * (BEGINNING if self._tenure is Tenure.ASSIGNED else 1)
        if now - self._heard > silence:
            return f"The training process sent no message for {silence:g} s and was killed."
        return None

    def trainer_ended(self, why: str) -> None:
        """Its trainer is gone: the run goes on with the next one under the same lease, unless it ends here."""
        if self._tenure.ends:
            return
        if self._cancel or self._leave_by:
            self._end(RunState.CANCELLED if self._cancel else RunState.QUEUED)
        elif not self.assigned:
            self._end(RunState.QUEUED, why)
        elif self.must_yield:
            self._tenure = self._tenure.to(Tenure.CLAIMED)
            self._note("warning", why)
        else:
            self._tenure = self._tenure.to(Tenure.ORPHANED)
            self._deaths += 1
            self._note("error", why)
            if self._deaths >= MAX_DEATHS:
                self._end(RunState.FAILED, f"{why} It died {MAX_DEATHS} times without reaching a new checkpoint.")

    def spoilt(self, error: Exception) -> None:
        """Fails the run because the trainer's messages cannot be stored, and says so."""
        self.backlog.clear()
        self._end(RunState.FAILED, f"Messages of the trainer could not be stored ({type(error).__name__}).")

    def flush(self) -> None:
        """Write what waits, and renew the lease. Raises LeaseLost; UNAVAILABLE leaves everything waiting."""
        began = monotonic()
        self._resolve_doubt()
        if self.ending:  # files that nobody registered go before the last word: nobody looks after it
            self._write(self._known.next(self.backlog[:-1]), len(self.backlog) - 1)
        if not self.over:
            self._write(self._known.next(self.backlog), len(self.backlog))
            self._renewed = began

    def assignment(self) -> Assignment | None:
        """Assignment for the trainer, from the newest sound checkpoint; points beyond that are withdrawn.

        None when a run that the spec names has gone: then this one ends as failed.
        """
        if self._waits:
            self._accept_prefix()
        resume, damaged = resume_point.newest(self._store, self._settings.data_dir, self.id)
        if damaged:
            self.flush()
            resume_point.withdraw(self._store, self._lease, damaged)
        self._known.inherited = min(fork_history.seconds(self._store, self.id), resume.seconds) if resume else 0.0
        step = resume.step if resume else 0
        if self._known.step > step or (self._tenure is Tenure.ORPHANED and resume):
            body = {"step": step, "reason": f"The run goes on from step {step:,}."}
            self.backlog.append(Happened(EventKind.REWIND, body))
        self.flush()
        self._watch_again()
        self._forwarded.clear()
        try:
            found = source_models.of(self._store, self._settings.data_dir, self._work.spec)
        except SourceMissing as error:
            self._end(RunState.FAILED, str(error))
            return None
        spec, steered, rests = planned_commands.of(self._store, self.id, step)
        return replace(self._work, spec=spec, resume=resume, sources=found, scheduled=steered, paused=rests)

    def _watch_again(self) -> None:
        """Alerts that count points count those that the run has now."""
        counting = {one.alert.metric for one in self._known.alarms if one.alert.still is not None and not one.raised}
        if counting:
            with self._store.read() as session:
                _, chunks = events.chunks(session, self.id, metrics=counting)
            self._known.alarms = again(self._known.alarms, chunks)

    def _accept_prefix(self) -> None:
        """Copies the history of the run that this one waited for."""
        self.flush()
        run = fork_history.accept(self._store, self._settings.data_dir, self._lease)
        with self._store.read() as session:
            lines = events.lines(session, self.id)
        self._known = replace(self._known, step=run.step, latest=dict(run.latest), lines=lines)
        self._waits = False

    def new_commands(self) -> list[Command]:
        """Commands since the last call. A cancel without a trainer at work takes effect here."""
        with self._store.read() as session:
            pending = commands.pending(session, self.id)
        new = [
            Command(row.id, CommandKind(row.kind), row.body, row.by, row.why)
            for row in pending
            if row.id not in self._forwarded
        ]
        self._forwarded |= {command.id for command in new}
        for command in new:
            if command.kind is CommandKind.CANCEL and self._cancel is None:
                self._cancel = (command, monotonic() + CANCEL_SECONDS)
        if self._cancel and self.idle:
            self._end(RunState.CANCELLED)
        return new

    def _end(self, state: RunState, reason: str | None = None) -> None:
        """End it, or give it back (`queued`), without the trainer having said so; the next flush writes it."""
        if self._cancel:
            state, reason = RunState.CANCELLED, None
            if not self._cancel_answered:
                self.backlog.append(Obeyed(self._cancel[0], self._known.step))
        self.backlog.append(Finished(state, reason))
        if not self.ending:
            self._tenure = self._tenure.to(Tenure.ENDING)

    def _note(self, level: str, text: str) -> None:
        """Adds a line to the run's log."""
        log.warning("Run %s: %s", self.id, text)
        self.backlog.append(Happened(EventKind.LOG, {"level": level, "text": text}))

    def _write(self, batch: WriteBatch, messages: int) -> None:
        before = after = self._lease.last_seq
        tidies = not batch.finished and (self.ending or not self.assigned)
        loose = unregistered_files.present(self._settings.data_dir, self.id) if tidies else []
        vanished = self._vanished(batch) if batch.files else []
        try:
            with self._store.begin() as session:
                batch.write(session, self._lease)
                for checkpoint in vanished:
                    artifacts.forget(session, checkpoint)
                after = self._lease.last_seq
        except UNAVAILABLE:
            if after != before:
                self._doubt = (after, batch, messages)
            raise
        self._accept(batch, messages)
        if loose:
            unregistered_files.collect(self._store, self._settings.data_dir, self.id, loose)

    def _vanished(self, batch: WriteBatch) -> list[str]:
        announced = [file for file, *_ in batch.files]
        return resume_point.find_vanished(self._store, self._settings.data_dir, self.id, announced)

    def _accept(self, batch: WriteBatch, messages: int) -> None:
        del self.backlog[:messages]
        for path in batch.replaced:
            unregistered_files.delete(self._settings.data_dir / path)
        self._known = batch
        self._deaths = 0 if batch.progressed else self._deaths
        if batch.finished:
            self.outcome, self._tenure = batch.finished.state, self._tenure.to(Tenure.OVER)

    def _resolve_doubt(self) -> None:
        """Checks whether a commit without an answer succeeded, so that nothing is written twice."""
        if self._doubt is None:
            return
        after, batch, messages = self._doubt
        with self._store.read() as session:
            row = runs.get(session, self.id)
        if row is not None and (row.epoch, row.last_seq) == (self._lease.epoch, after):
            self._lease.last_seq = after
            self._accept(batch, messages)
        self._doubt = None
