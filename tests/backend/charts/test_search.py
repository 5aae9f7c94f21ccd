"""The chart of searches: every try in order, told apart by shape, with the bound and the choice."""

from copy import deepcopy
from typing import Any

from backend.charts.data import RunData, Summary
from tests.backend.charts.bodies import BODIES
from tests.backend.charts.test_charts import EVIL, drawn, run

BODY = BODIES["search"]


def searching(*bodies: dict[str, Any], **changes: Any) -> RunData:
    """A run with a search in its stages 0, 1, 2, …"""
    return run(
        summaries=tuple(Summary("search", stage, 9, body) for stage, body in enumerate(bodies)), lines={}, **changes
    )


def traces(figure: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {trace["meta"]["role"]: trace for trace in figure["data"]}


def test_tries_are_drawn_in_order_and_told_apart_by_shape_and_color() -> None:
    figure = drawn("search", searching(BODY))
    shown = traces(figure)
    assert (shown["the way"]["x"], shown["the way"]["y"]) == ([0.5, 0.95, 0.93], [0.31, 0.4, 0.34])
    assert (shown["meets it"]["x"], shown["meets it"]["text"]) == ([0.5, 0.93], ["1", "4"])
    assert (shown["misses it"]["x"], shown["misses it"]["text"]) == ([0.95], ["3"])
    looks = [(shown[role]["marker"]["symbol"], shown[role]["marker"]["color"]) for role in ("meets it", "misses it")]
    assert len({look[0] for look in looks}) == len({look[1] for look in looks}) == 2
    assert (shown["bound"]["x"], shown["bound"]["y"]) == ([0.5, 0.95], [0.35, 0.35])
    assert (shown["chosen"]["x"], shown["chosen"]["y"]) == ([0.93], [0.34])
    layout = figure["layout"]
    assert (layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]) == ("sparsity", "validation loss")
    assert layout["meta"]["summary"] == (
        "A run · seed 0 tried 4 of at most 20 models; 2 meet the bound, sparsity 0.93 was chosen."
    )


def test_without_a_bound_or_a_choice_neither_is_drawn() -> None:
    figure = drawn("search", searching({**BODY, "bound": None, "chosen": None}))
    assert not {"bound", "chosen"} & traces(figure).keys()
    assert figure["layout"]["meta"]["summary"].endswith("none was chosen.")


def test_of_two_tries_at_the_chosen_value_the_kept_one_is_marked() -> None:
    body = deepcopy(BODY)
    body["evaluations"].append({"value": 0.93, "measured": 0.33, "meets": True})
    assert traces(drawn("search", searching(body)))["chosen"]["y"] == [0.33]
    body["evaluations"][3]["kept"] = True
    assert traces(drawn("search", searching(body)))["chosen"]["y"] == [0.34]


def test_each_search_of_a_run_has_axes_of_its_own() -> None:
    wide = {
        **BODY,
        "parameter": "epsilon",
        "unit": "ms",
        "evaluations": [{"value": 10.0**-power, "measured": 1.0, "meets": True} for power in range(4)],
    }
    layout = drawn("search", searching(BODY, wide))["layout"]
    assert [note["text"] for note in layout["annotations"]] == ["stage 1", "stage 2"]
    assert (layout["xaxis"]["type"], layout["xaxis2"]["type"]) == ("linear", "log")
    assert layout["xaxis2"]["title"]["text"] == "epsilon, ms"
    assert (
        sum(trace["showlegend"] for trace in drawn("search", searching(BODY, wide))["data"] if trace["name"] == "bound")
        == 1
    )


def test_what_a_body_says_is_no_markup() -> None:
    body = {
        **BODY,
        "parameter": EVIL,
        "measured": EVIL,
        "evaluations": [{"value": 1.0, "measured": 1.0, "meets": True, "note": EVIL}],
    }
    figure = drawn("search", searching(body))
    assert "<img" not in str([figure["data"], figure["layout"]["xaxis"], figure["layout"]["yaxis"]])
