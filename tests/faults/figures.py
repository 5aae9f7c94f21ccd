"""What the fault tests measure, printed at their end."""

import numpy as np

_figures: dict[str, list[float]] = {}


def figure(name: str, seconds: float) -> None:
    _figures.setdefault(name, []).append(seconds)


def table() -> list[str]:
    """One line for each figure: how often, median, 95th percentile."""
    return [
        f"{name}: n={len(values)}, median {np.median(values):.2f} s, p95 {np.percentile(values, 95):.2f} s"
        for name, values in sorted(_figures.items())
    ]
