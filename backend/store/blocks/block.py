"""Many `points` events in one block: one column for each metric, and a directory of the events.

Every event can be made again of it, bit for bit. A block spans no rewind, so that the steps of a metric rise in it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.store.chunks import Chunk, Floats, Raw, Steps, write

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Offsets = NDArray[np.float32]
Parts = Mapping[str, NDArray[Any]]  # dtype -> the values of a metric that are stored so, in order


@dataclass(frozen=True)
class Layout:
    """Form that many events share."""

    stage: int
    consecutive: bool  # its steps
    columns: tuple[tuple[str, str], ...]  # name, dtype


@dataclass(frozen=True, eq=False)
class Directory:
    """Events in a block, by `seq`."""

    layouts: tuple[Layout, ...]
    seq: Ints  # [events]
    at: Ints  # [events] microseconds since 1970
    first: Ints  # [events] the first step where steps are consecutive, else 0
    count: Ints  # [events] steps
    start: Floats  # [events] seconds at which the offsets begin
    layout: Ints  # [events] place of its layout
    bodies: Mapping[int, dict[str, Any]] = field(default_factory=dict)  # by place, of the events that have one

    def __len__(self) -> int:
        return len(self.seq)

    def having(self, name: str, dtype: str) -> Mask:
        """The events [events] that store the metric in this type."""
        return np.array([(name, dtype) in layout.columns for layout in self.layouts])[self.layout]

    @cached_property
    def consecutive(self) -> Mask:
        return np.array([layout.consecutive for layout in self.layouts])[self.layout]

    @cached_property
    def stage(self) -> Ints:
        return np.array([layout.stage for layout in self.layouts])[self.layout]


@dataclass(frozen=True)
class Compacted:
    """A `points` event as it was before it was compacted."""

    seq: int
    at: int  # microseconds since 1970
    body: dict[str, Any]
    chunk: bytes


@dataclass(frozen=True, eq=False)
class Block:
    """The numbers of the events of a directory; of its metrics all, or those that were asked for."""

    directory: Directory
    sparse: Steps  # the steps of events whose steps are not consecutive
    offsets: Offsets  # [steps] seconds after the event's start
    columns: Mapping[str, Parts]  # by metric

    @cached_property
    def rows(self) -> Ints:
        """The event [steps] that each step belongs to."""
        return np.repeat(np.arange(len(self.directory)), self.directory.count)

    @cached_property
    def steps(self) -> Steps:
        own = self.directory
        steps = np.arange(len(self.offsets)) + np.repeat(own.first - _begins(own.count), own.count)
        steps[~own.consecutive[self.rows]] = self.sparse
        return steps

    @cached_property
    def times(self) -> Floats:
        return self.offsets.astype(np.float64) + self.directory.start[self.rows]

    @property
    def size(self) -> int:
        """Bytes of the numbers before they are packed."""
        return self.offsets.nbytes + sum(part.nbytes for parts in self.columns.values() for part in parts.values())

    def values(self, name: str) -> tuple[Mask, Floats]:
        """The events [events] that have the metric, and its values [steps], arbitrary at steps of other events."""
        having, values = np.zeros(len(self.directory), bool), np.empty(len(self.offsets))
        for dtype, part in self.columns[name].items():
            these = self.directory.having(name, dtype)
            having |= these
            values[these[self.rows]] = part
        return having, values

    def chunks(self, after: int = 0, until: int | None = None) -> Iterator[Chunk]:
        """The points of the events beyond `after` and up to `until`; metrics of the same events come together."""
        seq = self.directory.seq
        wanted = (seq > after) & (seq <= (seq[-1] if until is None else until))
        together: dict[bytes, tuple[Mask, dict[str, Floats]]] = {}
        for name in self.columns:
            having, values = self.values(name)
            together.setdefault(having.tobytes(), (having & wanted, {}))[1][name] = values
        for events, metrics in together.values():
            yield from self._chunks(events, metrics)

    def _chunks(self, events: Mask, metrics: Mapping[str, Floats]) -> Iterator[Chunk]:
        """The steps of these events, cut where a stage begins, and where steps do not rise."""
        kept = slice(None) if events.all() else np.flatnonzero(events[self.rows])
        steps, times, stages = self.steps[kept], self.times[kept], self.directory.stage[self.rows][kept]
        columns = {name: values[kept] for name, values in metrics.items()}
        cuts = np.flatnonzero((np.diff(stages) != 0) | (np.diff(steps) <= 0)) + 1
        for begin, end in zip([0, *cuts], [*cuts, len(steps)], strict=True):
            if begin < end:
                part = slice(begin, end)
                metrics = {name: values[part] for name, values in columns.items()}
                yield Chunk(int(stages[begin]), steps[part], times[part], metrics)

    def events(self, after: int = 0, limit: int | None = None) -> Iterator[Compacted]:
        """The events beyond `after`, at most `limit`. All metrics must be there."""
        own = self.directory
        begin = int(np.searchsorted(own.seq, after, "right"))
        for place in range(begin, len(own) if limit is None else min(len(own), begin + limit)):
            body = dict(own.bodies.get(place, {}))
            yield Compacted(int(own.seq[place]), int(own.at[place]), body, write(self._raw(place)))

    def _raw(self, place: int) -> Raw:
        own = self.directory
        layout, count = own.layouts[own.layout[place]], int(own.count[place])
        sparse, offsets, columns = self._places

        def part(values: NDArray[Any], begins: Ints) -> NDArray[Any]:
            return values[begins[place] : begins[place] + count]

        return Raw(
            stage=layout.stage,
            count=count,
            first=int(own.first[place]) if layout.consecutive else None,
            start=float(own.start[place]),
            steps=self.sparse[:0] if layout.consecutive else part(self.sparse, sparse),
            offsets=part(self.offsets, offsets),
            columns={name: part(self.columns[name][dtype], columns[name, dtype]) for name, dtype in layout.columns},
        )

    @cached_property
    def _places(self) -> tuple[Ints, Ints, dict[tuple[str, str], Ints]]:
        """Start of each event's numbers: in `sparse`, in `offsets`, and in each part of each column."""
        own = self.directory
        parts = [(name, dtype) for name, parts in self.columns.items() for dtype in parts]
        columns = {key: _begins(np.where(own.having(*key), own.count, 0)) for key in parts}
        return _begins(np.where(own.consecutive, 0, own.count)), _begins(own.count), columns


def _begins(counts: Ints) -> Ints:
    ends: Ints = np.cumsum(counts)
    return ends - counts
