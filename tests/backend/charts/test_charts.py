"""Charts: pure functions from plain data to figures that the browser can draw and extend."""

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts import chart as registry
from backend.charts import wire
from backend.charts.chart import Chart, charts, is_offered, names
from backend.charts.data import Band, Line, Mark, Options, RunData, Summary
from backend.charts.front import front
from backend.charts.theme import label
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from tests.backend.charts.bodies import BODIES

EVIL = "<img src=x onerror=alert(1)> %{y} & \"quoted\" 'too'"


def line(count: int = 50, seed: int = 0) -> Line:
    return Line(np.arange(count) * 10, np.random.default_rng(seed).random(count), count * 10)


def result(stage: int, label: str, accuracy: float, size: int) -> StageResult:
    latency = [
        Latency(batch_size=batch, device="cpu", p50_ms=0.1 * batch, p95_ms=0.2 * batch, spread_ms=0.01, calls=9, samples_per_s=9.0)
        for batch in (1, 64)
    ]  # fmt: skip
    measured = ArtifactMeasure(
        exporter="onnx", artifact=f"file-{stage}", bytes=size, gzip_bytes=size, runtime="onnxruntime",
        accuracy=accuracy, latency=latency,
    )  # fmt: skip
    weights = ArtifactMeasure(exporter="safetensors", artifact="w", bytes=size, gzip_bytes=size)
    return StageResult(
        stage=stage, kind="train", label=label, step=9, seconds=1.0, parameters=100, nonzero=100 - stage,
        weights_sha256="", measures=[weights, measured],
    )  # fmt: skip


def run(name: str = "A run", seed: int = 0, **changes: Any) -> RunData:
    values: dict[str, Any] = {
        "id": f"run-{name}-{seed}",
        "name": name,
        "seed": seed,
        "color": "#4090f8",
        "seq": 7,
        "lines": {metric: line(seed=seed) for chart in charts().values() for metric in chart.metrics},
        "bands": (Band("train: adam", 0, 400), Band("prune", 400, 490), Band("fold", 490, 490)),
        "marks": (Mark(100, "continued from step 100"),),
        "summaries": tuple(Summary(kind, 0, 400, body) for kind, body in sorted(BODIES.items())),
        "results": (result(0, "train: adam", 0.95, 900), result(1, "prune", 0.94, 500)),
    }
    return RunData(**{**values, **changes})


def drawn(name: str, *runs: RunData, options: Options | None = None) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(wire.dumps(charts()[name].draw(runs, options or Options())))
    return figure


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_every_chart_draws_any_number_of_runs(name: str, theme: Any, count: int) -> None:
    figure = drawn(name, *(run(seed=seed) for seed in range(count)), options=Options(theme=theme))
    assert figure["layout"]["uirevision"] == "constant"
    assert figure["layout"]["meta"]["summary"].endswith(".")
    assert figure["layout"]["meta"]["seq"] == {f"run-A run-{seed}": 7 for seed in range(count)}
    assert bool(figure["data"]) == bool(count)


@pytest.mark.parametrize("name", names())
def test_every_chart_draws_runs_that_have_nothing_yet(name: str) -> None:
    figure = drawn(name, run(lines={}, bands=(), marks=(), results=(), summaries=()))
    assert figure["layout"]["meta"]["summary"] == "Nothing has been measured yet."


def of_numbers(one: RunData) -> RunData:
    """The same run, had its targets been numbers: its files have an R² and no accuracy."""

    def text(file: ArtifactMeasure) -> ArtifactMeasure:
        return file.model_copy(update={"accuracy": None, "r2": file.accuracy})

    results = [each.model_copy(update={"measures": [text(file) for file in each.measures]}) for each in one.results]
    return replace(one, results=tuple(results))


@pytest.mark.parametrize("name", names())
def test_every_chart_draws_runs_whose_targets_are_numbers(name: str) -> None:
    figure = drawn(name, of_numbers(run()), of_numbers(run("Another", seed=1)))
    assert figure["data"]
    if charts()[name].results:
        assert "accuracy" not in figure["layout"]["meta"]["summary"], name


def test_batches_are_points_that_no_line_joins() -> None:
    """The last batch of each epoch is smaller: a line would be a comb. A rate is joined, as the control."""
    steps = np.arange(1, 101)
    lines = {"batch_size": Line(steps, np.full(100, 128.0), 100), "learning_rate": Line(steps, np.full(100, 0.1), 100)}
    assert drawn("batch_size", run(lines=lines))["data"][0]["mode"] == "markers"
    assert drawn("learning_rate", run(lines=lines))["data"][0]["mode"] == "lines"


