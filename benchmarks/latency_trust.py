"""Measures whether a latency is the file's own: beside busy loops, and of one file twice.

- quiet, then with a busy loop for each core beside it: the undisturbed p95 of both, and that of all calls as seen. A trial
  holds when the two are within 15 %, or the row beside the loops is marked busy.
- the same file twice: its ratio to itself, in alternating rounds, beside the same loops every other time. A trial holds
  when the interval leaves open that it is neither faster nor slower.
- without the filter: the same trials in a process whose filter finds no call disturbed.

Each measuring is the product's own, in a process of its own. A quiet machine is needed for the first table alone.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import watch
from worker.contracts.component import discover
from worker.contracts.families.exporters import Exporter
from worker.contracts.families.models import Model
from worker.contracts.subject import Subject
from worker.engine.measurement.measure_artifact import Job

LOUD, TWICE = 5, 20  # trials
CLOSE = 0.15
SHAPE = (1, 8, 8)
BATCHES = [1, 64]
UNFILTERED = """
import numpy, sys
from worker.engine.measurement import measure_artifact, timing
timing.marks = lambda rounds, machine: numpy.zeros(sum(map(len, rounds)), dtype=bool)
timing.Machine.crowded = False
measure_artifact.main()
"""

Timing = dict[str, Any]


def write(folder: Path, width: int = 32) -> Job:
    """A file to measure, and what measuring it asks for."""
    discover()
    torch.manual_seed(0)
    subject = Subject(Model.choose({"kind": "cnn", "width": width}).build(SHAPE, 10), SHAPE)
    inputs = np.random.default_rng(0).random((64, *SHAPE), dtype=np.float32)
    np.save(folder / "inputs.npy", inputs)
    Exporter.choose({"kind": "onnx"}).export(subject, folder / "model.onnx", inputs)
    judged = str(folder / "inputs.npy"), str(folder / "outputs.npy")
    return Job(
        parent=os.getpid(),
        runtime="onnxruntime",
        file=str(folder / "model.onnx"),
        judged=[judged],
        golden=judged,
        device="cpu",
        batch_sizes=BATCHES,
        repeats=50,
        seconds=2.0,
        threads=1,
    )


def measure(job: Job, *, filtered: bool = True) -> list[Timing]:
    """The timings of the measuring process, by batch size; `filtered` is off in the control."""
    program = ["-m", "worker.engine.measurement.measure_artifact"] if filtered else ["-c", UNFILTERED]
    answered = subprocess.run(
        [sys.executable, *program], input=json.dumps(asdict(job)), capture_output=True, text=True, check=True
    )
    answer = json.loads(answered.stdout)
    assert not answer["error"], answer["error"]
    timings: list[Timing] = answer["timings"]
    return timings


@contextmanager
def busy_loops(number: int) -> Iterator[None]:
    """So many processes that compute without a pause."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def is_own(quiet: Timing, loud: Timing) -> bool:
    """Returns whether a loud machine's figure is the quiet one's, or says that it may not be."""
    return loud["busy"] or is_close(quiet, loud)


def is_close(quiet: Timing, loud: Timing) -> bool:
    return bool(abs(loud["p95_ms"] / quiet["p95_ms"] - 1) <= CLOSE)


def is_undecided(timing: Timing) -> bool:
    """Returns whether the file is called neither faster nor slower than itself."""
    return all(ratio["low"] <= 1 <= ratio["high"] for ratio in timing["ratios"])


def loud_trial(job: Job, *, filtered: bool) -> list[tuple[Timing, Timing]]:
    """The timings with nothing beside the file, and beside busy loops, by batch size."""
    quiet = measure(job)
    with busy_loops(os.cpu_count() or 1):
        return list(zip(quiet, measure(job, filtered=filtered), strict=True))


def twice_trial(job: Job, *, loud: bool) -> list[Timing]:
    with busy_loops((os.cpu_count() or 1) * loud):
        return measure(Job(**{**asdict(job), "others": {"0": job.file}}))


def tell_loud(job: Job, title: str, *, filtered: bool) -> None:
    print(f"\n| {title} | batch | quiet p95, ms | beside it, ms | as seen, ms | disturbed | marked busy | holds |")
    print("|---|---|---|---|---|---|---|---|")
    trials = [loud_trial(job, filtered=filtered) for _ in watch.through(range(LOUD), title)]
    for number, pairs in enumerate(trials):
        for quiet, loud in pairs:
            print(
                f"| {number + 1} | {loud['batch_size']} | {quiet['p95_ms']:.3f} | {loud['p95_ms']:.3f} "
                f"| {loud['p95_seen_ms']:.3f} | {loud['disturbed']:.0%} | {_marks(quiet, loud)} "
                f"| {'yes' if is_own(quiet, loud) else 'no'} |"
            )
    held = sum(all(is_own(*pair) for pair in pairs) for pairs in trials)
    rows = [pair for pairs in trials for pair in pairs]
    close, marked = sum(is_close(*pair) for pair in rows), sum(loud["busy"] for _, loud in rows)
    print(f"\n{title}: holds in {held} of {LOUD}; {close} of {len(rows)} rows within 15 %, {marked} marked busy")


def _marks(quiet: Timing, loud: Timing) -> str:
    return ", ".join(name for name, one in (("quiet", quiet), ("loud", loud)) if one["busy"]) or "no"


def tell_twice(job: Job) -> None:
    print("\n| the same file twice | batch | ratio | interval | beside loops | holds |\n|---|---|---|---|---|---|")
    held = compared = 0
    for number in watch.through(range(TWICE), "the same file twice"):
        timings = twice_trial(job, loud=bool(number % 2))
        held += all(map(is_undecided, timings))
        compared += sum(len(timing["ratios"]) for timing in timings)
        for timing in timings:
            _tell_ratio(number, timing)
    print(
        f"\nThe same file twice: neither faster nor slower in {held} of {TWICE}; {compared} of {TWICE * len(BATCHES)} ratios known"
    )


def _tell_ratio(number: int, timing: Timing) -> None:
    found: Sequence[dict[str, float]] = timing["ratios"]
    ratio, interval = (
        ("–", "unknown") if not found else (f"{found[0]['ratio']:.3f}", "{low:.3f} to {high:.3f}".format(**found[0]))
    )
    holds = "yes" if is_undecided(timing) else "no"
    print(
        f"| {number + 1} | {timing['batch_size']} | {ratio} | {interval} | {'yes' if number % 2 else 'no'} | {holds} |"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        job = write(Path(folder))
        tell_loud(job, "beside busy loops", filtered=True)
        tell_twice(job)
        tell_loud(job, "without the filter", filtered=False)


if __name__ == "__main__":
    sys.exit(watch.run(main))
