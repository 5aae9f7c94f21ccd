"""Collects the figures that the fault tests measure, and prints them at their end."""

import numpy as np

_figures: dict[str, list[float]] = {}
_counts: dict[str, tuple[int, int]] = {}


def figure(name: str, seconds: float) -> None:
    _figures.setdefault(name, []).append(seconds)


def count(name: str, trials: int, failures: int) -> None:
    _counts[name] = (trials, failures)


def table() -> list[str]:
    """One line for each figure: how often, median, 95th percentile; or how often it failed, and how often at most it does."""
    counted = [
        f"{name}: n={trials}, failures {failures}" + ("" if failures else f", at most {3 / trials:.2%} (95 %)")
        for name, (trials, failures) in sorted(_counts.items())
    ]
    return counted + [
        f"{name}: n={len(values)}, median {np.median(values):.2f} s, p95 {np.percentile(values, 95):.2f} s"
        for name, values in sorted(_figures.items())
    ]
