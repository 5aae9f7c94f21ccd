"""Run one step of the installation quietly: `python requirements/step.py TITLE COMMAND…`.

On a terminal one line tells how far it is, elsewhere a few lines do. When the step fails, all that it has said is shown,
and its exit code is that of this process. With VERBOSE it says everything as it goes.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from threading import Thread

TICK_SECONDS = 0.1
FIRST_LINE_SECONDS = 30.0  # without a terminal; each further line takes four times as long
COLLECTING = re.compile(r"Collecting (\S+)")
UNPACKING = re.compile(r"Installing collected packages")


class Step:
    """A command that runs, what it has said, and how far that shows it to be."""

    def __init__(self, command: list[str]) -> None:
        self.said: list[str] = []
        self._total = sum(len(_pins(name)) for name in set(re.findall(r"-r (\S+\.lock)", " ".join(command))))
        self._before = _installed()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line)

    def wait(self, seconds: float) -> int | None:
        """The exit code; None when it still runs after so many seconds."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join()
        return code

    def progress(self) -> str:
        """Such as `12 of 91, torch==2.13.0`; empty when the command does not tell."""
        if not self._total:
            return ""
        if any(map(UNPACKING.search, self.said[-20:])):
            return f"unpacking, {_installed() - self._before} of {self._total}"
        found = [match[1] for line in list(self.said) if (match := COLLECTING.search(line))]
        return f"{len(found)} of {self._total}, {found[-1]}" if found else ""


class Rewritten:
    """On a terminal: one line, written again and again."""

    def __init__(self, title: str) -> None:
        self._title = title

    def tell(self, progress: str, seconds: float, end: str = "") -> None:
        line = f"{self._title}: {progress + ', ' if progress else ''}{seconds:.0f} s"
        print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end=end, flush=True)

    def close(self, code: int, seconds: float) -> None:
        self.tell("failed" if code else "done", seconds, end="\n")


class Seldom:
    """Without a terminal: the title, and then fewer and fewer lines."""

    def __init__(self, title: str) -> None:
        self._next = FIRST_LINE_SECONDS
        print(f"{title} …", flush=True)

    def tell(self, progress: str, seconds: float) -> None:
        if seconds >= self._next:
            self._next *= 4
            print(f"  {progress or 'not done yet'}, {seconds:.0f} s", flush=True)

    def close(self, code: int, seconds: float) -> None:
        pass


def main(title: str, command: list[str]) -> int:
    if os.environ.get("VERBOSE"):
        print(title, flush=True)
        return subprocess.run(command, check=False).returncode
    step, began = Step(command), time.monotonic()
    report = Rewritten(title) if sys.stdout.isatty() else Seldom(title)
    while (code := step.wait(TICK_SECONDS)) is None:
        report.tell(step.progress(), time.monotonic() - began)
    report.close(code, time.monotonic() - began)
    if code:
        sys.stderr.write("".join(step.said) + f"{title}: failed with exit code {code}; the lines above say why.\n")
    return code


def _pins(name: str) -> list[str]:
    return re.findall(r"^[\w.-]+==", Path(name).read_text(), re.MULTILINE)


def _installed() -> int:
    return len(list(Path(sysconfig.get_path("purelib")).glob("*.dist-info")))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:  # the command has had it, too
        sys.exit(130)
