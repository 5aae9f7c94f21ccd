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
        default=None,
        min_length=1,
        max_length=100,
        description="Seeds, with one run for each; the spec's own seed when left out.",
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
        description="Indexes of stages. Every order of them becomes a run, to compare the orders. Stages that orders have in "
        "common at the start are computed once. Not together with variants.",
    )


class NewFork(Request):
    checkpoint: str | None = Field(
        default=None, max_length=64, description="Artifact id of the checkpoint to start from."
    )
    stage: int | None = Field(
        default=None, ge=0, le=1000, description="Start from the end of this stage, counted from 0. Without either: "
        "from the newest checkpoint.",
    )  # fmt: skip
    spec: dict[str, Any] | str | None = Field(
        default=None,
        description="Spec of the fork: the parent's spec, with other or more stages after those that are finished, and "
        "with other live parameters in the stage in which it starts. The parent's own when left out.",
    )


class RunCreated(BaseModel):
    id: str
    state: RunState


class ExperimentCreated(BaseModel):
    id: str = Field(description="Id of the experiment, or of the group when there are variants.")
    runs: list[RunCreated]
    left_out: list[LeftOut] = Field(default=[], description="Orders that do not fit, and why.")
    notes: list[str] = Field(default=[], description="Older words of the spec, and what they are called now.")
