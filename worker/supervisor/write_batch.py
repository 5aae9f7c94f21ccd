"""Folds the trainer's messages since the last write into one transaction."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from backend.domain.run.commands import CommandKind, CommandState
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import JOULES, Place, RunState
from backend.store import artifacts, commands, results, runs, summaries
from backend.store.chunks import Chunk, decode, last_step
from backend.store.runs import Lease
from worker.pipe.messages import (
    Checkpoint,
    File,
    Finished,
    FromTrainer,
    Happened,
    Obeyed,
    Points,
    Progress,
    Ready,
    StageDone,
    Summary,
    Unsaved,
)
from worker.supervisor.alerts import AlertWatch

MOST_LINES = 10_000
"""Lines of a run's log that are kept."""
SPARE_LINES = 100
"""Errors that are kept beyond those: they may say why the run fails."""


@dataclass
class WriteBatch:
    """Events and changes of the run's row, and the rows beside it. `step` is the last one that was heard of."""

    step: int
    latest: dict[str, float]
    lines: int = 0  # that its log has
    place: tuple[int, int] = (-1, -1)  # (stage, step) of the furthest checkpoint
    inherited: float = 0.0  # seconds of the past that a fork began with: the trainer's clock goes on from there
    progressed: bool = False  # a checkpoint went further than any before
    events: list[NewEvent] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[File, int, int, Place | None]] = field(default_factory=list)  # with stage, step and place
    results: list[StageDone] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    obeyed: list[Obeyed] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)  # paths of checkpoints that others take the place of
    finished: Finished | None = None
    alarms: tuple[AlertWatch, ...] = ()
    unsaved: bool = False  # the run's row says that no checkpoint can be written
    raised: list[dict[str, Any]] = field(default_factory=list)

    def next(self, messages: Iterable[FromTrainer]) -> "WriteBatch":
        """The turn that comes after this one was written."""
        carried = self.step, dict(self.latest), self.lines, self.place, self.inherited
        batch = WriteBatch(*carried, alarms=self.alarms, unsaved=self.unsaved)
        for message in messages:
            batch._take(message)
        return batch

    def write(self, session: Session, lease: Lease) -> None:
        """Write it all under the fence. Raises LeaseLost when the run is no longer ours."""
        runs.write(session, lease, self.events, **self.changes)
        for done in self.results:
            results.put(session, lease.run_id, done.result)
            _forget_files(session, lease.run_id, done.result.stage)
        for summary in self.summaries:
            summaries.put(session, lease.run_id, summary.kind, summary.stage, summary.step, summary.body)
        for file, stage, step, place in self.files:
            artifacts.register(
                session,
                lease.run_id,
                id=file.id,
                kind=file.kind,
                stage=stage,
                step=step,
                place=place,
                path=file.path,
                bytes=file.bytes,
                sha256=file.sha256,
            )
        for artifact in artifacts.checkpoints(session, lease.run_id) if self.replaced else ():
            if artifact.path in self.replaced:
                artifacts.forget(session, artifact.id)
        for obeyed in self.obeyed:
            commands.settle(session, obeyed.command.id, _final_state(obeyed), obeyed.note)
        for alert in self.raised:
            _act(session, lease.run_id, alert)
        if self.finished and self.finished.state is RunState.QUEUED:
            runs.release(session, lease, self.finished.error or "The worker was shut down.")
        elif self.finished:
            runs.finish(session, lease, self.finished.state, self.finished.error)

    def _take(self, message: FromTrainer) -> None:
        match message:
            case Points():
                self._points(message)
            case Progress():
                self._progress(message)
            case Happened():
                self._happened(message)
            case Checkpoint():
                self._checkpoint(message)
            case Summary():
                self.summaries.append(message)
                self._event(EventKind.SUMMARY, {"kind": message.kind, "stage": message.stage, "step": message.step})
            case StageDone():
                self._stage_done(message)
            case Obeyed():
                self._obeyed(message)
            case Unsaved():
                self._could_not_save(message)
            case Finished():
                self.finished = message
                self._note(None)
            case Ready():
                raise AssertionError("A trainer is ready before it is given a run.")

    def _progress(self, progress: Progress) -> None:
        self.step = progress.step
        self.changes |= {"stage": progress.stage, "step": progress.step}
        own = max(0.0, progress.seconds - self.inherited)
        self.changes |= {"total_steps": progress.total_steps, "active_seconds": own}
        if progress.joules:  # what was done twice after a death was paid twice
            self.latest[JOULES] = self.latest.get(JOULES, 0.0) + progress.joules
            self.changes["latest"] = self.latest

    def _points(self, points: Points) -> None:
        self._event(EventKind.POINTS, {}, points.chunk)
        self.latest |= points.latest
        if not all(alarm.raised for alarm in self.alarms):
            self._watch(decode(points.chunk))
        self.step = max(self.step, last_step(points.chunk))
        self.changes |= {"step": self.step, "latest": self.latest}

    def _watch(self, chunk: Chunk) -> None:
        watched = [alarm.watch(chunk) for alarm in self.alarms]
        self.alarms = tuple(alarm for alarm, _ in watched)
        for _, alert in watched:
            if alert is not None:
                self.raised.append(alert)
                self._event(EventKind.ALERT, alert)

    def _happened(self, happened: Happened) -> None:
        if happened.kind is EventKind.LOG:
            self._line(happened.body)
        else:
            self._event(happened.kind, happened.body)
        if happened.kind is EventKind.STATE:
            self.changes["state"] = RunState(happened.body["state"])
        if happened.kind is EventKind.REWIND:
            self.step = happened.body["step"]
            self.changes["step"] = self.step

    def _line(self, body: dict[str, Any]) -> None:
        """Adds a line to the log, up to a limit. No other event of a run is ever dropped."""
        if self.lines == MOST_LINES - 1:
            text = f"The log has {MOST_LINES:,} lines: further lines are not kept."
            self._keep({"level": "warning", "text": text})
        if self.lines < (MOST_LINES + SPARE_LINES if body["level"] == "error" else MOST_LINES - 1):
            self._keep(body)

    def _keep(self, line: dict[str, Any]) -> None:
        self.lines += 1
        self._event(EventKind.LOG, line)

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        stage, step = checkpoint.stage, checkpoint.step
        file = File(checkpoint.id, "checkpoint", checkpoint.path, checkpoint.bytes, checkpoint.sha256)
        self.files.append((file, stage, step, checkpoint.place))
        self.replaced += checkpoint.replaces
        body = {"step": step, "stage": stage, "artifact": checkpoint.id, "seconds": checkpoint.seconds}
        self._event(EventKind.CHECKPOINT, {**body, "trains": checkpoint.trains, "keep": checkpoint.keep})
        if (stage, step) > self.place:
            self.place, self.progressed = (stage, step), True
        if self.unsaved:
            self._event(EventKind.LOG, {"level": "info", "text": f"Checkpoints are written again, at step {step:,}."})
            self._note(None)

    def _could_not_save(self, unsaved: Unsaved) -> None:
        """Reports once that checkpoints cannot be written, and shows it on the run until they can."""
        if not self.unsaved:
            text = f"No checkpoint could be written at step {unsaved.step:,}: {unsaved.reason}."
            self._event(EventKind.LOG, {"level": "warning", "text": f"{text} Training continues."})
            self._note(f"{text} Training continues, but a crash would lose all steps since the last checkpoint.")

    def _note(self, text: str | None) -> None:
        if text or self.unsaved:
            self.changes["note"] = text
        self.unsaved = text is not None

    def _stage_done(self, done: StageDone) -> None:
        result = done.result
        self.results.append(done)
        self.files += [(file, result.stage, result.step, None) for file in done.files]
        body = {"stage": result.stage, "kind": result.kind, "label": result.label, "step": result.step}
        self._event(EventKind.STAGE_ENDED, body)

    def _obeyed(self, obeyed: Obeyed) -> None:
        self.obeyed.append(obeyed)
        command = obeyed.command
        body = {
            "command": command.id,
            "kind": command.kind,
            "by": command.by,
            "step": obeyed.step,
            "state": _final_state(obeyed),
        }
        said = {name: text for name, text in (("why", command.why), ("note", obeyed.note)) if text}
        self._event(EventKind.COMMAND, {**body, **obeyed.effect, **said})
        if "stages" in obeyed.effect:
            self.changes["stages"] = obeyed.effect["stages"]

    def _event(self, kind: EventKind, body: dict[str, Any], chunk: bytes | None = None) -> None:
        self.events.append(NewEvent(kind=kind, body=body, chunk=chunk))


def _act(session: Session, run_id: str, alert: dict[str, Any]) -> None:
    """Carries out an alert's action: a command like a person's, obeyed if the run can take it."""
    if alert["then"] != "report":
        with suppress(commands.RunOver, commands.NotNow):
            commands.ask(session, run_id, CommandKind(alert["then"]), {}, f"the alert on {alert['metric']}"[:100])


def _forget_files(session: Session, run_id: str, stage: int) -> None:
    """Unregisters the files of a stage that is repeated after its trainer died."""
    for artifact in artifacts.of(session, run_id):
        if artifact.stage == stage and artifact.kind != artifacts.CHECKPOINT:
            artifacts.forget(session, artifact.id)


def _final_state(obeyed: Obeyed) -> CommandState:
    return CommandState.REFUSED if obeyed.refused else CommandState.OBEYED
