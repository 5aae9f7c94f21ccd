"""Charts as Plotly figures: loads what a chart needs and lets it draw."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from backend.api.caches.artifacts import artifacts
from backend.api.deps import Reading
from backend.api.tradeoffs import (
    DEFAULT,
    MAX_RUNS,
    Cost,
    DatasetName,
    MachineName,
    Minimize,
    NameList,
    Names,
    Quality,
    RunList,
    Where,
    find_scope,
    parse_question,
    run_ids,
)
from backend.charts import chart as registry
from backend.charts import wire
from backend.charts.artifacts import Artifacts
from backend.charts.chart import Chart, Group
from backend.charts.data import Band, Line, Mark, Options, RunData, Summary, Theme
from backend.charts.palette import color, dash
from backend.domain.run.events import EventKind
from backend.domain.run.results import StageResult
from backend.errors import ChartNotFound, Invalid
from backend.store import counterfactuals, events, lines, results, run_listing, summaries, tables
from backend.store import runs as stored

if TYPE_CHECKING:
    from plotly import graph_objects as go

router = APIRouter(tags=["figures"])

Wanted = TypeVar("Wanted", Sequence[str], Sequence[str] | None)

PIXELS = 700  # buckets of a line: two points each, 1,400 in all
CURVE_RUNS = 50
NEWEST = 10
DRAWN = (EventKind.STAGE_BEGAN, EventKind.STAGE_ENDED, EventKind.REWIND, EventKind.ALERT, EventKind.COMMAND)


class Figure(BaseModel):
    """A Plotly figure. A line that grows has `meta: {run, metric}`; `layout.meta` holds `summary`, a description
    in words, and `seq`, the last event of each run that the figure includes."""

    data: list[dict[str, Any]] = Field(description="The traces.")
    layout: dict[str, Any]


class ChartRow(BaseModel):
    """A chart, and what a run must have for it to show something: one of the metrics, a summary, or results."""

    name: str
    title: str
    group: Group
    metrics: list[str]
    summaries: list[str] = Field(description="Kinds of summaries that it draws.")
    results: bool = Field(description="True when it draws the results of stages.")
    expected: bool = Field(
        description="True when its place is kept free on the page of a run that has not measured anything yet."
    )


@router.get("/api/charts")
def list_charts() -> list[ChartRow]:
    """Every chart, in the order in which a run's page shows them."""
    return [
        ChartRow(
            name=name,
            title=chart.title,
            group=chart.group,
            metrics=list(chart.metrics),
            summaries=list(chart.summaries),
            results=chart.results,
            expected=chart.expected,
        )
        for name, chart in registry.sort_charts()
    ]


@router.get("/api/figures/{chart}", response_model=Figure)
def figure(
    session: Reading,
    chart: Annotated[str, Path(max_length=40, description="Name of a chart, such as `loss`.")],
    runs: RunList = "",
    theme: Theme = "light",
    cost: Cost = "bytes",
    quality: Quality = "",
    where: Where = "",
    minimize: Minimize = "",
    formats: NameList = "",
    devices: NameList = "",
    dataset: DatasetName = "",
    machine: MachineName = "",
    models: NameList = "",
    target: Annotated[
        float | None, Query(ge=0, le=1, description="Validation accuracy that `time_to_target` asks for.")
    ] = None,
) -> Response:
    """One chart of these runs, or of the newest ones."""
    question = parse_question(
        where=where, minimize=minimize, cost=cost, quality=quality, formats=formats, devices=devices
    )
    if chart not in registry.names():
        raise ChartNotFound(chart, registry.names())
    options = replace(question, theme=theme, target=target)
    text = draw(session, registry.charts()[chart], run_ids(runs), options, Names(dataset, machine, models))
    return Response(text, media_type="application/json")


