"""The one command: `lathe up`, which becomes `python -m backend.embedded`."""

import os
import re
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store.session import Store
from tests.faults.farm import FRESH, PLUGINS, Farm, alive, children, spec
from tests.faults.figures import figure
from tests.patience import until
from tests.processes.start import Process, start
from tests.services import free_port


@dataclass
class Launched:
    process: Process
    port: int

    @property
    def log(self) -> Path:
        return self.process.log

    @property
    def said(self) -> str:
        return self.log.read_text()

    def child(self, having: str) -> int:
        """Process id of the API or the worker; waits while there is none."""
        return until(lambda: next(iter(children(self.process.pid, having)), None), 30, having, self.log)

    def stop(self) -> int:
        """Ctrl+C."""
        return self.process.end(signal.SIGINT)


def environment(data_dir: Path, port: int) -> dict[str, str]:
    return {"LATHE_PICTURES": "0", "LATHE_PORT": str(port), "LATHE_DATA_DIR": str(data_dir)}


@contextmanager
def launched(data_dir: Path, fresh: bool = FRESH) -> Iterator[Launched]:
    """It has said that it is ready; when the block ends nothing of it is left."""
    port, began = free_port(), time.monotonic()
    command = ["lathe", "up"] if fresh else ["backend.embedded"]
    process = start(command, environment(data_dir, port), data_dir.parent / f"launcher-{port}.log", fresh)
    made = Launched(process, port)
    try:
        until(lambda: "Lathe is ready" in made.said, 240, "that it is ready", made.log)
        if fresh:
            figure("launcher until the page answers", time.monotonic() - began)
        yield made
    finally:
        below = children(process.pid)
        below += [pid for child in below for pid in children(child)]
        made.stop()
        until(lambda: not any(map(alive, below)), 5, "the end of every process", made.log)


def refusal(data_dir: Path, port: int) -> str:
    """Message of a second launcher before it exits."""
    process = start(["backend.embedded"], environment(data_dir, port), data_dir.parent / "refusal.log")
    assert process.wait() == 1
    said = process.log.read_text()
    process.log.unlink()
    return said.strip()


def test_one_command_runs_restarts_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(PLUGINS, data_dir / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    with launched(data_dir, fresh=True) as first:
        assert re.search(rf"http://127\.0\.0\.1:{first.port}/\?token=\S{{32,}}", first.said)
        assert (data_dir / "token").stat().st_mode & 0o777 == 0o600

        # A second one is refused in a sentence that says what to do.
        assert f"already runs on {data_dir}: http://127.0.0.1:{first.port}" in refusal(data_dir, first.port)
        assert f"Port {first.port} cannot be used" in refusal(tmp_path / "other", first.port)

        # Whatever dies is started again, and it says so.
        os.kill(first.child("backend serve"), signal.SIGKILL)
        until(
            lambda: "The API ended (killed by SIGKILL); starting it again in 1 s." in first.said,
            10,
            "the news",
            first.log,
        )

        farm = Farm(Settings(data_dir=data_dir), Store.open(Settings(data_dir=data_dir).database_url))
        until(lambda: farm.catalog().entries, 240, "the catalog", first.log)
        run_id = farm.submit(spec(epochs=60))
        farm.at_step(run_id, 20)
        began = time.monotonic()
        assert first.stop() == 0
        figure("Ctrl+C while a run trains until all is stopped", time.monotonic() - began)
        assert farm.run(run_id).state is RunState.QUEUED

    with launched(data_dir):
        run = farm.finished(run_id)
        assert run.state is RunState.SUCCEEDED
        assert farm.states(run_id) == ["running", "queued", "running", "succeeded"]
        farm.store.close()


def test_nothing_outlives_a_killed_launcher(tmp_path: Path) -> None:
    with launched(tmp_path / "data") as made:
        api, worker = made.child("backend serve"), made.child("worker.app")
        made.process.end(signal.SIGKILL)
        until(lambda: not alive(api) and not alive(worker), 40, "the end of its processes", made.log)


@pytest.mark.parametrize(("port", "sentence"), [("70000", "less than or equal to 65535"), ("web", "valid integer")])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str, sentence: str) -> None:
    process = start(["backend.embedded"], {**environment(tmp_path, 0), "LATHE_PORT": port}, tmp_path / "refusal.log")
    assert process.wait() == 1
    said = process.log.read_text()
    assert sentence in said and "Traceback" not in said
