"""Failures of optional parts stop nothing that is needed."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store.session import Store
from tests.worker.supervising import claim, row
from worker.contracts.families.schedules import Schedule
from worker.illustrations import DRAWN
from worker.pipe.link import Unattended
from worker.pipe.messages import Ready
from worker.supervisor.owned_run import OwnedRun
from worker.supervisor.study_process import ConductorChild
from worker.supervisor.warm_trainer import WarmTrainer
from worker.trainer import __main__


@contextmanager
def no_more_files() -> Iterator[None]:
    """Not one more descriptor is to be had."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_file_that_cannot_be_deleted_fails_no_run(store: Store, tmp_path: Path) -> None:
    held = OwnedRun(store, Settings(data_dir=tmp_path), claim(store))
    stubborn = tmp_path / "runs" / held.id / "checkpoints" / "folder.pt"
    stubborn.mkdir(parents=True)
    loose = stubborn.with_name("loose.pt")
    loose.touch()
    held.flush()
    assert row(store, held).state is RunState.RUNNING
    assert (stubborn.exists(), loose.exists()) == (True, False)


def test_a_trainer_that_cannot_be_started_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keeper = WarmTrainer(Settings(data_dir=tmp_path), Event())
    with no_more_files():
        assert keeper.tend() is None
    assert "The trainer did not start." in caplog.text
    assert keeper.tend() is None  # not at once
    assert caplog.text.count("The trainer did not start.") == 1


def test_a_conductor_that_cannot_be_started_holds_no_run_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    child = ConductorChild(Settings(data_dir=tmp_path), Store.open(f"sqlite:///{tmp_path / 'x.sqlite'}"))
    with no_more_files():
        child._start()
    assert "No conductor can be started now" in caplog.text


def test_a_picture_that_cannot_be_drawn_is_left_out(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert catalog.entries  # the components have been found
    monkeypatch.setitem(DRAWN, Schedule, lambda _: 1 // 0)
    entry = {"family": "schedules", "kind": "cosine", "unavailable": None, "picture": None}
    plain = [entry]
    __main__._illustrate(plain, Ready({}, {}), Idle())  # type: ignore[arg-type]
    assert (plain, entry["picture"]) == ([], None)


class Idle(Unattended):
    """A link on which no work waits."""

    has_work = False
