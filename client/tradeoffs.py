"""Asks for the measured models that meet a constraint, or for those that come nearest to it."""

from collections.abc import Sequence
from typing import Any

from client.runs.points import Table, frame
from client.wire import models
from client.wire.connection import Wire
from client.wire.models import TradeoffPoint


class Tradeoffs(models.Tradeoffs):
    """Answer for one data set: a sentence, and the measured files behind it."""

    @property
    def best(self) -> TradeoffPoint | None:
        """The best of those that meet the constraint; None when none does."""
        return self._named(self.qualifying)[0] if self.qualifying else None

    @property
    def meeting(self) -> list[TradeoffPoint]:
        """All that meet the constraint, the best first."""
        return self._named(self.qualifying)

    @property
    def missing_least(self) -> list[TradeoffPoint]:
        """Those that come nearest to the constraint, the nearest first; empty when any meets it."""
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
                "machine",
            )
        }
        for end in ("low", "high"):
            columns |= {f"accuracy_{end}": [getattr(point.interval, end, None) for point in self.points]}
        measured = {name: [point.values.get(name) for point in self.points] for name in sorted(self.fields)}
        meeting = set(self.qualifying)
        return frame({**columns, "meets": [point.artifact in meeting for point in self.points], **measured})

    def _named(self, artifacts: Sequence[str]) -> list[TradeoffPoint]:
        known = {point.artifact: point for point in self.points}
        return [known[artifact] for artifact in artifacts]


def tradeoffs(
    wire: Wire,
    where: str,
    minimize: str,
    dataset: str,
    machine: str,
    **names: Sequence[str],
) -> Tradeoffs:
    """The answer; `names` are runs, models, formats and devices, all where none is named."""
    lists = {field: ",".join(chosen) for field, chosen in names.items()}
    query = {"where": where, "minimize": minimize, "dataset": dataset, "machine": machine, **lists}
    return Tradeoffs.model_validate(wire.get("/api/tradeoffs", query))
