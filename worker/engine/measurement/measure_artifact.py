"""Measures one artifact in a clean process: `python -m worker.engine.measurement.measure_artifact`, a job on stdin, the answer on stdout.

Nothing but NumPy and the one runtime that the job names is loaded here: two thread pools in one process slow each
other down many times over, and what is timed must be what a user of the file would get.
"""

import gc
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker import runtimes
from worker.engine.measurement import energy, rounds
from worker.engine.measurement.rounds import WARM_UP_SECONDS, Budget, Contest
from worker.engine.measurement.timing import Calls, Interval, take
from worker.process.parent_death import die_with_parent
from worker.runtimes import Call, Floats, Session

METERED_ROUNDS = 5
METERED_SECONDS = 0.4  # of each of them: counters of energy move in steps of up to 0.1 s
EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Job:
    """A measurement to make. `judged` are .npy files of inputs [n, …], as the file takes them, each with the file that
    its outputs are written to; calls are timed on samples of the first. Those of `golden` are run one by one."""

    parent: int
    runtime: str
    file: str
    judged: list[tuple[str, str]]
    golden: tuple[str, str]
    device: str
    batch_sizes: list[int]
    repeats: int
    seconds: float  # at most, for the timed calls of one file at one batch size
    threads: int
    others: dict[str, str] = field(default_factory=dict)  # files to compare its time with, by the stage that left them


@dataclass(frozen=True)
class Timing:
    """Wall time of single calls at one batch size, milliseconds, of those that nothing disturbed unless it says *seen*;
    throughput; energy of one sample, millijoules, its spread that of whole rounds. See `Latency`, which takes it over."""

    batch_size: int
    p50_ms: float
    p95_ms: float
    spread_ms: float
    calls: int
    samples_per_s: float
    p50_interval_ms: dict[str, float] | None
    p95_interval_ms: dict[str, float] | None
    p50_seen_ms: float
    p95_seen_ms: float
    disturbed: float | None
    busy: bool
    others_busy: float | None
    ended: str
    ratios: list[dict[str, Any]]
    energy_mj: float | None = None
    energy_spread_mj: float | None = None


@dataclass(frozen=True)
class Answer:
    """The measurements, or the reason why nothing could be measured."""

    error: str | None = None
    runtime: str = ""
    load_ms: float | None = None
    peak_memory_bytes: int | None = None
    timings: list[Timing] = field(default_factory=list)
    operators: dict[str, int] = field(default_factory=dict)
    energy_meter: str | None = None


def measure(job: Job) -> Answer:
    """Load the file as its user would and run it; memory is read before whole splits pass through."""
    inputs = np.load(job.judged[0][0], mmap_mode="r", allow_pickle=False)
    title = runtimes.runtime(job.runtime).TITLE  # imported before memory and time are taken
    before = _reset_peak_memory()
    began = time.perf_counter_ns()
    session = runtimes.load(job.runtime, job.file, job.device, job.threads)
    loaded = time.perf_counter_ns() - began
    _try(session, inputs[:1], title)
    for size in job.batch_sizes:
        session.call(_batch(inputs, size))()
    peak = _status_bytes("VmHWM") - before if before is not None else None
    timings = _time({"": session, **_loaded(job, inputs)}, inputs, job)
    for source, target in job.judged:
        np.save(target, outputs(session, np.load(source, mmap_mode="r", allow_pickle=False)), allow_pickle=False)
    source, target = job.golden
    np.save(target, outputs(session, np.load(source, allow_pickle=False), batch=1), allow_pickle=False)
    meter = energy.meter(job.device)
    return Answer(
        runtime=f"{session.name}, {job.device}, {job.threads} thread{'s' * (job.threads > 1)}",
        load_ms=loaded / 1e6,
        peak_memory_bytes=peak,
        timings=[_with_energy(timing, session, inputs, meter) for timing in timings],
        operators=session.operators(inputs[:1]),
        energy_meter=meter.name if meter else None,
    )


def _try(session: Session, sample: NDArray[Any], title: str) -> None:
    """ValueError in one sentence when the file cannot be run on `sample`."""
    try:
        session.call(sample)()
    except Exception as error:  # as in loading
        raise ValueError(f"{title} cannot run the file: {' '.join(str(error).split())[:300]}") from error


