"""Parallel coordinates: a line for each complete trial, drawn with what the browser's plotter has."""

import json
from typing import Any

import pytest

from backend.charts import wire
from backend.charts.studies import parallel
from backend.charts.trials import StudyData, StudyOptions, TrialData
from backend.domain.study.space import Dimension
from backend.domain.study.study import Objective, TrialState

SPACE = [
    Dimension(field="a.optimizer", choice=[{"kind": "sgd"}, {"kind": "adam"}]),
    Dimension(field="a.optimizer.lr", low=1e-4, high=1.0, log=True),
    Dimension(field="a.epochs", low=0, high=10),
]


def trial(number: int, value: float, state: TrialState = TrialState.COMPLETE, **held: Any) -> TrialData:
    assignment = {f"a.{name.replace('__', '.')}": what for name, what in held.items()}
    return TrialData(number, state, assignment, [value], True, None, None)


def drawn(*trials: TrialData, theme: Any = "light", measure: str = "validation/accuracy") -> dict[str, Any]:
    study = StudyData("A study", [Objective(measure=measure)], SPACE, trials, {})
    figure: dict[str, Any] = json.loads(wire.dumps(parallel.draw(study, StudyOptions(theme=theme))))
    return figure


def lines(figure: dict[str, Any]) -> dict[int, list[float]]:
    """The heights of each trial's line, from left to right."""
    found: dict[int, list[float]] = {}
    for trace in figure["data"]:
        for number, height in zip(trace["customdata"], trace["y"], strict=True):
            if height is not None:
                found.setdefault(number, []).append(height)
    return found


SGD, ADAM = {"kind": "sgd"}, {"kind": "adam"}


def test_a_line_passes_each_axis_where_its_value_lies() -> None:
    figure = drawn(
        trial(3, 0.5, optimizer=SGD, optimizer__lr=1e-2, epochs=10),
        trial(8, 0.9, optimizer=ADAM, optimizer__lr=1.0, epochs=0),
        trial(9, 0.7, TrialState.PRUNED, optimizer=ADAM, optimizer__lr=1.0, epochs=0),
    )
    assert lines(figure) == {3: pytest.approx([0, 0, 0.5, 1]), 8: pytest.approx([1, 1, 1, 0])}
    assert {trace["type"] for trace in figure["data"]} == {"scatter"}, "the browser's bundle has no parcoords"
    assert figure["layout"]["meta"]["summary"] == "2 complete trials over 3 fields."


def test_a_field_that_is_left_out_stands_below_its_axis() -> None:
    figure = drawn(trial(0, 0.5, optimizer=SGD, epochs=5), trial(1, 0.6, optimizer=SGD, optimizer__lr=1e-4, epochs=5))
    assert lines(figure)[0][2] == parallel.FOOT < 0 == lines(figure)[1][2]
    assert "left out" in {note["text"] for note in figure["layout"]["annotations"]}


def test_what_was_tried_before_the_space_was_narrowed_stays_on_its_axis() -> None:
    wide = drawn(trial(0, 0.5, optimizer={"kind": "lion"}, optimizer__lr=1e-6, epochs=20))
    assert all(0 <= height <= 1 for height in lines(wide)[0])
    assert "lion" in {note["text"] for note in wide["layout"]["annotations"]}


@pytest.mark.parametrize(("measure", "best"), [("validation/accuracy", 1), ("validation/loss", 0)])
def test_the_best_is_drawn_last_and_broadest(measure: str, best: int) -> None:
    figure = drawn(trial(0, 0.1, optimizer=SGD, epochs=1), trial(1, 0.9, optimizer=SGD, epochs=1), measure=measure)
    last = figure["data"][-1]
    assert set(last["customdata"]) == {best}
    assert last["line"]["width"] > figure["data"][0]["line"]["width"]


def test_many_trials_are_few_traces() -> None:
    figure = drawn(*(trial(number, number / 200, optimizer=SGD, epochs=5) for number in range(200)))
    assert len(figure["data"]) == parallel.SHADES and len(lines(figure)) == 200


def test_nothing_is_drawn_before_a_trial_is_complete() -> None:
    figure = drawn(trial(0, 0.1, TrialState.RUNNING, optimizer=SGD))
    assert figure["data"] == [] and figure["layout"]["meta"]["summary"] == "No trial is complete yet."
