"""The disk is full, really: F11."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store.session import Store
from tests.disks import full, small_disk
from tests.e2e.lathe import Lathe
from tests.faults.farm import UNHURRIED, Farm, farm, spec
from tests.faults.served import lacking, served, until_lacking
from tests.patience import until

LONG = spec(epochs=60, milliseconds=UNHURRIED)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


@pytest.fixture
def undisturbed(tmp_path: Path) -> str:
    """The final weights of the run that nothing happens to."""
    with farm(tmp_path / "undisturbed") as made:
        made.start()
        run_id = made.submit(spec(epochs=60, milliseconds=0))
        made.finished(run_id)
        return made.weights(run_id)


def test_f11_without_room_for_checkpoints_a_run_goes_on_and_says_so(
    tmp_path: Path, disk: Path, undisturbed: str
) -> None:
    """The database has a disk of its own here."""
    with farm(disk / "farm", f"sqlite:///{tmp_path / 'lathe.sqlite'}") as made, served(made) as lathe:
        [worker] = made.start()
        run_id = made.submit(LONG)
        made.at_step(run_id, 20)
        with full(disk):
            note = until(lambda: lathe.run(run_id)["note"], 60, "the note", worker.log)
            assert "No space left on device" in note
            until_lacking(lathe, "disk", "nearly full")
            made.at_step(run_id, made.run(run_id).step + 40)
        until(lambda: lathe.run(run_id)["note"] is None, 60, "the end of the note", worker.log)
        assert made.finished(run_id).state is RunState.SUCCEEDED
        reported = [mark["text"] for mark in made.marks(run_id, EventKind.LOG)]
        assert [line.partition(" at step")[0] for line in reported] == [
            "No checkpoint could be written", "Checkpoints are written again,",
        ]  # fmt: skip
        assert made.marks(run_id, EventKind.REWIND) == []
        assert made.weights(run_id) == undisturbed


def test_f11_without_room_for_anything_runs_wait_and_go_on_exactly(disk: Path, undisturbed: str) -> None:
    """Database, files and logs on one full disk: the server says what is wrong, and nothing is lost or written twice."""
    with farm(disk / "farm") as made, served(made, LATHE_LEAST_FREE_BYTES="100000") as lathe:
        [worker] = made.start()
        run_id = made.submit(LONG)
        until(lambda: made.checkpoints(run_id), 240, "a checkpoint", worker.log)
        trainer = worker.trainer()
        with full(disk):
            until_lacking(lathe, "database", "no space left on its disk")
            assert lathe.call("GET", "/healthz")[0] == 200
            assert refused(lathe, made) == (507, "StoreFull")
            until(lambda: not Path(f"/proc/{trainer}").exists(), 60, "that the trainer yields", worker.log)
        until(lambda: not lacking(lathe), 60, f"readiness, not {lacking(lathe)}")
        assert made.finished(run_id).state is RunState.SUCCEEDED
        assert made.weights(run_id) == undisturbed
        assert any("no space left on its disk" in mark["text"] for mark in made.marks(run_id, EventKind.LOG))
        assert made.states(run_id) == ["running", "succeeded"]
        assert integrity(made.store) == "ok"


def refused(lathe: Lathe, made: Farm) -> tuple[int, str]:
    status, answer = lathe.call("POST", "/api/experiments", {"spec": spec()})
    assert "free some space" in answer["detail"]
    return status, answer["error"]


def integrity(store: Store) -> str:
    with store.read() as session:
        return str(session.execute(text("PRAGMA integrity_check")).scalar())
