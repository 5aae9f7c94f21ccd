"""Prints tables and sentences: in colour on a terminal, elsewhere as plain lines of any length."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from client.cli import words
from client.errors import LatheError
from client.runs.run import Run
from client.wire.models import Comparison, IncomingModel, Latency, RunState, StageResult

WIDE = 400  # columns where nobody sees a line's end
COLORS = {
    RunState.SUCCEEDED: "green",
    RunState.FAILED: "red",
    RunState.RUNNING: "cyan",
    RunState.STOPPED: "yellow",
    RunState.CANCELLED: "yellow",
    RunState.PAUSED: "yellow",
}


@cache
def console(stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, markup=False, width=None if stream.isatty() else WIDE)


def say(text: str, stderr: bool = False) -> None:
    console(stderr).print(words.plain(text), soft_wrap=True)


def say_raw(text: str) -> None:
    """Prints text of several lines unchanged, for a file or another program."""
    sys.stdout.write("\n".join(map(words.plain, text.split("\n"))))


def say_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True) + "\n")


def say_error(error: LatheError) -> None:
    """Prints the error in one sentence, and the other problems of a spec below it."""
    say(f"lathe: {error.detail}", stderr=True)
    for problem in error.problems[1:]:
        say(f"  `{problem.path}` {problem.message}", stderr=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[str] = ()) -> None:
    """Prints a table. Columns named in `right` hold numbers and are aligned to the right."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", no_wrap=name in right)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(words.plain(cell)) for cell in row))
    console().print(made)


def state(value: RunState) -> Text:
    return Text(value, style=COLORS.get(value, ""))


RESULTS = (
    "stage", "format", "accuracy", "bytes", "vs. first", "p50", "vs. first", "p95", "vs. first", "batch", "not zero",
)  # fmt: skip


def results(run: Run) -> None:
    """Prints the results of each stage beside those of the first one: a line for each measured file, then the headline."""
    detail = run.fetch()
    rows = [row for result in detail.results for row in _rows(result)]
    if not rows:
        say("No stage has been measured yet.")
        return
    table(RESULTS, [*_before(detail.incoming), *rows], right=RESULTS[2:])
    for note in filter(None, [*detail.results[-1].doubts, detail.results[-1].headline]):
        say(note)


def _before(model: IncomingModel | None) -> Iterator[Sequence[str]]:
    if model is not None:
        quality = _quality(model.test.get("accuracy"), model.test.get("r2"))
        yield ("as it came in", "no file", quality, *(words.DASH,) * 7, _remaining(model))


def _remaining(model: IncomingModel | StageResult) -> str:
    """Share of the parameters that are not zero."""
    return f"{100 * model.nonzero / model.parameters:.0f} %" if model.parameters else words.DASH


def _rows(result: StageResult) -> Iterator[Sequence[str]]:
    """A line for each batch size of each file. A value that is the same for all of them stands in the first line only."""
    name = f"{result.stage + 1} {result.label}"
    remaining = _remaining(result)
    compared = {one.artifact: one for one in result.compared}
    for measure in result.measures:
        if measure.runtime is None:
            continue
        against = compared.get(measure.artifact)
        size = (words.size(measure.bytes), against.size if against else words.DASH)
        head, tail = (name, measure.exporter, _quality(measure.accuracy, measure.r2), *size), remaining
        timings: Sequence[Latency | None] = measure.latency or [None]
        for timed in timings:
            yield (*head, *_times(timed, against), tail)
            head, tail = ("",) * 5, ""
        name = ""
    if name:
        yield (name, *(words.DASH,) * 9, remaining)


def _times(timed: Latency | None, against: Comparison | None) -> Sequence[str]:
    if timed is None:
        return (words.DASH,) * 5
    place = (timed.batch_size, timed.device)
    times = against.times if against else []
    change, ratio = next(
        ((one.change, one.p95_change) for one in times if (one.batch_size, one.device) == place), (words.DASH,) * 2
    )
    mark = " busy machine" if timed.busy else ""
    return (
        words.milliseconds(timed.p50_ms) + mark,
        change,
        words.milliseconds(timed.p95_ms),
        ratio,
        f"{timed.batch_size}",
    )


def _quality(accuracy: float | None, r2: float | None) -> str:
    """Accuracy of a classifier, or R² where the targets are numbers."""
    if accuracy is not None:
        return words.percent(accuracy)
    return words.DASH if r2 is None else f"R² {r2:.4f}"
