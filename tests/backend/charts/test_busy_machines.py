"""Charts say which times are the machine's rather than the file's."""

from backend.charts.data import Options, RunData
from tests.backend.charts.test_charts import drawn, run

BUSY = {"busy": True, "disturbed": 0.71, "ended": "budget"}
QUIET = {"busy": False, "disturbed": 0.01, "ended": "settled"}


def timed() -> RunData:
    """A run whose first stage was timed on a quiet machine, and the second on a busy one."""
    mine = run()
    for stage, about in zip(mine.results, (QUIET, BUSY), strict=True):
        for measure in stage.measures:
            measure.latency = [one.model_copy(update=about) for one in measure.latency]
    return mine


def test_a_bar_of_a_busy_machine_is_pale_and_says_why() -> None:
    bars = {trace["meta"]["role"]: trace for trace in drawn("stage_costs", timed())["data"]}
    assert bars["p50_ms@64"]["marker"]["opacity"] == [1.0, 0.45]
    assert bars["p50_ms@64"]["text"] == [
        "<br>1% of the calls disturbed",
        "<br>busy machine, 71% of the calls disturbed",
    ]
    older = next(trace for trace in drawn("stage_costs", run())["data"] if trace["meta"]["role"] == "p50_ms@64")
    assert (older["marker"]["opacity"], older["text"]) == ([1.0, 1.0], ["", ""])


def test_a_point_says_it_where_the_axis_is_a_time_and_nowhere_else() -> None:
    for cost, marked in (("p95_ms@1", [False, True]), ("bytes", [False, False])):
        figure = drawn("pareto", timed(), options=Options(cost=cost))
        (points,) = (trace for trace in figure["data"] if trace["meta"]["role"] == "artifacts")
        assert ["the machine was busy, 71%" in text for text in points["text"]] == marked
