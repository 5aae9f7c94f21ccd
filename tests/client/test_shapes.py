"""The client reads what the server writes: its shapes are held against the server's own."""

from types import NoneType
from typing import get_args

import pytest
from pydantic import BaseModel, create_model

from backend.api import figures as wire_figures
from backend.api.schemas import runs as wire_runs
from backend.api.schemas import steering as wire_steering
from backend.api.schemas import studies as wire_studies
from backend.api.schemas import tradeoffs as wire_tradeoffs
from backend.api.schemas.submission import ExperimentCreated
from backend.domain import catalog as wire_catalog
from backend.domain.experiment.stage_orders import LeftOut as WireLeftOut
from backend.domain.problems import Problem as WireProblem
from backend.domain.run import results as wire_results
from backend.domain.run.events import EventKind
from backend.domain.run.states import TERMINAL
from backend.domain.run.states import RunState as WireState
from client import (
    RunState,
    artifacts,
    catalog,
    errors,
    events,
    figures,
    points,
    results,
    runs,
    steering,
    studies,
    submission,
)
from client import tradeoffs as offers
from client.reply import Reply

PAIRS: list[tuple[type[Reply], type[BaseModel]]] = [
    (runs.RunRow, wire_runs.RunRow),
    (runs.RunDetail, wire_runs.RunDetail),
    (runs.StageSummary, wire_runs.StageSummary),
    (runs.Relative, wire_runs.Relative),
    (artifacts.Artifact, wire_runs.ArtifactRow),
    (results.StageResult, wire_results.StageResult),
    (results.IncomingModel, wire_results.IncomingModel),
    (results.Measure, wire_results.ArtifactMeasure),
    (results.Latency, wire_results.Latency),
    (results.Comparison, wire_results.Comparison),
    (results.TimeComparison, wire_results.TimeComparison),
    (steering.Command, wire_steering.CommandRow),
    (steering.Knob, wire_steering.KnobRow),
    (points.Series, wire_runs.Series),
    (offers.Tradeoffs, wire_tradeoffs.Tradeoffs),
    (offers.Interval, wire_tradeoffs.Interval),
    (offers.DatasetChoice, wire_tradeoffs.DatasetChoice),
    (offers.Candidate, wire_tradeoffs.TradeoffPoint),
    (catalog.Catalog, wire_catalog.Catalog),
    (catalog.Family, wire_catalog.Family),
    (catalog.Component, wire_catalog.CatalogEntry),
    (figures.Chart, wire_figures.ChartRow),
    (submission.LeftOut, WireLeftOut),
    (errors.Problem, WireProblem),
    (studies.StudyRow, wire_studies.StudyRow),
    (studies.Trial, wire_studies.TrialRow),
    (events.Event, wire_runs.StreamEvent),
]


def unread(ours: type[BaseModel], theirs: type[BaseModel]) -> list[str]:
    """Fields that the server never writes, or writes as null where the client wants something."""
    wrong = []
    for name, field in ours.model_fields.items():
        there = theirs.model_fields.get(name)
        if there is None:
            wrong.append(f"{name} is not there")
        elif NoneType in get_args(there.annotation) and NoneType not in get_args(field.annotation):
            wrong.append(f"{name} can be null")
    return wrong


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda shape: f"{shape.__module__}.{shape.__name__}")
def test_every_field_is_one_that_the_server_writes(ours: type[BaseModel], theirs: type[BaseModel]) -> None:
    assert unread(ours, theirs) == []


def test_every_shape_is_held_against_the_servers() -> None:
    read = {shape for shape in Reply.__subclasses__() if shape.__module__.startswith("client.")}
    assert read <= {ours for ours, _ in PAIRS}


def test_the_check_catches_what_the_server_does_not_write() -> None:
    ours = create_model("Ours", id=(str, ...), gone=(int, ...), error=(str, ...))
    assert unread(ours, wire_runs.RunRow) == ["gone is not there", "error can be null"]


def test_states_and_kinds_are_the_servers() -> None:
    assert list(map(str, RunState)) == list(map(str, WireState))
    assert {str(state) for state in RunState if state.terminal} == set(map(str, TERMINAL))
    assert set(events.KINDS) == set(map(str, EventKind))
    assert set(ExperimentCreated.model_fields) == {"id", "runs", "left_out"}


def test_a_kind_of_tomorrow_is_an_event_with_its_body() -> None:
    data = {"run_id": "r", "seq": 1, "kind": "eclipse", "at": "2026-01-31T10:00:00Z", "body": {"sun": 0}, "new": 1}
    event = events.event(data)
    assert type(event) is events.Event and event.body == {"sun": 0}
