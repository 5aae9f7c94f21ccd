"""The mark that health checks read: whose it is, and that nothing depends on it."""

import logging
import socket
from pathlib import Path
from time import monotonic

import pytest

from worker.process import liveness
from worker.process.liveness import Mark


def test_a_mark_is_read_back_until_its_worker_leaves(tmp_path: Path) -> None:
    assert liveness.complaint(tmp_path) == "No worker runs on this machine."
    mark = Mark(tmp_path, "one")
    mark.set()
    assert liveness.complaint(tmp_path) is None
    assert (liveness.folder(tmp_path) / "one.alive").stat().st_mode & 0o777 == 0o600
    mark.remove()
    assert list(liveness.folder(tmp_path).iterdir()) == []


def test_a_silent_one_is_named_beside_one_that_is_well(tmp_path: Path) -> None:
    silent, well = Mark(tmp_path, "silent"), Mark(tmp_path, "well")
    silent.set()
    well.set()
    file = liveness.folder(tmp_path) / "silent.alive"
    file.write_text(f"{monotonic() - 60:020.3f} {socket.gethostname()}\n")
    assert liveness.complaint(tmp_path) == "The supervisor of worker silent has sent no sign of life for 60 s."
    silent.set()
    assert liveness.complaint(tmp_path) is None


def test_marks_of_the_dead_and_of_other_machines_say_nothing(tmp_path: Path) -> None:
    own, foreign = Mark(tmp_path, "own"), Mark(tmp_path, "foreign")
    own.set()
    foreign.set()
    (liveness.folder(tmp_path) / "foreign.alive").write_text(f"{0:020.3f} another-machine\n")
    left = liveness.folder(tmp_path) / "left.alive"
    left.write_text(f"{0:020.3f} {socket.gethostname()}\n")  # nobody holds its lock
    assert liveness.complaint(tmp_path) is None
    Mark(tmp_path, "next").set()
    assert not left.exists()


def test_a_link_that_somebody_planted_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    liveness.folder(tmp_path).mkdir()
    (liveness.folder(tmp_path) / "one.alive").symlink_to(victim)
    mark = Mark(tmp_path, "one")
    with caplog.at_level(logging.WARNING, "lathe.worker"):
        mark.set()
        mark.set()
    assert victim.read_text() == "precious"
    assert [record.message.partition(":")[0].endswith("see this worker") for record in caplog.records] == [True]


def test_a_mark_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    mark = Mark(tmp_path, "one")
    mark.set()
    (liveness.folder(tmp_path) / "one.alive").unlink()
    mark.set()
    assert liveness.complaint(tmp_path) is None
