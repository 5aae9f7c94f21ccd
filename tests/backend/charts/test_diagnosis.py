"""Charts of what goes on inside a model, and of where it errs."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

from backend.charts.data import RunData, Summary
from tests.backend.charts.bodies import BODIES
from tests.backend.charts.test_charts import drawn, line, run


def showing(kind: str, *bodies: dict[str, Any], **changes: Any) -> RunData:
    """A run that showed these after its stages 0, 1, 2, …"""
    summaries = tuple(Summary(kind, stage, 100 * (stage + 1), body) for stage, body in enumerate(bodies))
    return run(summaries=summaries, lines={}, **changes)


@pytest.mark.parametrize(
    ("name", "metric"),
    [("update_ratios", "update_ratio"), ("activations", "activation_std"), ("activation_means", "activation_mean"), ("dead_units", "dead_units")],
)  # fmt: skip
def test_each_layer_is_a_line(name: str, metric: str) -> None:
    metrics = (metric, f"{metric}/fc1", f"{metric}/fc2")
    alone = drawn(name, run(lines={metric: line() for metric in metrics}))
    assert [trace["meta"]["metric"] for trace in alone["data"]] == list(metrics)
    assert len({trace["line"]["color"] for trace in alone["data"]}) == 3


def test_confusion_is_shares_of_each_class() -> None:
    figure = drawn("confusion", showing("quality", BODIES["quality"]))
    (matrix,) = figure["data"]
    assert matrix["z"] == [[1.0, 0.0], [1 / 6, 5 / 6]]
    assert matrix["text"] == [["4", ""], ["1", "5"]]
    assert figure["layout"]["yaxis"]["autorange"] == "reversed"  # the first class is the upper row
    assert (
        "90.00% of 10 samples are right; most often dog is taken for cat, 1 times."
        in figure["layout"]["meta"]["summary"]
    )


def test_a_lone_run_shows_every_stage_and_several_their_last() -> None:
    one = showing("quality", BODIES["quality"], BODIES["quality"])
    other = showing("quality", BODIES["quality"], seed=1)
    alone = drawn("confusion", one)
    assert [note["text"] for note in alone["layout"]["annotations"]] == [f"stage {stage}" for stage in (1, 2)]
    both = drawn("confusion", one, other)
    assert [note["text"] for note in both["layout"]["annotations"]] == [
        "A run · seed 0 · stage 2",
        "A run · seed 1 · stage 1",
    ]


def test_panels_do_not_overlap() -> None:
    layout = drawn("confusion", showing("quality", *[BODIES["quality"]] * 4))["layout"]
    boxes = [
        (*layout[f"xaxis{number}"]["domain"], *layout[f"yaxis{number}"]["domain"]) for number in ("", "2", "3", "4")
    ]
    assert all(0 <= end <= 1 for box in boxes for end in box)
    for place, (left, right, bottom, top) in enumerate(boxes):
        for other in boxes[place + 1 :]:
            assert right <= other[0] or other[1] <= left or top <= other[2] or other[3] <= bottom


def test_bars_are_the_scores_of_each_class() -> None:
    figure = drawn("per_class", showing("quality", BODIES["quality"]))
    assert {trace["meta"]["role"]: trace["y"] for trace in figure["data"]} == {
        "precision": [0.8, 1.0],
        "recall": [1.0, 0.83],
        "f1": [0.89, 0.91],
    }
    assert "the worst class is cat" in figure["layout"]["meta"]["summary"]


def test_calibration_lies_on_the_diagonal_when_it_is_right() -> None:
    ideal, bins = drawn("calibration", showing("quality", BODIES["quality"]))["data"]
    assert ideal["x"] == ideal["y"] == [0, 1]
    assert (bins["x"], bins["y"], bins["customdata"]) == ([0.85], [0.9], [10])


def test_residuals_are_points_around_the_diagonal() -> None:
    ideal, points = drawn("residuals", showing("quality", BODIES["quality"]))["data"]
    assert ideal["x"] == ideal["y"] == [0.0, 1.0]
    assert (points["x"], points["y"]) == ([0.0, 1.0], [0.1, 0.9])


def test_numbers_have_no_classes_to_show() -> None:
    body = {key: value for key, value in BODIES["quality"].items() if key in ("task", "samples", "outputs", "points")}
    for name in ("confusion", "per_class", "calibration"):
        assert drawn(name, showing("quality", body))["layout"]["meta"]["summary"] == "Nothing has been measured yet."
    assert len(drawn("residuals", showing("quality", body))["data"]) == 2


def test_the_landscape_is_drawn_before_and_after() -> None:
    summaries = (
        Summary("landscape", 0, 100, BODIES["landscape"]),
        Summary("landscape_before", 0, 0, BODIES["landscape"]),
    )
    figure = drawn("landscape", run(summaries=summaries, lines={}))
    titles = [note["text"] for note in figure["layout"]["annotations"]]
    assert titles == ["stage 1, before · sharpness 12", "stage 1 · sharpness 12"]
    before, after = figure["data"]
    assert before["z"][1] == pytest.approx([0.0, np.log10(0.5), 0.0])
    assert before["z"][2][2] is None  # a loss that is not finite
    assert {trace["zmin"] for trace in (before, after)} == {np.log10(0.5)}  # one scale for both


def test_histograms_keep_their_mass_on_common_bins() -> None:
    narrow, wide = deepcopy(BODIES["histograms"]), deepcopy(BODIES["histograms"])
    wide["layers"][0]["weights"] = {"low": -3.0, "high": 3.0, "counts": [5, 0, 5]}
    weights, gradients = drawn("histograms", showing("histograms", narrow, wide))["data"]
    assert weights["x"] == [100, 200]
    for trace in (weights, gradients):
        assert np.array(trace["customdata"]).sum(axis=0) == pytest.approx([1.0, 1.0])
        assert np.array(trace["z"]).max(axis=0) == pytest.approx([1.0, 1.0])  # each step by its fullest bin
    inside = np.abs(weights["y"]) < 1
    share = np.array(weights["customdata"])[inside].sum(axis=0)
    assert share == pytest.approx([1.0, 0.0])
    assert min(gradients["y"]) > -8 and max(gradients["y"]) < -2  # empty bins at the ends are left out


def test_similar_channels_are_told_and_the_ratio_that_was_taken_is_solid() -> None:
    figure = drawn("similar", showing("similar", BODIES["similar"]))
    line, before, after = figure["data"]
    assert line["x"] == [100, 80] and line["y"] == [0.9, 0.85]
    assert line["marker"]["symbol"] == ["circle-open", "circle"]
    assert (before["y"], after["y"]) == ([8], [6])
    assert (
        "8 channels became 6; accuracy 0.9 with 100 parameters became 0.85 with 80."
        in figure["layout"]["meta"]["summary"]
    )
