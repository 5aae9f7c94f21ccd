"""A benchmark can be watched and stopped: real processes, a real SIGINT."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from tests.patience import granted
from tests.processes.forking import ROOT

pytestmark = pytest.mark.usefixtures("processes")

SCRIPT = """
import subprocess, sys, tempfile, time
from pathlib import Path
from benchmarks import watch

def main():
    print("| figure | value |")
    for number in watch.through(range(3), "round"):
        print(f"| {number} | 1 |")
        if number == 1:
            with tempfile.TemporaryDirectory() as folder:
                asleep = [sys.executable, "-c", "import time; time.sleep(600)"]
                child = subprocess.Popen(asleep, start_new_session=True, stdout=subprocess.DEVNULL)
                print(f"{child.pid} {folder}")
                %s

sys.exit(watch.run(main))
"""


def start(*command: str) -> subprocess.Popen[str]:
    """A process that SIGINT reaches, also where whoever started the tests has it ignored, as `make test &` does."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str, float]:
    """Its further output on both streams, and the seconds until it ends."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    printed, reported = process.communicate(timeout=granted(30))
    return printed, reported, time.monotonic() - began


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_an_interrupted_one_leaves_nothing_and_says_what_it_measured() -> None:
    with start("-c", SCRIPT % "time.sleep(600)") as process:
        assert process.stdout
        first = [process.stdout.readline() for _ in range(4)]  # each line comes when it is printed
        assert first[:3] == ["| figure | value |\n", "| 0 | 1 |\n", "| 1 | 1 |\n"]
        pid, folder = first[3].split()
        assert alive(int(pid))
        assert Path(folder).is_dir()
        printed, reported, seconds = interrupt(process)
    assert process.returncode == 130
    assert "".join(first) in printed.partition("Measured so far:")[2]
    assert reported.splitlines()[0] == "  round: 0 of 3"
    assert not alive(int(pid))
    assert not Path(folder).parent.exists()
    assert seconds < 10


def test_one_that_ends_leaves_nothing_and_gives_its_code() -> None:
    with start("-c", SCRIPT % "return 3") as process:
        printed, _ = process.communicate(timeout=granted(30))
    (pid, folder) = printed.splitlines()[-1].split()
    assert process.returncode == 3
    assert not alive(int(pid))
    assert not Path(folder).parent.exists()


def test_a_real_one_is_interrupted_and_the_next_does_not_begin() -> None:
    with start("-m", "benchmarks", "training", "points") as process:
        assert process.stdout
        assert process.stdout.readline().startswith("| training |")
        printed, reported, seconds = interrupt(process)
    assert process.returncode == 130
    assert "| training |" in printed.partition("Measured so far:")[2]
    assert "training, usually" in reported
    assert "points" not in reported
    assert "Traceback" not in reported
    assert seconds < 10


def test_the_list_says_how_long_each_takes() -> None:
    with start("-m", "benchmarks", "--list") as process:
        printed, _ = process.communicate(timeout=granted(30))
    assert [line.split()[0] for line in printed.splitlines()] == list(NAMES)
    assert all(line.split()[2] in ("s", "min") for line in printed.splitlines())


def watched(source: str) -> bool:
    """True when a benchmark's module, run alone, runs under watch."""
    return source.endswith('\n\nif __name__ == "__main__":\n    sys.exit(watch.run(main))\n')


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_is_watched_and_says_how_far_it_is(name: str) -> None:
    source = (ROOT / "benchmarks" / f"{name}.py").read_text()
    assert watched(source)
    assert "flush=True" not in source
    assert "watch.through(" in source or "watch.Pace(" in source


def test_one_without_is_caught() -> None:
    assert not watched('def main() -> None: ...\n\n\nif __name__ == "__main__":\n    main()\n')
