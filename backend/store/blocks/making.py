"""Makes blocks: of events, and of smaller blocks."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.store.blocks.block import Block, Compacted, Directory, Layout, Parts
from backend.store.chunks import Raw, read

MOST_EVENTS = 4096
MOST_BYTES = 1 << 22  # of a block's numbers: what is unpacked to show a few steps


class Unfaithful(Exception):
    """The bytes of an event would not come back: it was written by something else than this store."""


def gather(events: Sequence[Compacted]) -> Block:
    """The block of these events, in order. Raises Unfaithful."""
    raws = [read(event.chunk) for event in events]
    layouts = [_layout(raw) for raw in raws]
    places = {layout: place for place, layout in enumerate(dict.fromkeys(layouts))}
    directory = Directory(
        layouts=tuple(places),
        seq=np.array([event.seq for event in events], np.int64),
        at=np.array([event.at for event in events], np.int64),
        first=np.array([raw.first or 0 for raw in raws], np.int64),
        count=np.array([raw.count for raw in raws], np.int64),
        start=np.array([raw.start for raw in raws], np.float64),
        layout=np.array([places[layout] for layout in layouts], np.int64),
        bodies={place: event.body for place, event in enumerate(events) if event.body},
    )
    steps = np.concatenate([raw.steps for raw in raws]).astype(np.int64)
    block = Block(directory, steps, np.concatenate([raw.offsets for raw in raws]), _columns(raws))
    if list(block.events()) != list(events):
        raise Unfaithful(f"events {events[0].seq} to {events[-1].seq}")
    return block


def _layout(raw: Raw) -> Layout:
    columns = tuple((name, column.dtype.str) for name, column in raw.columns.items())
    return Layout(raw.stage, raw.first is not None, columns)


def _columns(raws: Iterable[Raw]) -> dict[str, Parts]:
    found: dict[str, dict[str, list[NDArray[Any]]]] = {}
    for raw in raws:
        for name, column in raw.columns.items():
            found.setdefault(name, {}).setdefault(column.dtype.str, []).append(column)
    return _joined(found)


def _joined(found: dict[str, dict[str, list[NDArray[Any]]]]) -> dict[str, Parts]:
    return {name: {dtype: np.concatenate(pieces) for dtype, pieces in parts.items()} for name, parts in found.items()}


def merge(blocks: Sequence[Block]) -> Block:
    """One block of several that follow each other."""
    columns: dict[str, dict[str, list[NDArray[Any]]]] = {}
    for block in blocks:
        for name, parts in block.columns.items():
            for dtype, part in parts.items():
                columns.setdefault(name, {}).setdefault(dtype, []).append(part)
    return Block(
        _directories([block.directory for block in blocks]),
        np.concatenate([block.sparse for block in blocks]),
        np.concatenate([block.offsets for block in blocks]),
        _joined(columns),
    )


def _directories(parts: Sequence[Directory]) -> Directory:
    layouts = list(dict.fromkeys(layout for part in parts for layout in part.layouts))
    places = [np.array([layouts.index(layout) for layout in part.layouts])[part.layout] for part in parts]
    begins = accumulate(map(len, parts), initial=0)
    return Directory(
        layouts=tuple(layouts),
        seq=np.concatenate([part.seq for part in parts]),
        at=np.concatenate([part.at for part in parts]),
        first=np.concatenate([part.first for part in parts]),
        count=np.concatenate([part.count for part in parts]),
        start=np.concatenate([part.start for part in parts]),
        layout=np.concatenate(places),
        bodies={
            begin + place: body
            for begin, part in zip(begins, parts, strict=False)
            for place, body in part.bodies.items()
        },
    )
