"""The chart of sparsity: what is gone over the steps, and what each layer keeps."""

from typing import Any

import numpy as np

from backend.charts.data import Line, Options, RunData, Summary
from backend.charts.figures.sparsity import draw

Layer = tuple[str, int, int]


def shown(stage: int, step: int, *layers: Layer) -> Summary:
    body = {"layers": [{"name": name, "kept": kept, "total": total} for name, kept, total in layers]}
    return Summary("sparsity", stage, step, body)


def drawn(*summaries: Summary, line: Line | None = None) -> tuple[Any, Any]:
    run = RunData("run", "A run", 0, "#4090f8", lines={"sparsity": line} if line else {}, summaries=summaries)
    curve, bars = draw([run], Options()).data
    return curve, bars


def test_rounds_are_points_of_the_curve_and_the_last_one_is_the_bars() -> None:
    curve, bars = drawn(shown(1, 10, ("a", 5, 10), ("b", 5, 10)), shown(1, 20, ("a", 2, 10), ("b", 3, 10)))
    assert list(curve.x) == [10, 20] and np.allclose(curve.y, [0.5, 0.75])
    assert list(bars.x) == ["a", "b"] and np.allclose(bars.y, [0.2, 0.3])


def test_what_was_really_removed_counts_from_where_the_stage_began() -> None:
    curve, bars = drawn(shown(1, 10, ("a", 50, 100)), shown(1, 20, ("a", 20, 50)))
    assert np.allclose(curve.y, [0.5, 0.8]) and list(bars.customdata[0]) == [20, 100]


def test_what_a_training_told_goes_before_the_summary_of_the_same_step() -> None:
    line = Line(np.array([4, 8]), np.array([0.3, 0.45]), 2)
    curve, _ = drawn(shown(1, 8, ("a", 5, 10)), line=line)
    assert list(curve.x) == [4, 8] and np.allclose(curve.y, [0.3, 0.45])
