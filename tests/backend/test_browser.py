"""The page of a server that has started is shown to a person, and to nobody else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
LINK = "http://127.0.0.1:9/?token=a-secret"
SHOW = "import sys; from pathlib import Path; from backend.browser import show; show(sys.argv[1], Path(sys.argv[2]))"


def requested(folder: Path, terminal: bool, display: str) -> str:
    """The address that a program in place of the browser is called with; empty when it is not."""
    (folder / "browser").write_text(f'#!/bin/sh\necho "$@" > {folder}/requested\n')
    (folder / "browser").chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    leader, follower = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-c", SHOW, LINK, folder], cwd=ROOT, timeout=60, check=True,
            env={**kept, "BROWSER": f"{folder}/browser %s", **({"DISPLAY": display} if display else {})},
            stdout=follower if terminal else subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        os.close(leader)
        os.close(follower)
    return (folder / "requested").read_text().strip() if (folder / "requested").exists() else ""


def test_the_link_is_in_a_file_that_this_user_alone_reads(tmp_path: Path) -> None:
    address = requested(tmp_path, terminal=True, display=":0")
    file = tmp_path / "open.html"
    assert address == file.as_uri()
    assert LINK in file.read_text() and file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("terminal", "display"), [(False, ":0"), (True, "")])
def test_nothing_is_opened_where_nobody_looks(tmp_path: Path, terminal: bool, display: str) -> None:
    assert requested(tmp_path, terminal, display) == ""
    assert not (tmp_path / "open.html").exists()
