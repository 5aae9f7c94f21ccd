"""Times single calls, and tells those that the machine's other work disturbed from the rest.

NumPy alone: the measuring process loads nothing else beside its runtime.
"""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.runtimes import Call

Calls = NDArray[np.int64]
"""[call, 3]: wall time and processor time of all threads, nanoseconds; involuntary context switches since the call before."""

LOST = 0.05  # share of a call's wall time that its threads may spend without a processor
REFILL = 0.2e6  # nanoseconds after other work in which the caches fill again
FULL = 95  # percentile of the processors that calls keep busy: those of a call that nothing disturbs
ALONE = 0.1  # processors that other programs may use without being noticed
CROWDED = 0.5  # share of the processors left over that they may keep busy
SLOWED = 0.1  # by so much a round is slower than the fastest ones when another program shares the core
FASTEST = 10  # percentile of the rounds that are as fast as can be
ACCURACY = 0.05  # relative width of an interval that is narrow enough
WIDE = 0.15  # relative width of an interval that is of little use
HARDLY = 0.02  # share of disturbed calls below which a wide interval is the file's own, not the machine's
Z95, Z999 = 1.96, 3.29  # of two-sided intervals of 95 % and 99.9 %
LAYOUT = 0.03  # by so much two sessions of one file differ from each other, as memory happens to be laid out

Interval = tuple[float, float]


def take(call: Call, calls: int, seconds: float, most: float) -> Calls:
    """Time calls one by one: as many, and for as many `seconds`, as are asked for; at least one, none after `most` seconds."""
    start = time.perf_counter_ns()
    enough, end = start + int(seconds * 1e9), start + int(most * 1e9)
    rows: list[tuple[int, int, int]] = []
    before = _switches()
    while not rows or ((len(rows) < calls or start < enough) and start < end):
        worked = time.process_time_ns()
        start = time.perf_counter_ns()
        call()
        wall = time.perf_counter_ns() - start
        worked = time.process_time_ns() - worked
        now = _switches()
        rows.append((wall, worked, now - before))
        before = now
    return np.array(rows, dtype=np.int64)


def _switches() -> int:
    """Times that a thread of this process lost its processor to other work."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


@dataclass(frozen=True)
class Machine:
    """Surroundings of timed calls: their own `threads`, None where processor time says nothing of a call, as on a graphics
    card; and the processors that other programs keep busy, out of those that the threads leave."""

    threads: int | None
    others: float = 0.0
    spare: int = 0

    @property
    def shared(self) -> bool:
        """Returns whether other programs work at all."""
        return self.others > ALONE

    @property
    def crowded(self) -> bool:
        """Returns whether they work on most processors, so that hardly a call has a core and its caches to itself."""
        return self.spare > 0 and self.others > CROWDED * self.spare


def marks(rounds: Sequence[Calls], machine: Machine) -> NDArray[np.bool_]:
    """Marks the disturbed ones of all calls, [call].

    Beside those that are `disturbed` the calls of slow rounds, when other programs work: two processors may be one core,
    which makes the same work slower by a half although no thread loses a processor.
    """
    calls = np.concatenate(rounds)
    if machine.threads is None:
        return np.zeros(len(calls), dtype=bool)
    hit = disturbed(calls, machine.threads)
    if not machine.shared:
        return hit
    medians = np.array([np.nan if one is None else one for one in _medians(rounds, hit)])
    slow = medians > (1 + SLOWED) * np.nanpercentile(medians, FASTEST) if np.isfinite(medians).any() else medians > 0
    hit |= np.repeat(slow, [len(one) for one in rounds])
    return hit


def disturbed(calls: Calls, threads: int) -> NDArray[np.bool_]:
    """Marks the calls that lost a processor to other work, [call].

    A thread lost its processor since the call before; or the threads had less of the processors than they have in the
    best calls, though none lost one: it waited for one from the start, or the machine is itself a guest of a busy one. The
    calls after such a one, which fill the caches again, count with it.
    """
    wall, worked, switches = calls.T
    at_work = np.minimum(worked / np.maximum(wall, 1), threads)
    full = float(np.percentile(at_work, FULL)) if threads > 1 else 1.0
    hit = (switches > 0) | (at_work < (1 - LOST) * full)
    refilling = 1 + int(REFILL / np.median(wall))
    marked: NDArray[np.bool_] = np.convolve(hit, np.ones(refilling + 1))[: len(hit)] > 0.5
    return marked


def quantile_interval(ordered: Sequence[float] | NDArray[np.float64], share: float, z: float = Z95) -> Interval:
    """The interval of a quantile from order statistics, which hold for any distribution; infinite where `ordered`, the
    ascending values, are too few to bound it."""
    count = len(ordered)
    middle, half = count * share, z * (count * share * (1 - share)) ** 0.5
    low, high = int(np.floor(middle - half)), int(np.ceil(middle + half)) + 1  # places, counted from 1
    return (
        float(ordered[low - 1]) if low >= 1 else -np.inf,
        float(ordered[high - 1]) if high <= count else np.inf,
    )


def width(interval: Interval, value: float) -> float:
    """Width of an interval as a share of the value in it."""
    return (interval[1] - interval[0]) / value


@dataclass(frozen=True)
class Figures:
    """Times of one file at one batch size, milliseconds: of the undisturbed calls, and of all as seen."""

    calls: int
    disturbed: float | None  # share of them; None where it cannot be known
    p50: float
    p95: float
    spread: float  # interquartile range
    mean: float
    p50_interval: Interval
    p95_interval: Interval
    p50_seen: float
    p95_seen: float
    machine: Machine

    @property
    def width(self) -> float:
        """Relative width of the wider one of the two intervals."""
        return max(width(self.p50_interval, self.p50), width(self.p95_interval, self.p95))

    @property
    def settled(self) -> bool:
        """Returns whether both percentiles are known well enough."""
        return self.width <= ACCURACY

    @property
    def busy(self) -> bool:
        """Returns whether the machine's other work left too few calls, or too different ones, to know the percentiles."""
        if self.disturbed is None:
            return False
        return self.machine.crowded or (self.disturbed >= HARDLY and self.width > WIDE)


