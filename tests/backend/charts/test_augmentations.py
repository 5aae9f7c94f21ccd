"""The chart of augmented images: one strip of pictures a row, with what each counts as below it."""

import copy
import json
from typing import Any

import pytest

from backend.charts import wire
from backend.charts.chart import charts
from backend.charts.data import Options, RunData, Summary
from tests.backend.charts.bodies import BODIES, PIXELS


def run(*summaries: Summary, number: int = 0) -> RunData:
    return RunData(f"run-{number}", "A run", number, "#4090f8", summaries=summaries)


def drawn(*runs: RunData) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(wire.dumps(charts()["augmentations"].draw(runs, Options())))
    return figure


def shown(stage: int = 0, **first: Any) -> Summary:
    """The example, with another first row."""
    body = copy.deepcopy(BODIES["augmentations"])
    body["rows"][0] |= first
    return Summary("augmentations", stage, 0, body)


def test_each_row_is_a_strip_of_its_own_place() -> None:
    layout = drawn(run(shown()))["layout"]
    assert [image["source"] for image in layout["images"]] == [f"data:image/png;base64,{PIXELS}"] * 2
    first, second = layout["images"]
    assert first["y"] + first["sizey"] < second["y"] and second["y"] + second["sizey"] <= layout["yaxis"]["range"][0]
    assert layout["yaxis"]["ticktext"] == ["before", "noise, draw 1"]


def test_captions_name_the_two_largest_shares_as_text() -> None:
    mixed = shown(captions=[[[0.6, "<b>shoe</b>"], [0.3, "bag"], [0.1, "coat"]]])
    (trace,) = drawn(run(mixed))["data"]
    assert trace["text"] == ["0.60 &lt;b&gt;shoe&lt;/b&gt;<br>0.30 bag", ""]
    assert len(trace["x"]) == len(trace["y"]) == 2


@pytest.mark.parametrize(("title", "strips"), [("before", 2), ("another recipe", 4)])
def test_stages_of_one_recipe_are_shown_once(title: str, strips: int) -> None:
    assert len(drawn(run(shown(0), shown(2, title=title)))["layout"]["images"]) == strips


def test_of_several_runs_each_shows_its_first() -> None:
    figure = drawn(run(shown(0), shown(1, title="other")), run(), run(shown(), number=2))
    assert len(figure["layout"]["images"]) == 4 and len(figure["data"]) == 3
    assert [note["text"] for note in figure["layout"]["annotations"]] == [
        "A run · seed 0 · stage 1",
        "A run · seed 2 · stage 1",
    ]
