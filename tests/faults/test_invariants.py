"""The checker of the fault tests finds each bug that it exists for."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import RunState
from backend.store import artifacts, commands, experiments, runs
from backend.store.chunks import Chunk, encode
from backend.store.migrate import migrate
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Event, Run
from tests.faults.invariants import lost, unregistered, violations

SPEC = Experiment(name="n", dataset={"kind": "d"}, model={"kind": "m"}, stages=[{"kind": "train"}])


def points(first: int, last: int) -> NewEvent:
    steps = np.arange(first, last + 1)
    return NewEvent(
        kind=EventKind.POINTS, chunk=encode(Chunk(0, steps, steps / 10, {"train/loss": np.ones(len(steps))}))
    )


class Story:
    """A run that is told by hand."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.begin() as session:
            experiments.create(session, SPEC, [0])
            run = runs.claim(session, str(uuid.uuid4()))
            assert run is not None
            self.lease = Lease.of(run)

    def write(self, *happened: NewEvent, step: int) -> None:
        with self.store.begin() as session:
            runs.write(session, self.lease, happened, step=step)

    def finish(self) -> None:
        with self.store.begin() as session:
            runs.finish(session, self.lease, RunState.SUCCEEDED)

    def plant(self, happened: NewEvent) -> None:
        """Writes like a worker without a fence."""
        with self.store.begin() as session:
            run = session.get_one(Run, self.lease.run_id)
            run.last_seq += 1
            session.add(
                Event(
                    run_id=run.id, seq=run.last_seq, kind=happened.kind, at=run.created_at, body=happened.body,
                    chunk=happened.chunk,
                )
            )  # fmt: skip

    @property
    def violations(self) -> str:
        return "; ".join(violations(self.store, self.lease.run_id))


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """Twenty steps of which the last eight were done twice, as after a trainer's death."""
    url = f"sqlite:///{tmp_path / 'lathe.sqlite'}"
    migrate(url)
    story = Story(Store.open(url))
    story.write(points(1, 15), step=15)
    story.write(NewEvent(kind=EventKind.REWIND, body={"step": 12}), points(13, 20), step=20)
    yield story
    story.store.close()


def test_a_run_that_kept_every_promise_has_no_violation(story: Story) -> None:
    assert story.violations == ""
    story.finish()
    assert story.violations == ""


def test_the_steps_that_a_death_cost_are_counted(story: Story) -> None:
    assert lost(story.store, story.lease.run_id) == 3
    story.write(NewEvent(kind=EventKind.REWIND, body={"step": 2}), points(3, 4), step=4)
    assert lost(story.store, story.lease.run_id) == 18


def test_a_file_that_nobody_registered_and_one_that_is_gone_are_found(story: Story, tmp_path: Path) -> None:
    run_id = story.lease.run_id
    folder = tmp_path / "runs" / run_id / "checkpoints"
    folder.mkdir(parents=True)
    assert unregistered(story.store, tmp_path, run_id) == []
    (folder / "half.part").touch()
    gone = {"kind": "checkpoint", "stage": 0, "step": 5, "bytes": 9, "sha256": "ab"}
    with story.store.begin() as session:
        artifacts.register(session, run_id, id="a", path=f"runs/{run_id}/checkpoints/gone.pt", **gone)  # type: ignore[arg-type]
    assert unregistered(story.store, tmp_path, run_id) == [
        "nobody registered half.part",
        "gone.pt cannot be read (No such file or directory)",
    ]


def test_a_doubled_point_is_found(story: Story) -> None:
    story.write(points(18, 22), step=22)
    assert "train/loss at step 18 is there 2 times" in story.violations


def test_a_gap_in_the_curve_is_found(story: Story) -> None:
    story.write(points(22, 24), step=24)
    assert story.violations == "the curve has a gap"


def test_points_that_were_lost_at_the_end_are_found(story: Story) -> None:
    story.write(step=30)
    story.finish()
    assert story.violations == "the curve ends at step 20, the run at 30"


def test_a_row_of_a_stale_epoch_is_found(story: Story) -> None:
    story.plant(points(13, 15))
    assert "is there 2 times" in story.violations


def test_a_row_after_the_end_is_found(story: Story) -> None:
    story.finish()
    story.plant(NewEvent(kind=EventKind.LOG))
    assert story.violations == "terminal events at [5], the last event is 6"


def test_a_second_end_is_found(story: Story) -> None:
    story.finish()
    story.plant(NewEvent(kind=EventKind.STATE, body={"state": "cancelled"}))
    assert "terminal events at [5, 6]" in story.violations


def test_a_gap_in_the_sequence_is_found(story: Story) -> None:
    with story.store.begin() as session:
        session.delete(session.get_one(Event, (story.lease.run_id, 2)))
    assert "seq has a gap" in story.violations


def test_a_command_that_nobody_answers_is_found(story: Story) -> None:
    story.finish()
    with story.store.begin() as session:
        run = session.get_one(Run, story.lease.run_id)
        run.state = RunState.RUNNING
        session.flush()
        commands.ask(session, run.id, CommandKind.STOP, {}, "a test")
        run.state = RunState.SUCCEEDED
    assert story.violations == "a command that nobody will ever answer"
