"""Measures one artifact in a clean process: `python -m worker.engine.measurement.measure_artifact`, a job on stdin, the answer on stdout.

Nothing but NumPy and the one runtime that the job names is loaded here: two thread pools in one process slow each
other down many times over, and what is timed must be what a user of the file would get.
"""

import gc
import json
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker import runtimes
from worker.engine.measurement import energy
from worker.process.parent_death import die_with_parent
from worker.runtimes import Call, Floats, Session

ROUNDS = 5
WARM_UP_CALLS = 5
WARM_UP_SECONDS = 0.1
METERED_SECONDS = 0.4  # of each round: counters of energy move in steps of up to 0.1 s
EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Job:
    """A measurement to make. `judged` are .npy files of inputs [n, …], as the engine prepared them, each with the file that
    its outputs are written to; calls are timed on samples of the first."""

    parent: int
    runtime: str
    file: str
    judged: list[tuple[str, str]]
    device: str
    batch_sizes: list[int]
    repeats: int
    seconds: float  # at most, for the timed calls of one batch size
    threads: int


@dataclass(frozen=True)
class Timing:
    """Wall time of single calls at one batch size, milliseconds; throughput over all of them; energy of one sample,
    millijoules, its spread that of whole rounds."""

    batch_size: int
    p50_ms: float
    p95_ms: float
    spread_ms: float
    calls: int
    samples_per_s: float
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
    timings = _time(session, inputs, job)
    peak = _status_bytes("VmHWM") - before if before is not None else None
    for source, target in job.judged:
        np.save(target, outputs(session, np.load(source, mmap_mode="r", allow_pickle=False)), allow_pickle=False)
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


def outputs(session: Session, inputs: NDArray[Any]) -> Floats:
    """Outputs of the file for all samples [n, …]."""
    starts = range(0, len(inputs), EVALUATION_BATCH)
    return np.concatenate([session.call(inputs[start : start + EVALUATION_BATCH])()[0] for start in starts])


def _time(session: Session, inputs: NDArray[Any], job: Job) -> list[Timing]:
    """Time single calls on real samples, with Python's garbage collector at rest.

    The calls of one batch size are spread over several rounds, so that a passing disturbance of the machine shows
    as spread and does not pass for a property of one size.
    """
    calls = {size: session.call(_batch(inputs, size)) for size in job.batch_sizes}
    times: dict[int, list[float]] = {size: [] for size in calls}
    gc.collect()
    gc.disable()
    for _ in range(ROUNDS):
        for size, call in calls.items():
            _repeat(call, WARM_UP_CALLS, WARM_UP_SECONDS)
            times[size] += _repeat(call, max(1, job.repeats // ROUNDS), job.seconds / ROUNDS)
    gc.enable()
    return [_summary(size, taken) for size, taken in times.items()]


def _repeat(call: Call, calls: int, seconds: float) -> list[float]:
    """Milliseconds of each call; fewer than `calls`, but at least one, once `seconds` are over."""
    end = time.perf_counter_ns() + int(seconds * 1e9)
    times: list[float] = []
    while not times or (len(times) < calls and time.perf_counter_ns() < end):
        start = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - start) / 1e6)
    return times


def _summary(batch_size: int, times: list[float]) -> Timing:
    p25, p50, p75, p95 = np.percentile(times, [25, 50, 75, 95]).tolist()
    return Timing(batch_size, p50, p95, p75 - p25, len(times), 1000 * batch_size * len(times) / sum(times))


def _batch(inputs: NDArray[Any], size: int) -> NDArray[Any]:
    """The first `size` samples, over and over where there are fewer."""
    batch: NDArray[Any] = inputs[np.arange(size) % len(inputs)]
    return batch


def _with_energy(timing: Timing, session: Session, inputs: NDArray[Any], meter: energy.Meter | None) -> Timing:
    """With the millijoules of one sample while calls follow each other; as it is where nothing counts them."""
    if meter is None:
        return timing
    call = session.call(_batch(inputs, timing.batch_size))
    _repeat(call, WARM_UP_CALLS, WARM_UP_SECONDS)
    rounds = [_metered(call, meter) / timing.batch_size for _ in range(ROUNDS)]
    p25, p50, p75 = np.percentile(rounds, [25, 50, 75]).tolist()
    return replace(timing, energy_mj=p50, energy_spread_mj=p75 - p25)


def _metered(call: Call, meter: energy.Meter) -> float:
    """Millijoules of one call, the mean of as many as fit into a round."""
    times: list[float] = []
    joules = meter.of(lambda: times.extend(_repeat(call, sys.maxsize, METERED_SECONDS)))
    return 1e3 * joules / len(times)


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
