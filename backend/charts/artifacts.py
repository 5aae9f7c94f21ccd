"""Measured artifacts of many runs as columns: what is asked of fifty thousand is asked of arrays."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.charts.data import RunData
from backend.charts.measures import File, is_wanted, places
from backend.domain.run.results import StageResult

Column = NDArray[np.float64]  # [artifact], NaN where it was not measured


@dataclass(frozen=True, eq=False)
class Block:
    """The artifacts of one run, by stage."""

    files: Sequence[File]
    fields: tuple[str, ...]
    table: NDArray[np.float64]  # [field, artifact], NaN where it was not measured


def block(results: Sequence[StageResult]) -> Block:
    found = places(results)
    fields = tuple(sorted({field for place in found for field in place.values}))
    rows = [[place.values.get(field, np.nan) for place in found] for field in fields]
    return Block([place.file for place in found], fields, np.array(rows, dtype=float).reshape(len(fields), len(found)))


@dataclass(frozen=True, eq=False)
class Artifacts:
    """All artifacts of `runs`, in their order, by stage."""

    runs: Sequence[RunData]
    owner: NDArray[np.intp]  # [artifact], place in `runs`
    files: Sequence[File]
    table: NDArray[np.float64]  # [field, artifact], NaN where it was not measured
    fields: Sequence[str]

    def __len__(self) -> int:
        return len(self.files)

    def of(self, runs: Sequence[RunData]) -> "Artifacts":
        """The same of other descriptions of the same runs."""
        return replace(self, runs=runs)

    def run(self, index: int) -> RunData:
        return self.runs[int(self.owner[index])]

    def column(self, field: str) -> Column:
        place = self._places.get(field)
        return self.table[place] if place is not None else np.full(len(self), np.nan)

    def values(self, indices: Sequence[int]) -> list[dict[str, float]]:
        """Everything measured of these artifacts, by field."""
        rows = self.table[:, indices].T.tolist()
        return [{name: value for name, value in zip(self.fields, row, strict=True) if value == value} for row in rows]

    @cached_property
    def measured(self) -> list[str]:
        """The fields that any artifact has, by name."""
        return [field for field, row in zip(self.fields, self.table, strict=True) if np.isfinite(row).any()]

    @cached_property
    def formats(self) -> list[str]:
        return sorted({file.exporter for file in self.files})

    @cached_property
    def devices(self) -> list[str]:
        return sorted({name for devices in {file.devices for file in self.files} for name in devices})

    @cached_property
    def machines(self) -> list[str]:
        """Machines that timed them, that of the first one first."""
        return list(dict.fromkeys(file.machine for file in self.files))

    @cached_property
    def models(self) -> list[str]:
        """Kinds of their models."""
        return sorted({self.runs[place].model for place in np.unique(self.owner).tolist()})

    @cached_property
    def samples(self) -> list[int]:
        """Sizes of the test splits that they were judged on, where known."""
        return sorted({file.samples for file in self.files if file.samples is not None})

    def among(self, formats: Collection[str], devices: Collection[str]) -> NDArray[np.bool_]:
        """Marks the artifacts that are wanted."""
        if not formats and not devices:
            return np.ones(len(self), dtype=bool)
        return np.array([is_wanted(file, formats, devices) for file in self.files], dtype=bool)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {field: place for place, field in enumerate(self.fields)}


def together(runs: Sequence[RunData], blocks: Sequence[Block]) -> Artifacts:
    """The artifacts of `runs`, whose blocks these are."""
    layouts = {block.fields for block in blocks}
    fields = sorted({field for layout in layouts for field in layout})
    places = {layout: np.searchsorted(fields, layout) if layout else np.empty(0, int) for layout in layouts}
    sizes = [len(block.files) for block in blocks]
    table = np.full((len(fields), sum(sizes)), np.nan)
    for block, end in zip(blocks, np.cumsum(sizes), strict=True):
        table[places[block.fields], end - len(block.files) : end] = block.table
    files = [file for block in blocks for file in block.files]
    return Artifacts(runs, np.repeat(np.arange(len(runs)), sizes), files, table, fields)


def of_runs(runs: Sequence[RunData]) -> Artifacts:
    """Artifacts in the results of `runs`."""
    return together(runs, [block(run.results) for run in runs])
