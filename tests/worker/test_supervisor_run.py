"""A run in the hands of its supervisor, on real databases and files."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from backend.domain.experiment.alerts import Alert
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import artifacts, commands, events, results, runs
from backend.store.runs import LeaseLost
from backend.store.session import Store
from tests.faults.invariants import violations
from tests.worker.supervising import CHECKPOINT, RESULT, SPEC, checkpoint, claim, points, row, say
from worker.pipe.messages import Command, File, Finished, FromTrainer, Happened, Obeyed, Progress, StageDone, Unsaved
from worker.supervisor import resume_point
from worker.supervisor.owned_run import OwnedRun


@pytest.fixture
def held(store: Store, tmp_path: Path) -> OwnedRun:
    """A run that was claimed a moment ago, on each kind of database."""
    return OwnedRun(store, Settings(data_dir=tmp_path), claim(store))


def test_everything_that_was_said_is_written_once_and_in_order(store: Store, held: OwnedRun) -> None:
    with store.begin() as session:
        sent = commands.ask(session, held.id, CommandKind.STOP, {}, "someone")
    [command] = held.new_commands()
    assert held.new_commands() == []
    say(held, Happened(EventKind.STAGE_BEGAN, {"stage": 0}), points(1, 20), Progress(0, 20, 40, 2.0), CHECKPOINT)
    say(held, StageDone(RESULT, [File("file", "onnx", "p", 9, "0" * 64)]), Obeyed(command, 20))
    say(held, Finished(RunState.STOPPED))
    run = row(store, held)
    assert held.outcome is RunState.STOPPED
    assert (run.state, run.step, run.total_steps, run.active_seconds) == (RunState.STOPPED, 20, 40, 2.0)
    assert (run.latest, run.attempts, run.owner) == ({"train/loss": 1.0}, 0, None)
    with store.read() as session:
        kinds = [mark.kind for mark in events.marks(session, held.id)]
        assert results.of(session, [held.id])[held.id] == [RESULT]
        assert {file.kind for file in artifacts.of(session, held.id)} == {"onnx"}  # the checkpoint has no file
        assert commands.pending(session, held.id) == []
    assert kinds == ["state", "stage_began", "checkpoint", "stage_ended", "command", "state"]
    assert violations(store, held.id) == []
    assert command.id == sent.id


def test_checkpoints_that_cannot_be_written_are_noted_while_it_lasts(store: Store, held: OwnedRun) -> None:
    """Once on the timeline, however often it is tried; on the run's row until one is written, or the run is over."""
    for step in (10, 20, 30):
        say(held, Unsaved(step, "No space left on device"))
        assert "could be written at step 10: No space left" in (row(store, held).note or "")
    say(held, CHECKPOINT)
    assert row(store, held).note is None
    say(held, Unsaved(40, "Read-only file system"), Finished(RunState.FAILED, "x"))
    assert row(store, held).note is None
    with store.read() as session:
        said = [mark.body["text"] for mark in events.marks(session, held.id) if mark.kind == EventKind.LOG]
    assert [text.partition(":")[0].partition(",")[0] for text in said] == [
        "No checkpoint could be written at step 10", "Checkpoints are written again",
        "No checkpoint could be written at step 40",
    ]  # fmt: skip


def test_a_worker_that_takes_over_knows_of_the_note(store: Store, tmp_path: Path, held: OwnedRun) -> None:
    say(held, Unsaved(10, "No space left on device"))
    taken = OwnedRun(store, Settings(data_dir=tmp_path), row(store, held))
    say(taken, CHECKPOINT)
    assert row(store, taken).note is None


def test_what_became_of_a_command_is_told_with_why_it_was_asked(store: Store, held: OwnedRun) -> None:
    with store.begin() as session:
        for kind, why in ((CommandKind.STOP, "it is good enough"), (CommandKind.CHECKPOINT, None)):
            commands.ask(session, held.id, kind, {}, "someone", why)
    stop, other = sorted(held.new_commands(), key=lambda command: command.why is None)
    say(held, Obeyed(stop, 20, refused=True, note="No."), Obeyed(other, 21))
    with store.read() as session:
        refused, obeyed = (mark.body for mark in events.marks(session, held.id) if mark.kind == EventKind.COMMAND)
    assert (refused["why"], refused["note"], refused["state"]) == ("it is good enough", "No.", "refused")
    assert obeyed == {"command": other.id, "kind": "checkpoint", "by": "someone", "step": 21, "state": "obeyed"}


