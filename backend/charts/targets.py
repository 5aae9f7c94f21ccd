"""Time that runs take to reach a target, over seeds, with confidence intervals.

Dahl et al.: Benchmarking Neural Network Training Algorithms (2023), arXiv:2306.07179, section 4.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.charts.data import Line, RunData

METRIC = "validation/accuracy"
NEAR = 0.99  # share of the least of all experiments' best values that is the target when none is given
# Two-sided 95 % quantiles of Student's t for 1, 2, … degrees of freedom.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)

NORMAL = 1.95996


@dataclass(frozen=True)
class Reach:
    """Over the runs of one experiment: how many reached the target, and the mean of what those took."""

    name: str
    color: str
    runs: int
    steps: tuple[float, ...]
    seconds: tuple[float, ...]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half the width of its 95 % confidence interval (Student's t); no width for a single value."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, math.nan
    return mean, student(len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))


def student(freedom: int) -> float:
    """Two-sided 95 % quantile of Student's t; beyond the table by its expansion around the normal one, to 0.1 %."""
    return STUDENT[freedom - 1] if freedom <= len(STUDENT) else NORMAL + (NORMAL**3 + NORMAL) / (4 * freedom)


def default_target(runs: Sequence[RunData]) -> float | None:
    """A target that every experiment can reach: nearly the least of their median best values; None without any."""
    best: dict[str, list[float]] = {}
    for run in runs:
        line = run.lines.get(METRIC)
        if line is not None and np.isfinite(line.values).any():
            best.setdefault(run.experiment, []).append(float(np.nanmax(line.values[np.isfinite(line.values)])))
    return round(NEAR * min(float(np.median(values)) for values in best.values()), 3) if best else None


def reaches(runs: Sequence[RunData], target: float) -> list[Reach]:
    """For each experiment, in the order of the runs, what it took to reach `target`."""
    grouped: dict[str, list[RunData]] = {}
    for run in runs:
        grouped.setdefault(run.experiment, []).append(run)
    return [_reach(same, target) for same in grouped.values()]


def _reach(runs: Sequence[RunData], target: float) -> Reach:
    found = [place for run in runs if (place := _first(run.lines.get(METRIC), target)) is not None]
    return Reach(
        runs[0].name,
        runs[0].color,
        len(runs),
        tuple(steps for steps, _ in found),
        tuple(seconds for _, seconds in found),
    )


def _first(line: Line | None, target: float) -> tuple[float, float] | None:
    """Step and second of the first value that is at least `target`."""
    if line is None:
        return None
    reached = np.flatnonzero(line.values >= target)
    if not reached.size:
        return None
    return float(line.steps[reached[0]]), float(line.seconds[reached[0]]) if line.seconds.size else math.nan