@pytest.mark.parametrize("name", names())
def test_names_are_not_markup(name: str) -> None:
    """Plotly draws text as HTML, and `%{…}` in tooltips as a value."""
    evil = run(EVIL, bands=(Band(EVIL, 0, 9),), marks=(Mark(1, EVIL),), results=(result(0, EVIL, 0.9, 9),))
    figure = drawn(name, evil, run())
    del figure["layout"]["meta"]  # plain text, never drawn
    for trace in figure["data"]:
        trace.pop("meta", None)
        trace.pop("customdata", None)
        trace.pop("legendgroup", None)
    text = json.dumps(figure)
    assert "<img" not in text and "%{y} &" not in text
    assert "&lt;img" in text


def test_the_check_would_find_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without escaping, the same search finds the payload."""
    monkeypatch.setattr("backend.charts.theme.escape", lambda text, **_: text)
    assert "<img" in json.dumps(drawn("loss", run(EVIL), run())["data"])


@pytest.mark.parametrize("name", ["loss", "accuracy", "learning_rate"])
def test_the_browser_can_extend_each_curve(name: str) -> None:
    figure = drawn(name, run(seed=1), run(seed=2))
    grown = [trace["meta"] for trace in figure["data"]]
    assert {meta["metric"] for meta in grown} == set(charts()[name].metrics)
    assert {meta["run"] for meta in grown} == {"run-A run-1", "run-A run-2"}
    assert all(isinstance(trace["x"], list) and len(trace["x"]) == len(trace["y"]) for trace in figure["data"])


@pytest.mark.parametrize(
    "name", [name for name in names() if charts()[name].metrics and charts()[name].group != "comparison"]
)
def test_axes_say_what_they_show(name: str) -> None:
    layout = drawn(name, run())["layout"]
    assert layout["xaxis"]["title"]["text"].startswith("step") and layout["yaxis"]["title"]["text"]
    assert {"loss": "loss", "learning_rate": "learning rate"}.get(name, "") in layout["yaxis"]["title"]["text"]


def test_costs_name_their_unit() -> None:
    assert all("bytes" in json.dumps(drawn(name, run())["layout"]) for name in ("pareto", "stage_costs"))


def test_every_summary_that_is_drawn_has_an_example_here() -> None:
    assert {kind for chart in charts().values() for kind in chart.summaries} == set(BODIES)


def test_a_run_is_offered_what_it_has_something_for() -> None:
    chart = Chart("A chart", lambda runs, options: None, metrics=("norm", "norm/*"), summaries=("histograms",))  # type: ignore[arg-type, return-value]
    assert is_offered(chart, ["norm"], [], False) and is_offered(chart, [], ["histograms"], False)
    assert not is_offered(chart, ["loss"], ["confusion"], True)
    assert is_offered(charts()["pareto"], [], [], True) and not is_offered(charts()["pareto"], ["loss"], [], False)


def test_the_planned_rate_is_drawn_from_where_its_phase_began() -> None:
    plans = (Summary("plan", 0, 0, BODIES["plan"]), Summary("plan", 1, 100, BODIES["plan"]))
    _, first, second = drawn("learning_rate", run(summaries=plans))["data"]
    assert (first["x"], second["x"]) == ([1, 50, 100], [101, 150, 200])
    assert first["y"] == [0.0, 0.1, 0.0] and (first["showlegend"], second["showlegend"]) == (True, False)
    assert len(drawn("learning_rate", run(summaries=plans), run(seed=1, summaries=plans))["data"]) == 2


def test_layers_are_lines_of_their_own_when_a_run_is_alone() -> None:
    lines = {name: line() for name in ("gradient_norm", "gradient_norm/fc1", "gradient_norm/fc2")}
    alone = drawn("gradient_norms", run(lines=lines))["data"]
    assert [trace["name"] for trace in alone] == ["whole model", "fc1", "fc2"]
    assert len({trace["line"]["color"] for trace in alone}) == 3
    several = drawn("gradient_norms", run(lines=lines), run(seed=1, lines=lines))["data"]
    assert [trace["meta"]["metric"] for trace in several] == ["gradient_norm"] * 2


def test_what_is_not_a_number_is_a_gap_with_a_sign() -> None:
    broken = Line(np.array([1, 2, 3, 4]), np.array([1.0, np.nan, np.inf, 2.0]), 4)
    figure = drawn("loss", run(lines={"train/loss": broken}))
    assert figure["data"][0]["y"] == [1.0, None, None, 2.0]
    texts = [note["hovertext"] for note in figure["layout"]["annotations"] if note.get("text") == "✕"]
    assert len(texts) == 1 and "not a number at step 2" in texts[0]


def test_stages_and_what_happened_are_marked_on_a_lone_run() -> None:
    layout = drawn("loss", run())["layout"]
    assert sorted(shape["type"] for shape in layout["shapes"]) == ["line", "line", "rect"]
    assert any("continued from step 100" in note.get("hovertext", "") for note in layout["annotations"])
    assert not drawn("loss", run(seed=1), run(seed=2))["layout"].get("shapes")


def test_validation_is_strong_and_training_is_faint() -> None:
    opacity = {trace["meta"]["role"]: trace["opacity"] for trace in drawn("loss", run())["data"]}
    assert opacity["train"] < opacity["validation"] == 1


@pytest.mark.parametrize(
    ("cost", "axis", "x"),
    [
        ("bytes", "size on disk, bytes", [900, 500]),
        ("p50_ms@64", "median latency at batch 64, ms", [6.4, 6.4]),
        ("nonzero", "parameters that are not zero", [100, 99]),
    ],
)
def test_accuracy_is_weighed_against_what_is_asked(cost: str, axis: str, x: list[float]) -> None:
    figure = drawn("pareto", run(), options=Options(cost=cost))
    (points,) = [trace for trace in figure["data"] if trace["meta"]["role"] == "artifacts"]
    assert points["x"] == pytest.approx(x) and points["y"] == [0.95, 0.94]
    assert points["customdata"][0] == ["run-A run-0", 0, "file-0"]
    assert figure["layout"]["xaxis"]["title"]["text"] == axis


def test_dominated_points_are_dim_and_the_front_is_a_line() -> None:
    worse = run("Worse", results=(result(0, "train", 0.90, 2000),))
    figure = drawn("pareto", run(), worse)
    line, good, bad = figure["data"]
    assert line["meta"]["role"] == "front" and line["x"] == [500, 900]
    assert good["marker"]["opacity"] == [1, 1] and bad["marker"]["opacity"] == [0.35]


def in_formats(*sizes: dict[str, int]) -> RunData:
    """A run whose stages left files of these sizes, by format."""
    results = []
    for stage, files in enumerate(sizes):
        made = result(stage, f"stage {stage}", 0.9, 1)
        measure = next(one for one in made.measures if one.accuracy is not None)
        about = [{"exporter": name, "artifact": f"{name}-{stage}", "bytes": size} for name, size in files.items()]
        results.append(made.model_copy(update={"measures": [measure.model_copy(update=one) for one in about]}))
    return run(results=tuple(results))


def test_formats_have_markers_of_their_own() -> None:
    mine = in_formats({"onnx": 900, "coded": 800}, {"onnx": 850, "coded": 90})
    figure = drawn("pareto", mine)
    parts = [trace for trace in figure["data"] if trace["meta"]["role"] == "artifacts"]
    assert [part["x"] for part in parts] == [[900, 850], [800, 90]]
    assert [part["marker"]["symbol"] for part in parts] == ["circle", "square"]
    assert [part["showlegend"] for part in parts] == [True, False]
    keys = [trace for trace in figure["data"] if trace["meta"]["role"] == "format"]
    assert [(key["name"], key["marker"]["symbol"]) for key in keys] == [("onnx", "circle"), ("coded", "square")]
    alone = drawn("pareto", mine, options=Options(formats=("onnx",)))
    assert [trace["meta"]["role"] for trace in alone["data"]] == ["front", "artifacts"]
    assert alone["data"][0]["x"] == [850]  # the front is that of what is drawn


def test_a_crowd_is_thinned_but_for_its_front() -> None:
    runs = [
        RunData(f"run-{seed}", "A run", seed, "#4090f8", results=(result(0, "train", 0.5, 10_000 - seed),))
        for seed in range(700)
    ]
    figure = drawn("pareto", *runs)
    front, rest = [trace for trace in figure["data"] if trace["meta"]["role"] == "artifacts"]
    assert len(rest["x"]) <= 600 and front["x"] == [10_000 - 699] and {front["mode"], rest["mode"]} == {"markers"}
    assert "of 700 artifacts" in figure["layout"]["meta"]["summary"]


def test_each_format_is_compared_with_its_own_kind_over_the_stages() -> None:
    """The last stage has no file of the first one's format: its time is not drawn beside another runtime's."""
    mine = in_formats({"torch_export": 950, "onnx": 900}, {"torch_export": 940, "onnx": 850}, {"onnx": 250})
    roles = {trace["meta"]["role"]: trace for trace in drawn("stage_costs", mine)["data"]}
    assert [about[2] for about in roles["p50_ms@1"]["customdata"]] == ["onnx-0", "onnx-1", "onnx-2"]
    titles = json.dumps(drawn("stage_costs", mine)["layout"]["annotations"])
    assert "latency of onnx" in titles and "striped torch export" in titles


def test_more_is_better_for_throughput() -> None:
    figure = drawn("pareto", run(), options=Options(cost="samples_per_s@1"))
    assert figure["data"][0]["line"]["shape"] == "vh"


@pytest.mark.parametrize(
    ("costs", "gains", "on"),
    [
        ([], [], []),
        ([1, 2, 3], [1, 2, 3], [True, True, True]),
        ([1, 2, 3], [3, 2, 1], [True, False, False]),
        ([1, 1], [1, 1], [True, True]),
        ([1, 1], [1, 2], [False, True]),
        ([1, 2], [2, 2], [True, False]),
        ([3, 1, 2], [0.5, 0.1, 0.5], [False, True, True]),
    ],
)
def test_the_front_is_what_no_other_beats(costs: list[float], gains: list[float], on: list[bool]) -> None:
    assert front(costs, gains).tolist() == on


FEW = st.sampled_from([-1e300, -1.0, 0.0, 0.5, 0.5000001, 1.0, 2.0, 1e300])  # so few that they often are equal


@given(st.lists(st.tuples(FEW, FEW), max_size=40))
def test_the_front_is_the_definition(pairs: list[tuple[float, float]]) -> None:
    beaten = [any(c <= cost and g >= gain and (c, g) != (cost, gain) for c, g in pairs) for cost, gain in pairs]
    found = front([cost for cost, _ in pairs], [gain for _, gain in pairs])
    assert found.tolist() == [not one for one in beaten]


def test_costs_show_every_stage_and_batch_size() -> None:
    figure = drawn("stage_costs", run())
    roles = {trace["meta"]["role"]: trace for trace in figure["data"]}
    assert set(roles) == {"accuracy", "bytes", "nonzero", "p50_ms@1", "p50_ms@64"}
    assert roles["bytes"]["y"] == [900, 500] and roles["nonzero"]["y"] == [100, 99]
    assert roles["p50_ms@64"]["y"] == pytest.approx([6.4, 6.4])
    assert roles["p50_ms@64"]["error_y"]["array"] == pytest.approx([6.4, 6.4])


def test_each_file_of_a_stage_has_a_bar_of_its_own() -> None:
    mine = run()
    for stage in mine.results:
        (measured,) = (measure for measure in stage.measures if measure.runtime)
        stage.measures.append(measured.model_copy(update={"exporter": "coded", "bytes": 90, "artifact": "c"}))
    figure = drawn("stage_costs", mine)
    bars = {trace["marker"]["pattern"]["shape"]: trace for trace in figure["data"] if trace["meta"]["role"] == "bytes"}
    assert (bars[""]["y"], bars["/"]["y"]) == ([900, 500], [90, 90])
    assert bars["/"]["text"] == ["90 bytes, coded file"] * 2
    assert any("striped coded" in title["text"] for title in figure["layout"]["annotations"])


def test_the_summary_tells_the_numbers() -> None:
    text = drawn(
        "accuracy", run("Mine", lines={"validation/accuracy": Line(np.array([1, 90]), np.array([0.5, 0.97]), 2)})
    )
    assert text["layout"]["meta"]["summary"] == "Mine · seed 0: validation from 50.00% to 97.00% at step 90."


def test_ten_long_runs_are_quick() -> None:
    runs = [run(seed=seed, lines={metric: line(1400) for metric in charts()["loss"].metrics}) for seed in range(10)]
    drawn("loss", *runs)
    began = time.process_time()
    drawn("loss", *runs)
    assert time.process_time() - began < 0.6


def test_a_file_without_a_chart_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "names", lambda: ["empty"])
    monkeypatch.setattr(registry.importlib, "import_module", lambda name: SimpleNamespace(__name__=name))
    charts.cache_clear()
    with pytest.raises(RuntimeError, match="must define `chart`"):
        charts()


def test_each_file_is_a_chart() -> None:
    charts.cache_clear()
    files = {path.stem for path in Path(registry.figures.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(charts()) == files == set(names())
    assert all(isinstance(chart, Chart) and chart.title for chart in charts().values())
    assert {"loss", "accuracy", "learning_rate", "stage_costs", "pareto"} <= files


def test_quotes_in_a_name_are_drawn_as_they_are() -> None:
    """Plotly knows few entities, and that of a quotation mark is none of them."""
    assert label(RunData("a", "Digits \"wide\" & 'deep'", 0, "#4090f8")) == "Digits \"wide\" &amp; 'deep' · seed 0"
