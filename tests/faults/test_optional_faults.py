"""Failures of optional parts stop no run, and a worker that lacks a necessary part is replaced: F31."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store.session import Store
from tests.faults.farm import Farm, farm, spec
from tests.faults.test_embedded import launched
from tests.patience import granted, until
from tests.processes.forking import ROOT
from worker.process import liveness

# Python runs this at the start of every process that finds it. The supervisor of the first worker dies of it, as it
# would of any mistake of ours that its own guard does not see.
DEADLY = """
import pathlib, threading

start = threading.Thread.start
flag = pathlib.Path(__file__).with_name("once")

def start_or_die(thread):
    if thread.name == "supervisor" and flag.exists():
        flag.unlink()
        tick = thread._target.__self__
        tick._may_leave = lambda: 1 // 0
    start(thread)

threading.Thread.start = start_or_die
"""


def requested(data_dir: Path) -> tuple[int, str]:
    """Answer of the containers' health check."""
    environment = {**os.environ, "LATHE_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "worker.process.liveness"]
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=granted(30))
    return answer.returncode, answer.stderr.strip()


def test_f31_a_worker_whose_mark_cannot_be_made_works_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a file in the way of the marks nor whatever lies in the common temporary folder stops a run."""
    common = tmp_path / "common"
    (common / f"lathe-worker-{os.getuid()}.alive").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(common))
    with farm(tmp_path / "farm") as made:
        in_the_way = liveness.folder(made.settings.data_dir)
        in_the_way.write_text("no folder")
        [worker] = made.start()
        assert made.finished(made.submit(spec(epochs=2, milliseconds=0))).state is RunState.SUCCEEDED
        assert requested(made.settings.data_dir) == (1, "No worker runs on this machine.")
        assert worker.log.read_text().count("cannot be set, so health checks") == 1
        in_the_way.unlink()
        until(lambda: requested(made.settings.data_dir) == (0, ""), 60, "a mark", worker.log)


def test_each_worker_of_a_machine_has_a_mark_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is frozen is seen beside one that is well; one that is gone is no worker any more."""
    monkeypatch.setattr(liveness, "STALE_SECONDS", 12.0)
    with farm(tmp_path / "farm") as made:
        first, second = made.start(2)
        data_dir = made.settings.data_dir
        assert liveness.complaint(data_dir) is None
        first.signal(signal.SIGSTOP)
        until(lambda: "has sent no sign of life" in (liveness.complaint(data_dir) or ""), 60, "the complaint")
        first.signal(signal.SIGCONT)
        until(lambda: liveness.complaint(data_dir) is None, 60, "the end of the complaint", first.log)
        first.signal(signal.SIGKILL)
        first.process.wait()
        assert liveness.complaint(data_dir) is None
        assert second.end() == 0
        assert liveness.complaint(data_dir) == "No worker runs on this machine."


def test_a_worker_whose_supervisor_died_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process ends with it, the launcher says so, and the next one takes what waits."""
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(DEADLY)
    (planted / "once").touch()
    monkeypatch.setenv("PYTHONPATH", str(planted))
    settings = Settings(data_dir=tmp_path / "data")
    with launched(settings.data_dir, fresh=True) as made:
        reported = "The worker ended (exit code 1); starting it again in 1 s."
        until(lambda: reported in made.said, 60, "the news of its end", made.log)
        assert "The supervisor ended by a mistake" in made.said
        left = Farm(settings, Store.open(settings.database_url))
        until(lambda: left.catalog().entries, 240, "another worker", made.log)
        assert left.finished(left.submit(spec(epochs=1, regularizers=[]))).state is RunState.SUCCEEDED
        left.store.close()
