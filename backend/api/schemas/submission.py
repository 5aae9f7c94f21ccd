"""Schemas of submitting an experiment: the request, and the runs that it created."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from backend.api.schemas.runs import Request
from backend.domain.experiment.stage_orders import LeftOut
from backend.domain.experiment.variants import Variant
from backend.domain.run.states import RunState


class NewExperiment(Request):
    spec: dict[str, Any] | str = Field(description="The spec, as a mapping or as YAML/JSON text.")
    seeds: list[Annotated[int, Field(ge=0, le=2**32 - 1)]] | None = Field(
        default=None, min_length=1, max_length=100, description="One run for each; the spec's own seed when left out."
    )
    variants: list[Variant] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="The same spec changed in a few fields, to be compared: an experiment for each, one run for each seed.",
    )
    orders: list[Annotated[int, Field(ge=0, le=1000)]] | None = Field(
        default=None,
        min_length=2,
        max_length=16,
        description="Indexes of stages: a run for every order of them at their places, to be compared. What orders have in "
        "common at their beginning is computed once. Not together with variants.",
    )


class NewFork(Request):
    checkpoint: str | None = Field(
        default=None, max_length=64, description="Artifact id of the checkpoint to begin with."
    )
    stage: int | None = Field(
        default=None, ge=0, le=1000, description="Begin with the end of this stage, counted from 0. Without either: "
        "with the newest checkpoint.",
    )  # fmt: skip
    spec: dict[str, Any] | str | None = Field(
        default=None,
        description="What the fork is to execute: the parent's spec with other or more stages after those that are past, and "
        "with other live knobs in the stage in whose midst it begins. The parent's own when left out.",
    )


class RunCreated(BaseModel):
    id: str
    state: RunState


class ExperimentCreated(BaseModel):
    id: str = Field(description="Of the experiment, or of the group when there are variants.")
    runs: list[RunCreated]
    left_out: list[LeftOut] = Field(default=[], description="Orders that do not fit, and why.")
