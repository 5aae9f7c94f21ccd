"""A forked process is what an interpreter of its own would be."""

import os
import signal
from pathlib import Path

import pytest

from tests.patience import until
from tests.processes.start import start
from tests.services import free_port

pytestmark = [pytest.mark.usefixtures("processes"), pytest.mark.parametrize("fresh", [True, False])]


def command_line(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")


def test_it_runs_the_module_and_tells_how_it_ended(fresh: bool, tmp_path: Path) -> None:
    process = start(["backend", "nothing"], {}, tmp_path / "log", fresh)
    assert process.wait() == 1
    assert "answers requests" in process.log.read_text()


def test_it_leads_a_session_under_its_command_line_and_can_be_killed(fresh: bool, tmp_path: Path) -> None:
    command = ["tests.faults.dying_api", str(free_port()), "nowhere"]
    environment = {"LATHE_DATA_DIR": str(tmp_path), "LATHE_TOKEN": "t" * 43}
    process = start(command, environment, tmp_path / "log", fresh)
    until(lambda: command_line(process.pid)[1:] == ["-m", *command], 30, "its command line", process.log)
    assert os.getsid(process.pid) == process.pid and process.poll() is None
    assert process.end(signal.SIGKILL) == -signal.SIGKILL
