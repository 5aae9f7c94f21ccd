"""Schemas of trade-offs in responses."""

from pydantic import BaseModel, Field

from backend.domain.run.results import Interval


class TradeoffPoint(BaseModel):
    """One measured artifact: what a constraint query chooses from."""

    run_id: str
    run_name: str
    seed: int
    stage: int
    label: str
    exporter: str
    artifact: str
    runtime: str = Field(description="Runtime that loaded and ran it.")
    devices: list[str] = Field(description="Devices on which it was timed.")
    values: dict[str, float] = Field(
        description="accuracy, bytes, gzip_bytes, parameters, nonzero, p50_ms@1, p95_ms@64, …"
    )
    front: bool = Field(
        description="True on the Pareto front: no other model is at least as good in both quality and cost."
    )
    samples: int | None = Field(description="Samples of the test split that it was judged on; null where unknown.")
    interval: Interval | None = Field(
        description="The 95 % interval of its accuracy (Wilson); null where it is unknown."
    )
    preparation: str = Field(description="Kind of the preparation of the data.")
    machine: str = Field(description="Machine that timed it; `unknown` where an older release did.")


class DatasetChoice(BaseModel):
    """A data set on which models were measured."""

    key: str = Field(description="Name of the data set in a question. Its kind or the id of an upload is accepted too.")
    title: str


class Tradeoffs(BaseModel):
    """Measured models of one data set and machine: those that meet the constraint, the best first, or the nearest to it."""

    points: list[TradeoffPoint] = Field(
        description="All points when there are at most 600; else the front, the best or nearest, and a spread of the rest."
    )
    total: int = Field(description="Number of models whose quality was measured.")
    qualifying: list[str] = Field(description="Artifact ids of the points that meet the constraint, the best first.")
    nearest: list[str] = Field(
        default=[], description="Artifact ids of the nearest points when none meets the constraint."
    )
    sentence: str = Field(description="The answer in words.")
    dataset: str = Field(description="Key of the data set of this answer, or `any`; empty when nothing was measured.")
    machine: str = Field(description="Machine that timed the models of this answer, or `any`; empty when nothing was.")
    machines: list[str] = Field(description="Machines to choose from, that of the newest run first.")
    models: list[str] = Field(description="Kinds of model that were measured on the data set.")
    datasets: list[DatasetChoice] = Field(description="Data sets to choose from, that of the newest run first.")
    samples: list[int] = Field(description="Sizes of the test splits that the models were judged on.")
    note: str = Field(
        description="Differences in how the models were measured, and how to compare more of them; else empty."
    )
    offer: str = Field(description="Proposed bound on quality when the question has none; else empty.")
    fields: dict[str, str] = Field(default={}, description="Measures that a question can use -> unit.")
    quality: str = Field(description="Measure of quality that the front uses: accuracy, r2, mae or loss.")
    qualities: list[str] = Field(description="Measures of quality that these runs have.")
    formats: list[str] = Field(
        default=[], description="All formats of these runs, also those that the question leaves out."
    )
    devices: list[str] = Field(default=[], description="Devices on which the models were timed.")