def test_a_lost_lease_writes_nothing(store: Store, held: OwnedRun) -> None:
    with store.begin() as session:
        assert runs.reap(session, *runs.leases(session)[0], "a test")
    before = row(store, held).last_seq
    with pytest.raises(LeaseLost):
        say(held, points(1, 20), StageDone(RESULT))
    assert row(store, held).last_seq == before
    with store.read() as session:
        assert results.of(session, [held.id])[held.id] == []


@pytest.mark.parametrize("arrived", [True, False])
def test_a_commit_whose_answer_was_lost_is_written_once(
    store: Store, held: OwnedRun, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    """The connection breaks during the commit: whether it had arrived or not, each point is there once."""
    commit = Session.commit

    def break_down(session: Session) -> None:
        if arrived:
            commit(session)
        raise OperationalError("COMMIT", None, Exception("the connection is gone"))

    with monkeypatch.context() as broken:
        broken.setattr(Session, "commit", break_down)
        with pytest.raises(OperationalError):
            say(held, points(1, 20))
    say(held, points(21, 30))
    assert held.backlog == []
    assert violations(store, held.id) == []
    assert row(store, held).step == 30


def test_what_cannot_be_stored_fails_the_run(store: Store, held: OwnedRun) -> None:
    held.take([Happened(EventKind.LOG, {"level": "info", "text": "", "loss": float("nan")})])
    with pytest.raises(Exception, match="not JSON compliant") as raised:
        held.flush()
    held.spoilt(raised.value)
    held.flush()
    assert row(store, held).state is RunState.FAILED


# ---- deaths of the trainer


def test_a_run_is_given_up_after_three_deaths_without_a_checkpoint(
    store: Store, held: OwnedRun, tmp_path: Path
) -> None:
    for death in range(1, 6):
        held.begin()
        held.trainer_ended("The training process was killed by SIGKILL.")
        assert held.ending == (death == 5)
        if death == 2:
            say(held, checkpoint(tmp_path, 5))  # progress: the count starts again
    held.flush()
    run = row(store, held)
    assert run.state is RunState.FAILED
    assert run.error is not None and "SIGKILL" in run.error


def test_points_beyond_the_checkpoint_are_withdrawn(store: Store, held: OwnedRun, tmp_path: Path) -> None:
    held.begin()
    say(held, points(1, 12), checkpoint(tmp_path, 12), points(13, 20))
    held.trainer_ended("It died.")
    assert held.assignment().resume is not None
    say(held, points(13, 20))
    assert violations(store, held.id) == []
    assert row(store, held).step == 20


def test_a_checkpoint_whose_file_a_later_one_at_the_same_step_replaced_is_forgotten(
    store: Store, held: OwnedRun, tmp_path: Path
) -> None:
    """As when a paused run is given back: it has written one when it was paused, and writes one more."""
    held.begin()
    replaced, paused = checkpoint(tmp_path, 11), checkpoint(tmp_path, 12)
    given_back = replace(checkpoint(tmp_path, 12), path="checkpoints/12-again.pt")
    say(held, replaced, paused)
    (tmp_path / replaced.path).unlink()
    (tmp_path / paused.path).rename(tmp_path / given_back.path)
    say(held, given_back)
    with store.read() as session:
        assert [file.id for file in artifacts.checkpoints(session, held.id)] == [given_back.id]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:]),
        lambda file: file.write_bytes(b""),
        lambda file: file.unlink(),
    ],
    ids=["cut short", "one bit flipped", "empty", "gone"],
)
def test_a_damaged_checkpoint_is_never_loaded(store: Store, held: OwnedRun, tmp_path: Path, damage: Any) -> None:
    older, newer = checkpoint(tmp_path, 5), checkpoint(tmp_path, 9)
    say(held, points(1, 5), older, points(6, 9), newer)
    assert resume_point.newest(store, tmp_path, held.id) == (newer, [])
    damage(tmp_path / newer.path)
    found, damaged = resume_point.newest(store, tmp_path, held.id)
    assert found == older and [artifact.id for artifact, _ in damaged] == [newer.id]


def test_a_damaged_checkpoint_is_told_of_and_offered_no_more(store: Store, held: OwnedRun, tmp_path: Path) -> None:
    """One whose folder cannot be reached may come back."""
    oldest, older, newer = (checkpoint(tmp_path, step) for step in (5, 7, 9))
    say(held, points(1, 5), oldest, points(6, 7), older, points(8, 9), newer)
    (tmp_path / newer.path).write_bytes(b"")
    (tmp_path / older.path).unlink()
    work = held.assignment()
    assert work is not None and work.resume == oldest
    with store.read() as session:
        registered = [artifact.id for artifact in artifacts.checkpoints(session, held.id)]
        reported = [mark.body["text"] for mark in events.marks(session, held.id) if mark.kind == EventKind.LOG]
    assert registered == [older.id, oldest.id]
    assert ["no longer offered" in text for text in reported] == [True, False]
    assert "step 9" in reported[0] and "step 7" in reported[1]
    assert violations(store, held.id) == []


