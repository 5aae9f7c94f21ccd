"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from client.wire.base import Reply
from client.wire.models.results import Interval


class TradeoffPoint(Reply):
    """One measured artifact: what a constraint query chooses from."""

    run_id: str
    run_name: str
    seed: int
    stage: int
    label: str
    exporter: str
    artifact: str
    runtime: str
    """Runtime that loaded and ran it."""
    devices: list[str]
    """Devices on which it was timed."""
    values: dict[str, float]
    """accuracy, bytes, gzip_bytes, parameters, nonzero, p50_ms@1, p95_ms@64, …"""
    front: bool
    """True on the Pareto front: no other model is at least as good in both quality and cost."""
    samples: int | None
    """Samples of the test split that it was judged on; null where unknown."""
    interval: Interval | None
    """The 95 % interval of its accuracy (Wilson); null where it is unknown."""
    preparation: str
    """Kind of the preparation of the data."""
    machine: str
    """Machine that timed it; `unknown` where an older release did."""


class DatasetChoice(Reply):
    """A data set on which models were measured."""

    key: str
    """Name of the data set in a question. Its kind or the id of an upload is accepted too."""
    title: str


class Tradeoffs(Reply):
    """Measured models of one data set and machine: those that meet the constraint, the best first, or the nearest to it."""

    points: list[TradeoffPoint]
    """All points when there are at most 600; else the front, the best or nearest, and a spread of the rest."""
    total: int
    """Number of models whose quality was measured."""
    qualifying: list[str]
    """Artifact ids of the points that meet the constraint, the best first."""
    nearest: list[str] = []
    """Artifact ids of the nearest points when none meets the constraint."""
    sentence: str
    """The answer in words."""
    dataset: str
    """Key of the data set of this answer, or `any`; empty when nothing was measured."""
    machine: str
    """Machine that timed the models of this answer, or `any`; empty when nothing was."""
    machines: list[str]
    """Machines to choose from, that of the newest run first."""
    models: list[str]
    """Kinds of model that were measured on the data set."""
    datasets: list[DatasetChoice]
    """Data sets to choose from, that of the newest run first."""
    samples: list[int]
    """Sizes of the test splits that the models were judged on."""
    note: str
    """Differences in how the models were measured, and how to compare more of them; else empty."""
    offer: str
    """Proposed bound on quality when the question has none; else empty."""
    fields: dict[str, str] = {}
    """Measures that a question can use -> unit."""
    quality: str
    """Measure of quality that the front uses: accuracy, r2, mae or loss."""
    qualities: list[str]
    """Measures of quality that these runs have."""
    formats: list[str] = []
    """All formats of these runs, also those that the question leaves out."""
    devices: list[str] = []
    """Devices on which the models were timed."""
