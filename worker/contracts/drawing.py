"""Elements of pictures: plain JSON, small."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = dict[str, Any]
"""`lines` {x, y, faint}, `bars` {label, value}, and `cells`, grids of shades 0 … 1."""

FALLING = [2.3 * 0.72**step + 0.1 for step in range(20)]
"""A loss over 20 steps, as it often falls."""


def line(x: ArrayLike, y: ArrayLike, faint: bool = False) -> dict[str, Any]:
    return {"x": rounded(x), "y": rounded(y), "faint": faint}


def rounded(values: ArrayLike) -> list[float]:
    """Three significant digits: a picture is small."""
    return [float(f"{value:.3g}") for value in np.asarray(values, dtype=np.float64).ravel()]


def density(values: NDArray[np.float64], low: float, high: float) -> dict[str, Any]:
    counts, edges = np.histogram(values, bins=24, range=(low, high))
    return line((edges[:-1] + edges[1:]) / 2, counts / max(counts.max(), 1))


def bars(values: dict[Any, float]) -> list[dict[str, Any]]:
    return [{"label": str(label), "value": float(f"{value:.3g}")} for label, value in values.items()]
