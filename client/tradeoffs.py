"""Asks for the measured models that meet a constraint, or the nearest miss."""

from collections.abc import Sequence
from typing import Any

from client.points import Table, frame
from client.reply import Reply
from client.wire import Wire


class Interval(Reply):
    """Where a share lies with 95 %, as far as the number of samples tells."""

    low: float
    high: float


class Candidate(Reply):
    """One measured file: `values` has `accuracy`, `bytes`, `p50_ms@1`, `p95_ms@64`, …"""

    run_id: str
    run_name: str
    seed: int
    stage: int
    label: str
    exporter: str
    artifact: str
    runtime: str
    devices: list[str]
    values: dict[str, float]
    front: bool
    samples: int | None = None
    interval: Interval | None = None
    preparation: str = ""


class DatasetChoice(Reply):
    """A data set on which models were measured."""

    key: str
    title: str


class Tradeoffs(Reply):
    """The answer for one data set in words, and what it rests on: ids of artifacts that meet the constraint, best first; without any,
    those that miss it by least."""

    points: list[Candidate]
    total: int
    qualifying: list[str]
    nearest: list[str] = []
    sentence: str
    dataset: str = ""
    datasets: list[DatasetChoice] = []
    samples: list[int] = []
    note: str = ""
    offer: str = ""
    fields: dict[str, str] = {}

    @property
    def best(self) -> Candidate | None:
        """What meets the constraint and has least (or most) of what was asked; None when nothing meets it."""
        return self._named(self.qualifying)[0] if self.qualifying else None

    @property
    def meeting(self) -> list[Candidate]:
        """Best first."""
        return self._named(self.qualifying)

    @property
    def missing_least(self) -> list[Candidate]:
        """The nearest first, when nothing meets the constraint."""
        return self._named(self.nearest)

    def frame(self) -> Any:
        """One row for each measured file. Raises LatheError when pandas is not installed."""
        columns: Table = {
            name: [getattr(point, name) for point in self.points]
            for name in (
                "run_id",
                "run_name",
                "seed",
                "stage",
                "label",
                "exporter",
                "artifact",
                "front",
                "samples",
                "preparation",
            )
        }
        for end in ("low", "high"):
            columns |= {f"accuracy_{end}": [getattr(point.interval, end, None) for point in self.points]}
        measured = {name: [point.values.get(name) for point in self.points] for name in sorted(self.fields)}
        meeting = set(self.qualifying)
        return frame({**columns, "meets": [point.artifact in meeting for point in self.points], **measured})

    def _named(self, artifacts: Sequence[str]) -> list[Candidate]:
        known = {point.artifact: point for point in self.points}
        return [known[artifact] for artifact in artifacts]


def tradeoffs(
    wire: Wire,
    where: str,
    minimize: str,
    dataset: str,
    runs: Sequence[str],
    formats: Sequence[str],
    devices: Sequence[str],
) -> Tradeoffs:
    lists = {"runs": ",".join(runs), "formats": ",".join(formats), "devices": ",".join(devices)}
    query = {"where": where, "minimize": minimize, "dataset": dataset, **lists}
    return Tradeoffs.model_validate(wire.get("/api/tradeoffs", query))