def figures(rounds: Sequence[Calls], machine: Machine) -> Figures:
    """Summarize the calls of several rounds."""
    wall, hit = np.concatenate(rounds)[:, 0] / 1e6, marks(rounds, machine)
    clean = np.sort(wall[~hit] if not hit.all() else wall)
    p25, p50, p75, p95 = np.percentile(clean, [25, 50, 75, 95]).tolist()
    p50_seen, p95_seen = np.percentile(wall, [50, 95]).tolist()
    return Figures(
        calls=len(wall),
        disturbed=float(hit.mean()) if machine.threads else None,
        p50=p50,
        p95=p95,
        spread=p75 - p25,
        mean=float(clean.mean()),
        p50_interval=quantile_interval(clean, 0.50),
        p95_interval=quantile_interval(clean, 0.95),
        p50_seen=p50_seen,
        p95_seen=p95_seen,
        machine=machine,
    )


@dataclass(frozen=True)
class Ratio:
    """Time of a call over that of another file's, with its interval of 99.9 %."""

    ratio: float
    low: float
    high: float

    @property
    def settled(self) -> bool:
        """Returns whether the rounds leave less room than two loadings of one file do."""
        return self.high / self.low <= (1 + ACCURACY) * (1 + LAYOUT) ** 2


def compare(mine: Sequence[Calls], others: Sequence[Calls], machine: Machine) -> Ratio | None:
    """Compare two files by the calls of each in the same rounds; None where too few rounds have undisturbed calls of both.

    The median over rounds of the ratio of medians. The interval is that of the sign test, wider by `LAYOUT`.
    """
    medians = [_medians(rounds, marks(rounds, Machine(machine.threads))) for rounds in (mine, others)]
    ratios = np.sort([one / other for one, other in zip(*medians, strict=True) if one and other])
    low, high = quantile_interval(ratios, 0.5, Z999)
    if not np.isfinite([low, high]).all():
        return None
    return Ratio(float(np.median(ratios)), low / (1 + LAYOUT), high * (1 + LAYOUT))


def _medians(rounds: Sequence[Calls], hit: NDArray[np.bool_]) -> list[float | None]:
    """Median wall time of the undisturbed calls of each round; None for a round without any."""
    parts = zip(rounds, np.split(hit, np.cumsum([len(calls) for calls in rounds])[:-1]), strict=True)
    return [float(np.median(calls[~marked, 0])) if not marked.all() else None for calls, marked in parts]
