"""The palette: seen on both grounds, told apart with any kind of colour vision."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.charts.palette import COLORS, color, dash

GROUNDS = {"light": "#ffffff", "dark": "#1e222a"}
# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "without long cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "without medium cones": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "without short cones": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TABLEAU = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")


def linear(color: str) -> NDArray[np.float64]:
    """`#rrggbb` as linear RGB [3]."""
    values = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    first, second = (float(linear(name) @ [0.2126, 0.7152, 0.0722]) + 0.05 for name in (one, other))
    return max(first, second) / min(first, second)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ottosson (2020)."""
    lms = np.cbrt(
        rgb @ np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]).T
    )  # fmt: skip
    return np.asarray(
        lms @ np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]).T
    )  # fmt: skip


def nearest(colors: tuple[str, ...]) -> float:
    """The smallest distance of two colours, in the eyes of whoever tells them apart worst."""
    seen = [[oklab(np.clip(linear(name) @ np.array(matrix).T, 0, 1)) for name in colors] for matrix in VISION.values()]
    return min(float(np.linalg.norm(one - other)) for eye in seen for one, other in combinations(eye, 2))


@pytest.mark.parametrize("ground", GROUNDS.values())
def test_every_colour_is_seen_on_both_grounds(ground: str) -> None:
    assert min(contrast(name, ground) for name in COLORS) >= 3


def test_colours_are_told_apart_by_any_eye() -> None:
    assert nearest(COLORS) >= 0.08


def test_a_usual_palette_would_not_pass() -> None:
    """The negative control: the ten colours that most charts use."""
    assert nearest(TABLEAU) < 0.04
    assert min(contrast(name, GROUNDS["light"]) for name in TABLEAU) < 3


def test_thirty_runs_differ_by_colour_or_by_dash() -> None:
    assert len({(color(place), dash(place)) for place in range(1, 31)}) == 30
