"""Curves thinned for charts: of a long run from its pyramids, and still no spike is lost."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import RunState
from backend.store import events, lines, runs
from backend.store.blocks import compaction, pyramid
from backend.store.chunks import Chunk, Floats, Steps, encode
from backend.store.downsample import bucket
from backend.store.events import Curve
from backend.store.lines import Line
from backend.store.runs import Lease
from backend.store.session import Store
from tests.backend.store.conftest import Submit, claim, rewind

PIXELS = 8
STRANGE = [float("nan"), float("inf"), float("-inf"), 1e30, -1e30]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells and blocks of a few points, so that short runs have a pyramid."""
    monkeypatch.setattr(compaction, "REST", 1)
    monkeypatch.setattr(compaction, "MOST_EVENTS", 5)
    for name, size in {"FINE": 4, "COARSE": 16}.items():
        monkeypatch.setattr(pyramid, name, size)
        monkeypatch.setattr(lines, name, size)


def written(store: Store, submit: Submit, values: Floats, back: int) -> Lease:
    """A run of these values that went back once so many steps, in blocks as far as they fill any; it is over."""
    submit()
    lease = claim(store)
    with store.begin() as session:
        for part in np.array_split(np.arange(len(values)), max(1, len(values) // 9)):
            if len(part):
                runs.write(session, lease, [flush(part, values)])
        if back and len(values):
            again = np.arange(max(0, len(values) - back), len(values))
            runs.write(session, lease, [rewind(int(again[0])), flush(again, values)])
        runs.finish(session, lease, RunState.SUCCEEDED)
    while compaction.compact(store, lease.run_id, lambda seconds: None):
        pass
    return lease


def flush(places: Steps, values: Floats) -> NewEvent:
    steps = places + 1
    return NewEvent(kind=EventKind.POINTS, chunk=encode(Chunk(0, steps, steps / 10, {"loss": values[places]})))


def shortfalls(line: Line, whole: Curve, pixels: int) -> list[str]:
    """Errors in a chart of this line: hidden or invented features. `whole` is the curve with all its points."""
    places = np.searchsorted(whole.steps, line.steps)
    found = []
    if line.points != len(whole.steps):
        found.append("the number of points")
    if not np.array_equal(whole.steps[places], line.steps) or line.values.tobytes() != whole.values[places].tobytes():
        return [*found, "a point that is none"]
    if line.times.tobytes() != whole.times[places].tobytes():
        found.append("a time")
    if (places[0], places[-1]) != (0, len(whole.steps) - 1):
        found.append("an end")
    return found + [
        what for what in ("lowest", "highest", "nan", "inf", "-inf") if _hidden(what, places, whole, pixels)
    ]


def _hidden(what: str, places: Steps, whole: Curve, pixels: int) -> bool:
    """True when a stretch of two buckets and a cell has such values, and none of them is kept."""
    values, wide = whole.values, 2 * len(whole.values) // (pixels // 4) + pyramid.COARSE
    finite = np.where(np.isfinite(values), values, np.nan)
    for begin in range(0, len(values), max(1, wide // 4)):
        near = places[(places >= begin - wide) & (places < begin + 2 * wide)]
        here = slice(begin, begin + wide)
        if what in ("lowest", "highest"):
            inside = finite[here][~np.isnan(finite[here])]
            kept = finite[near][~np.isnan(finite[near])]
            if inside.size and not kept.size:
                return True
            if inside.size and what == "lowest" and kept.min() > inside.min():
                return True
            if inside.size and what == "highest" and kept.max() < inside.max():
                return True
        else:
            same = _like(values, float(what))
            if same[here].any() and not same[near].any():
                return True
    return False


def _like(values: Floats, value: float) -> NDArray[np.bool_]:
    return np.isnan(values) if np.isnan(value) else values == value


numbers = st.lists(st.floats(-10, 10, width=32) | st.sampled_from(STRANGE), max_size=12)


def curve(store: Store, run_id: str, **view: int) -> Curve | None:
    with store.read() as session:
        return events.curves(events.chunks(session, run_id, **view)[1]).get("loss")


def test_a_long_line_hides_no_spike_and_makes_nothing_up(store: Store, submit: Submit) -> None:
    levels = []

    @settings(max_examples=12, deadline=None, database=None, phases=[Phase.generate])
    @given(numbers, st.integers(0, 700), st.integers(0, 30), st.integers(0, 2**31))
    def check(strange: Sequence[float], size: int, back: int, seed: int) -> None:
        luck = np.random.default_rng(seed)
        values = luck.normal(size=size).astype(np.float32).astype(np.float64)
        values[luck.integers(0, max(size, 1), len(strange) if size else 0)] = strange[: len(strange) if size else 0]
        lease = written(store, submit, values, back)
        for view in ({}, {"first": size // 5, "last": size - size // 3}):
            whole = curve(store, lease.run_id, **view)
            with store.read() as session:
                _, found = lines.thin(session, lease.run_id, PIXELS, **view)
            assert (whole is None) == ("loss" not in found)
            if whole is not None:
                levels.append(len(whole.steps) // (PIXELS * lines.CELLS))
                assert shortfalls(found["loss"], whole, PIXELS) == []

    check()
    assert max(levels) > pyramid.COARSE


def test_a_short_line_is_what_the_points_give(store: Store, submit: Submit) -> None:
    lease = written(store, submit, np.sin(np.arange(40) / 3), 7)
    whole = curve(store, lease.run_id)
    assert whole is not None
    kept = bucket(whole.steps, whole.values, PIXELS)
    with store.read() as session:
        seq, found = lines.thin(session, lease.run_id, PIXELS)
    assert seq == lease.last_seq
    assert found["loss"].steps.tolist() == whole.steps[kept].tolist()
    assert found["loss"].values.tobytes() == whole.values[kept].tobytes()


def test_a_hidden_spike_would_be_caught() -> None:
    steps = np.arange(1, 1001)
    values = np.zeros(1000)
    values[[300, 600]] = 9.0, np.nan
    whole = Curve(steps, steps / 10, values, np.zeros(1000, np.int64))
    kept = bucket(steps, values, PIXELS)
    reported = {value: Line(steps[some], steps[some] / 10, values[some], 1000) for value, some in _without(kept)}
    assert {value: shortfalls(line, whole, PIXELS) for value, line in reported.items()} == {
        None: [],
        300: ["highest"],
        600: ["nan"],
        999: ["an end"],
    }


def _without(
    kept: Steps,
) -> list[tuple[int | None, Steps]]:
    return [(None, kept), *((place, kept[kept != place]) for place in (300, 600, 999))]
