"""Follows runs: with a progress bar on a terminal, elsewhere with a line every few seconds."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from client.cli import show, words
from client.events import (
    Alerted,
    Commanded,
    Diagnostic,
    Event,
    Logged,
    Points,
    Rewound,
    StageBegan,
    StageEnded,
    StateChanged,
)
from client.lathe import Lathe
from client.runs.run import Run
from client.wire.models import RunState

LINE_SECONDS = 5.0  # between two lines of progress where there is no terminal
CODES = {RunState.SUCCEEDED: 0, RunState.FAILED: 1, RunState.STOPPED: 3, RunState.CANCELLED: 4}
SHOWN = ("validation/loss", "validation/accuracy", "train/loss", "train/accuracy")


@dataclass
class Course:
    """Progress of a run, according to its events."""

    run: Run
    several: bool
    stage: str = "queued"
    step: int = 0
    total: int | None = None
    seconds: float = 0.0
    latest: dict[str, float] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case Points():
                self.step, self.seconds = max(self.step, event.steps[-1]), event.times[-1]
                self.latest |= {name: values[-1] for name, values in event.metrics.items()}
            case StageBegan() if not isinstance(event, StageEnded):
                self.refresh()
                self.stage = f"{event.stage + 1}/{len(self.run.row.stages)} {event.label}"
            case StateChanged() | Commanded():
                self.refresh()
            case Rewound():
                self.step = event.step

    def refresh(self) -> None:
        """Asks the server for the number of steps: it is known once the run has started, and changes with its stages."""
        row = self.run.fetch()
        self.total = row.total_steps
        if row.stage is None:
            self.stage = str(row.state)

    @property
    def name(self) -> str:
        return f"{self.run.id[:8]}  " if self.several else ""

    @property
    def steps(self) -> str:
        return f"step {self.step:,}" + (f"/{self.total:,}" if self.total else "")

    @property
    def left(self) -> str:
        """Estimated time left, at the average speed so far: `ETA 12 s`."""
        if not self.total or self.step <= 0 or self.seconds <= 0:
            return ""
        return f"ETA {words.duration(max(self.total - self.step, 0) * self.seconds / self.step)}"

    @property
    def metrics(self) -> str:
        """The newest loss and accuracy: of the validation split if it is evaluated, else of training."""
        parts = []
        for what, shown in (("loss", words.number), ("accuracy", words.percent)):
            name = next((name for name in SHOWN if name.endswith(what) and name in self.latest), None)
            parts += [f"{name} {shown(self.latest[name])}"] if name else []
        return "  ".join(parts)


class View(Protocol):
    def start(self, course: Course) -> None: ...

    def move(self, course: Course, event: Event) -> None: ...

    def say(self, text: str) -> None: ...


class Lines:
    """Prints a line when a stage starts, and one every LINE_SECONDS."""

    def __init__(self) -> None:
        self._next = 0.0

    def start(self, course: Course) -> None:
        self.say(f"{course.name}{course.run.row.name}, seed {course.run.row.seed}: {course.run.row.state}")

    def move(self, course: Course, event: Event) -> None:
        if isinstance(event, StageBegan) and not isinstance(event, StageEnded):
            self.say(f"{course.name}stage {course.stage}")
        elif isinstance(event, Points) and time.monotonic() >= self._next:
            self.say(course.name + "  ".join(filter(None, (course.steps, course.metrics, course.left))))
            self._next = time.monotonic() + LINE_SECONDS

    def say(self, text: str) -> None:
        show.say(text, stderr=True)


class Bars:
    """Draws a progress bar for each run."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def start(self, course: Course) -> None:
        self._bars[course.run.id] = self._progress.add_task(
            words.plain(course.name + course.stage), total=None, steps="", metrics="", left=""
        )

    def move(self, course: Course, event: Event) -> None:
        self._progress.update(
            self._bars[course.run.id],
            description=words.plain(course.name + course.stage),
            completed=course.step,
            total=course.total,
            steps=course.steps,
            metrics=course.metrics,
            left=course.left,
        )

    def say(self, text: str) -> None:
        self._progress.console.print(words.plain(text), soft_wrap=True)


COLUMNS = ("{task.description}", "{task.fields[steps]}", "{task.fields[metrics]}", "{task.fields[left]}")


@contextmanager
def view() -> Iterator[View]:
    if not sys.stderr.isatty():
        yield Lines()
        return
    texts = [TextColumn(column, markup=False) for column in COLUMNS]
    with Progress(texts[0], BarColumn(bar_width=24), *texts[1:], console=show.console(stderr=True)) as progress:
        yield Bars(progress)


def follow(lathe: Lathe, runs: Sequence[Run]) -> int:
    """Follows the runs to their end, then prints the results of each. Returns 0 when all of them succeeded, else the
    code of the worst: 1 failed, 4 cancelled, 3 stopped. Ctrl+C leaves them running and returns 130."""
    courses = {run.id: Course(run, several=len(runs) > 1) for run in runs}
    try:
        with view() as shown:
            for course in courses.values():
                course.refresh()
                shown.start(course)
            for event in lathe.watch(*runs):
                course = courses[event.run_id]
                course.take(event)
                shown.move(course, event)
                if text := describe(event):
                    shown.say(course.name + text)
    except KeyboardInterrupt:
        names = " ".join(run.id[:8] for run in runs)
        show.say(f"Left running: `lathe watch {names}` follows again, `lathe stop {names}` ends it.", stderr=True)
        return 130
    return _ended(runs)


def describe(event: Event) -> str:
    """The event as one line of text; empty for an event that needs no line."""
    match event:
        case StateChanged():
            return event.state + (f": {event.reason}" if event.reason else "")
        case Alerted():
            return f"Alert: {event.text}"
        case Diagnostic():
            return f"{event.text} {event.remedy}".strip()
        case Commanded():
            change = f" {event.path} {event.old} → {event.new}" if event.path else ""
            said = (f", “{event.why}”" if event.why else "") + (f": {event.note}" if event.note else "")
            return f"{event.command_kind}{change} {event.state} at step {event.step:,}{said}"
        case Logged(level="warning"):
            return event.text
    return ""


def _ended(runs: Sequence[Run]) -> int:
    for run in runs:
        row = run.fetch()
        if len(runs) > 1:
            show.say(f"\n{run.id[:8]} {row.name}, seed {row.seed}: {row.state}")
        if row.error:
            show.say(row.error, stderr=True)
        show.results(run)
    worst = (RunState.FAILED, RunState.CANCELLED, RunState.STOPPED, RunState.SUCCEEDED)
    return CODES[min((run.state for run in runs), key=worst.index)]