def draw(session: Session, chart: Chart, wanted: Sequence[str] | None, options: Options, asked: Names = DEFAULT) -> str:
    """The figure as JSON. Charts that compare models draw only those of the scope that was asked for."""
    if chart.draw_artifacts:
        found = artifacts(session, _few(wanted, MAX_RUNS), MAX_RUNS)
        scope = find_scope(session, found, options, asked)
        return _of_artifacts(chart, scope.found, scope.options)
    chosen = _runs(session, wanted, CURVE_RUNS if chart.metrics else MAX_RUNS)
    measured = results.of(session, [run.id for run in chosen]) if chart.results else {}
    ids = {run.id for run in chosen}
    data = [run_data(session, run, chart, measured.get(run.id, []), ids) for run in chosen]
    return _text(chart, chart.draw(data, options))


@lru_cache(maxsize=8)
def _of_artifacts(chart: Chart, found: Artifacts, options: Options) -> str:
    """Cached until something else is measured, see `artifacts`."""
    assert chart.draw_artifacts
    return _text(chart, chart.draw_artifacts(found, options))


def _text(chart: Chart, figure: "go.Figure") -> str:
    figure.layout.meta |= {"summaries": list(chart.summaries)}
    return wire.dumps(figure)


def _runs(session: Session, wanted: Sequence[str] | None, most: int) -> list[tables.Run]:
    """The named runs as far as they exist; the newest without any names. Raises Invalid when too many are named."""
    if wanted is None:
        return run_listing.page(session, limit=NEWEST if most == CURVE_RUNS else most)[0]
    return [run for run in (stored.get(session, run_id) for run_id in _few(wanted, most)) if run is not None]


def _few(wanted: Wanted, most: int) -> Wanted:
    if wanted is not None and len(wanted) > most:
        raise Invalid(f"`runs` names {len(wanted)} runs; this chart shows at most {most}.", path="runs")
    return wanted


def run_data(
    session: Session, run: tables.Run, chart: Chart, measured: Sequence[StageResult], beside: Collection[str] = ()
) -> RunData:
    """A run as the chart sees it, beside runs of these ids."""
    metrics = chart.metrics
    seq, curves = lines.thin(session, run.id, PIXELS, metrics=metrics) if metrics else (run.last_seq, {})
    happened = events.marks(session, run.id, kinds=DRAWN) if metrics else []
    shown = summaries.of(session, run.id, chart.summaries) if chart.summaries else []
    return RunData(
        id=run.id,
        name=run.experiment.name,
        seed=run.seed,
        experiment=run.experiment_id,
        color=color(run.color),
        dash=dash(run.color),
        counterfactual=counterfactuals.about(session, run) if run.counterfactual_of in beside else "",
        seq=seq,
        lines={metric: Line(one.steps, one.values, one.points, one.times) for metric, one in curves.items()},
        bands=_bands(happened, run.step),
        marks=_marks(happened),
        results=tuple(measured),
        summaries=tuple(Summary(one.kind, one.stage, one.step, one.body) for one in shown),
    )


def _bands(happened: Sequence[tables.Event], step: int) -> tuple[Band, ...]:
    """The steps of each stage that has started. A stage that started again after a rewind counts once."""
    began = {event.body["stage"]: event.body for event in happened if event.kind == EventKind.STAGE_BEGAN}
    ended = {event.body["stage"]: event.body for event in happened if event.kind == EventKind.STAGE_ENDED}
    return tuple(
        Band(body["label"], body["step"], max(ended.get(stage, {"step": step})["step"], body["step"]))
        for stage, body in sorted(began.items())
    )


def _describe(command: Mapping[str, Any]) -> str:
    """`set optimizer.lr 0.1 → 0.01 obeyed, asked by ann`"""
    change = f" {command['path']} {command['old']} → {command['new']}" if "path" in command else ""
    return f"{command['kind']}{change} {command['state']}, asked by {command['by']}"


def _marks(happened: Sequence[tables.Event]) -> tuple[Mark, ...]:
    marks = []
    for event in happened:
        if event.kind == EventKind.REWIND:
            marks.append(Mark(event.body["step"], f"continued from step {event.body['step']}"))
        elif event.kind == EventKind.ALERT:
            marks.append(Mark(event.body["step"], f"alert: {event.body['text']}"))
        elif event.kind == EventKind.COMMAND:
            marks.append(Mark(event.body["step"], _describe(event.body)))
    return tuple(marks)
