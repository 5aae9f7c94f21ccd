"""Chunks: what is encoded comes back bit for bit, in few bytes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.store.chunks import Chunk, decode, encode, last_step

floats = st.floats(allow_nan=True, allow_infinity=True)
rows = st.lists(st.tuples(st.integers(1, 1000), floats, st.floats(width=32)), max_size=40)


@settings(deadline=None)
@given(rows, st.integers(0, 31), st.floats(0, 1e6))
def test_a_chunk_comes_back(drawn: list[tuple[int, float, float]], stage: int, start: float) -> None:
    steps = np.cumsum([gap for gap, _, _ in drawn], dtype=np.int64)
    times = start + np.arange(len(drawn)) / 7
    columns = {name: np.array([row[place] for row in drawn]) for name, place in (("wide", 1), ("narrow ü", 2))}
    back = decode(encode(Chunk(stage, steps, times, columns)))
    assert (back.stage, back.steps.tolist()) == (stage, steps.tolist())
    assert not drawn or last_step(encode(back)) == steps[-1]
    assert np.abs(back.times - times).max(initial=0) < 1e-6
    for name, values in columns.items():
        finite = ~np.isnan(values)
        assert back.metrics[name][finite].tobytes() == values[finite].tobytes()
        assert np.isnan(back.metrics[name][~finite]).all()


def test_a_point_takes_few_bytes() -> None:
    """Three float32 metrics of 50 consecutive steps: what a run writes about every tenth of a second."""
    steps = np.arange(1001, 1051)
    columns = {
        name: np.random.default_rng(0).random(50).astype("f4").astype("f8") for name in ("loss", "accuracy", "rate")
    }
    blob = encode(Chunk(0, steps, steps / 500, columns))
    assert len(blob) / (50 * 3) <= 8
