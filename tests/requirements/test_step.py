"""A step of the installation says little, unless it fails."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("processes")

ROOT = Path(__file__).parents[2]
STEP = [sys.executable, str(ROOT / "requirements" / "step.py"), "Installing much"]
LOUD = "for number in $(seq 100); do echo line $number; done; "
# As pip speaks; the pins are those of the file that it is told to install.
PIP = "echo 'Collecting first==1.0 (from -r x)'; echo '  Downloading it'; echo 'Collecting second==2.0'; sleep 1 # -r pins.lock"
QUIET_DOORS = ("pip install", "pip wheel", "npm ci", "npm run build")


def reported(script: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a step without a terminal."""
    kept = {name: value for name, value in os.environ.items() if name != "VERBOSE"}
    return subprocess.run(
        [*STEP, "sh", "-c", script], cwd=folder, env={**kept, **environment}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def shown(script: str, folder: Path) -> str:
    """Output of a step on a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen([*STEP, "sh", "-c", script], cwd=folder, stdout=follower, stderr=follower) as process:
        os.close(follower)
        said = b""
        while chunk := _read(leader):
            said += chunk
    os.close(leader)
    assert process.returncode == 0
    return said.decode()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other end is closed
        return b""


def loud(makefile: str) -> list[str]:
    """The lines of recipes that install or build outside of a step, other than the definitions and `make lock`."""
    recipes = [line.strip() for line in makefile.splitlines() if line.startswith("\t")]
    doors = [line for line in recipes if any(door in line.replace("$(LOCKED)", "pip install") for door in QUIET_DOORS)]
    return [line for line in doors if not re.match(r"\$\(STEP\)|at_hand=|echo |.*pip install --quiet uv", line)]


def test_one_that_succeeds_says_its_title(tmp_path: Path) -> None:
    done = reported(LOUD, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Installing much …\n", "")


def test_one_that_fails_says_everything(tmp_path: Path) -> None:
    failed = reported(f"{LOUD} echo broken >&2; exit 7", tmp_path)
    assert failed.returncode == 7
    assert failed.stderr.splitlines()[:101] == [*(f"line {number}" for number in range(1, 101)), "broken"]
    assert failed.stderr.endswith("Installing much: failed with exit code 7; the lines above say why.\n")


def test_verbose_says_everything_as_it_goes(tmp_path: Path) -> None:
    done = reported(f"{LOUD} exit 3", tmp_path, VERBOSE="1")
    assert (done.returncode, len(done.stdout.splitlines())) == (3, 101)


def test_a_terminal_shows_in_one_line_how_far_it_is(tmp_path: Path) -> None:
    (tmp_path / "pins.lock").write_text("first==1.0 \\\n    --hash=sha256:0\nsecond==2.0 \\\n    --hash=sha256:1\n")
    said = shown(PIP, tmp_path)
    assert "\r\x1b[KInstalling much: 2 of 2, second==2.0, 1 s" in said
    assert said.endswith("\r\x1b[KInstalling much: done, 1 s\r\n") and said.count("\n") == 1


def test_what_make_installs_and_builds_it_does_in_steps() -> None:
    assert loud((ROOT / "Makefile").read_text()) == []


@pytest.mark.parametrize("line", ["$(LOCKED) -r x.lock", "npm ci", "cd frontend && npm run build"])
def test_the_check_sees_a_loud_line(line: str) -> None:
    assert loud((ROOT / "Makefile").read_text() + f"\nloud:\n\t{line}\n") == [line]