def _loaded(job: Job, inputs: NDArray[Any]) -> dict[str, Session]:
    """The files to compare with that run on the same inputs; another one is left out: nothing is said of it."""
    sessions: dict[str, Session] = {}
    for name, file in job.others.items():
        with suppress(ValueError):
            session = runtimes.load(job.runtime, file, job.device, job.threads)
            _try(session, inputs[:1], name)
            sessions[name] = session
    return sessions


def outputs(session: Session, inputs: NDArray[Any], batch: int = EVALUATION_BATCH) -> Floats:
    """Outputs of the file for all samples [n, …]."""
    return np.concatenate([session.call(inputs[at : at + batch])()[0] for at in range(0, len(inputs), batch)])


def _time(files: Mapping[str, Session], inputs: NDArray[Any], job: Job) -> list[Timing]:
    """Time single calls on real samples, with Python's garbage collector at rest; the first of `files` is measured, and
    compared with the others."""
    batches = {size: _batch(inputs, size) for size in job.batch_sizes}
    calls = [{size: session.call(batch) for size, batch in batches.items()} for session in files.values()]
    threads = job.threads if job.device == "cpu" else None
    gc.collect()
    gc.disable()
    contests = rounds.hold(calls, Budget(job.repeats, job.seconds), threads)
    gc.enable()
    _, *others = files
    return [_timing(size, contest, others) for size, contest in contests.items()]


def _timing(batch_size: int, contest: Contest, others: Sequence[str]) -> Timing:
    found = contest.figures
    return Timing(
        batch_size=batch_size,
        p50_ms=found.p50,
        p95_ms=found.p95,
        spread_ms=found.spread,
        calls=found.calls,
        samples_per_s=1000 * batch_size / found.mean,
        p50_interval_ms=_bounded(found.p50_interval),
        p95_interval_ms=_bounded(found.p95_interval),
        p50_seen_ms=found.p50_seen,
        p95_seen_ms=found.p95_seen,
        disturbed=found.disturbed,
        busy=found.busy,
        others_busy=None if found.disturbed is None else found.machine.others,
        ended="settled" if contest.settled else "budget",
        ratios=[
            {"against": int(other), **asdict(ratio)}
            for other, ratio in zip(others, contest.ratios, strict=True)
            if ratio is not None
        ],
    )


def _bounded(interval: Interval) -> dict[str, float] | None:
    """The interval as results hold it; None where the calls were too few for both ends of it."""
    return dict(zip(("low", "high"), interval, strict=True)) if np.isfinite(interval).all() else None


def _batch(inputs: NDArray[Any], size: int) -> NDArray[Any]:
    """The first `size` samples, over and over where there are fewer."""
    batch: NDArray[Any] = inputs[np.arange(size) % len(inputs)]
    return batch


def _with_energy(timing: Timing, session: Session, inputs: NDArray[Any], meter: energy.Meter | None) -> Timing:
    """With the millijoules of one sample while calls follow each other; as it is where nothing counts them."""
    if meter is None:
        return timing
    call = session.call(_batch(inputs, timing.batch_size))
    take(call, 1, WARM_UP_SECONDS, WARM_UP_SECONDS)
    taken = [_metered(call, meter) / timing.batch_size for _ in range(METERED_ROUNDS)]
    p25, p50, p75 = np.percentile(taken, [25, 50, 75]).tolist()
    return replace(timing, energy_mj=p50, energy_spread_mj=p75 - p25)


def _metered(call: Call, meter: energy.Meter) -> float:
    """Millijoules of one call, the mean of as many as fit into a round."""
    taken: list[Calls] = []
    joules = meter.of(lambda: taken.append(take(call, 1, METERED_SECONDS, METERED_SECONDS)))
    return 1e3 * joules / len(taken[0])


def _reset_peak_memory() -> int | None:
    """Resident bytes now, with the kernel's high-water mark set back to that; None where the kernel cannot."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status_bytes("VmRSS")
    except OSError:
        return None


def _status_bytes(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main() -> None:
    job = Job(**json.load(sys.stdin))
    die_with_parent(job.parent)
    try:
        answer = measure(job)
    except ValueError as error:
        answer = Answer(error=str(error))
    json.dump(asdict(answer), sys.stdout)


if __name__ == "__main__":
    main()