def test_the_last_checkpoint_before_a_command_that_steers_is_to_stay(
    store: Store, held: OwnedRun, tmp_path: Path
) -> None:
    def stays(*said: FromTrainer) -> bool:
        say(held, *said)
        found, _ = resume_point.newest(store, tmp_path, held.id)
        assert found is not None
        return found.keep

    first, second, requested = (replace(checkpoint(tmp_path, step), keep=step == 9) for step in (5, 7, 9))
    assert not stays(points(1, 5), first)
    assert stays(Obeyed(Command("one", CommandKind.SET, {"path": "optimizer.lr", "value": 1.0}, "ann"), 5))
    assert not stays(points(6, 7), second, Obeyed(Command("two", CommandKind.PAUSE, {}, "ann"), 7))
    assert stays(points(8, 9), requested)


def test_an_alert_counts_the_points_that_are_there_whoever_saw_them(store: Store, tmp_path: Path) -> None:
    """Neither twice, when a trainer died over them, nor not at all, when another worker did."""

    def alerts(held: OwnedRun) -> list[int]:
        with store.read() as session:
            return [mark.body["step"] for mark in events.marks(session, held.id) if mark.kind == EventKind.ALERT]

    settings, counting = Settings(data_dir=tmp_path), Alert(metric="train/loss", still=4)
    first = OwnedRun(store, settings, claim(store, SPEC.model_copy(update={"alerts": [counting]})))
    first.begin()
    say(first, points(1, 3))
    first.trainer_ended("It died.")
    assert first.assignment() is not None
    first.begin()
    say(first, points(1, 3), checkpoint(tmp_path, 3), Finished(RunState.QUEUED))
    with store.begin() as session:
        run = runs.claim(session, "another")
    assert run is not None and alerts(first) == []
    second = OwnedRun(store, settings, run)
    assert second.assignment() is not None
    say(second, points(4, 4))
    assert alerts(second) == []
    say(second, points(5, 6))
    assert alerts(second) == [5]


def test_a_checkpoint_stays_until_the_one_that_takes_its_place_is_registered(
    store: Store, held: OwnedRun, tmp_path: Path
) -> None:
    """While the database cannot be reached the registered ones are all that another worker would find."""
    older = checkpoint(tmp_path, 5)
    newer = replace(checkpoint(tmp_path, 9), replaces=[older.path])
    say(held, points(1, 5), older)
    held.take([points(6, 9), newer])
    assert resume_point.newest(store, tmp_path, held.id) == (older, [])
    held.flush()
    assert not (tmp_path / older.path).exists()
    with store.read() as session:
        assert [artifact.id for artifact in artifacts.checkpoints(session, held.id)] == [newer.id]


def test_a_silent_trainer_is_ended_sooner_once_it_has_spoken(store: Store, tmp_path: Path) -> None:
    held = OwnedRun(store, Settings(data_dir=tmp_path, stall_seconds=0.2), claim(store))
    held.begin()
    time.sleep(0.3)
    assert held.reason_to_kill() is None  # it may still fetch its data
    say(held, Progress(0, 1, 10, 0.1))
    assert held.reason_to_kill() is None
    time.sleep(0.3)
    assert held.reason_to_kill() == "The training process sent no message for 0.2 s and was killed."


def test_files_that_a_killed_trainer_left_unregistered_are_deleted(
    store: Store, held: OwnedRun, tmp_path: Path
) -> None:
    """Those of a stage that is measured once more as well; what is registered stays."""
    folder = tmp_path / "runs" / held.id / "artifacts"
    folder.mkdir(parents=True)
    names = ["first.onnx", "second.onnx", "unfinished.onnx"]
    for name in names:
        (folder / name).write_bytes(b"model")
    first, second = (File(name, "onnx", f"runs/{held.id}/artifacts/{name}", 5, "0" * 64) for name in names[:2])
    held.begin()
    say(held, StageDone(RESULT, [first]))
    assert {file.name for file in folder.iterdir()} == set(names)  # its trainer is at work: nothing is touched
    held.trainer_ended("It died.")
    held.assignment()
    assert {file.name for file in folder.iterdir()} == {"first.onnx"}
    (folder / "second.onnx").write_bytes(b"model")
    held.begin()
    say(held, StageDone(RESULT, [second]))
    say(held, Finished(RunState.SUCCEEDED))
    assert {file.name for file in folder.iterdir()} == {"second.onnx"}
    with store.read() as session:
        assert [file.id for file in artifacts.of(session, held.id)] == ["second.onnx"]
