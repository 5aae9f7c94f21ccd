"""Trade-offs as the wire shows them."""

from pydantic import BaseModel, Field


class Interval(BaseModel):
    """The 95 % interval of a share (Wilson), as far as the number of samples tells."""

    low: float
    high: float


class TradeoffPoint(BaseModel):
    """One measured artifact: what a constraint query chooses from."""

    run_id: str
    run_name: str
    seed: int
    stage: int
    label: str
    exporter: str
    artifact: str
    runtime: str = Field(description="What loaded and ran it.")
    devices: list[str] = Field(description="Devices on which it was timed.")
    values: dict[str, float] = Field(
        description="accuracy, bytes, gzip_bytes, parameters, nonzero, p50_ms@1, p95_ms@64, …"
    )
    front: bool = Field(description="Whether no other one is at least as good in quality and in what is minimized.")
    samples: int | None = Field(description="Samples of the test split that it was judged on; null where unknown.")
    interval: Interval | None = Field(description="That of its accuracy; null where it is unknown.")
    preparation: str = Field(description="Kind of what the data go through first.")


class DatasetChoice(BaseModel):
    """A data set on which models were measured."""

    key: str = Field(description="Names it in a question; its kind or the id of an upload will do as well.")
    title: str


class Tradeoffs(BaseModel):
    """Models of one data set. Points that meet the constraint, best first; without any, the nearest misses and by how much they miss."""

    points: list[TradeoffPoint] = Field(
        description="All of up to 600; of more the front, the best or the nearest, and a spread of the rest."
    )
    total: int = Field(description="How many measured models were asked: those whose quality was measured.")
    qualifying: list[str] = Field(description="Artifact ids of those points that meet the constraint, best first.")
    nearest: list[str] = Field(default=[], description="Artifact ids that miss by least, when none qualifies.")
    sentence: str = Field(description="The answer in words.")
    dataset: str = Field(description="Key of the data set that all this is about; empty when nothing was measured.")
    datasets: list[DatasetChoice] = Field(description="Those that can be asked about, of the newest run first.")
    samples: list[int] = Field(description="Sizes of the test splits that the models were judged on.")
    note: str = Field(description="In what the models' circumstances differ; empty when they are alike.")
    offer: str = Field(description="A bound on quality to add, where the question has none; empty else.")
    fields: dict[str, str] = Field(default={}, description="What can be asked for, and its unit.")
    quality: str = Field(
        description="The measure of how well a model does that the front weighs: accuracy, r2, mae or loss."
    )
    qualities: list[str] = Field(description="Those of them that were measured of any of these runs.")
    formats: list[str] = Field(
        default=[], description="Formats that these runs left, those that were not asked for too."
    )
    devices: list[str] = Field(default=[], description="Devices on which they were timed.")
