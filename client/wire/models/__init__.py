"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from client.wire.models.catalog import CatalogEntry, CatalogNow, ChartRow, Conflict, Family, Provision
from client.wire.models.commands import CommandKind, CommandRow, CommandState, LiveParameterRow
from client.wire.models.errors import Error, Problem
from client.wire.models.points import Columns, EventKind, Points, Series, StreamEvent
from client.wire.models.results import ArtifactMeasure, Comparison, IncomingModel, Latency, StageResult, TimeComparison
from client.wire.models.runs import (
    ArtifactRow,
    Awaited,
    ExperimentCreated,
    LeftOut,
    QueuePlace,
    Relative,
    RunCreated,
    RunDetail,
    RunPage,
    RunRow,
    RunState,
    StageSummary,
)
from client.wire.models.specs import Estimate, ResolvedField, SpecChecked, StageEstimate
from client.wire.models.studies import Budget, StudyRow, StudyState, TrialPage, TrialRow, TrialState
from client.wire.models.tradeoffs import DatasetChoice, Interval, TradeoffPoint, Tradeoffs
from client.wire.models.uploads import Column, Facts, Inputs, Picture, UploadDetail, UploadRow

__all__ = [
    "ArtifactMeasure",
    "ArtifactRow",
    "Awaited",
    "Budget",
    "CatalogEntry",
    "CatalogNow",
    "ChartRow",
    "Column",
    "Columns",
    "CommandKind",
    "CommandRow",
    "CommandState",
    "Comparison",
    "Conflict",
    "DatasetChoice",
    "Error",
    "Estimate",
    "EventKind",
    "ExperimentCreated",
    "Facts",
    "Family",
    "IncomingModel",
    "Inputs",
    "Interval",
    "Latency",
    "LeftOut",
    "LiveParameterRow",
    "Picture",
    "Points",
    "Problem",
    "Provision",
    "QueuePlace",
    "Relative",
    "ResolvedField",
    "RunCreated",
    "RunDetail",
    "RunPage",
    "RunRow",
    "RunState",
    "Series",
    "SpecChecked",
    "StageEstimate",
    "StageResult",
    "StageSummary",
    "StreamEvent",
    "StudyRow",
    "StudyState",
    "TimeComparison",
    "TradeoffPoint",
    "Tradeoffs",
    "TrialPage",
    "TrialRow",
    "TrialState",
    "UploadDetail",
    "UploadRow",
]
