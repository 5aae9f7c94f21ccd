"""Bucketing: an eye sees the same picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from backend.store.downsample import bucket

values = st.lists(
    st.one_of(st.floats(width=32), st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf])), min_size=1, max_size=300
)
gaps = st.integers(1, 1000)


def kept_of(drawn: list[float], pixels: int, gap: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    curve = np.array(drawn)
    steps = np.cumsum(np.random.default_rng(gap).integers(1, gap + 1, len(curve)))
    return bucket(steps, curve, pixels), curve


@settings(deadline=None)
@given(values, st.integers(8, 60), gaps)
def test_what_is_kept(drawn: list[float], pixels: int, gap: int) -> None:
    kept, curve = kept_of(drawn, pixels, gap)
    assert len(kept) <= 2 * pixels
    assert np.all(np.diff(kept) > 0)
    assert (kept[0], kept[-1]) == (0, len(curve) - 1)
    finite = curve[np.isfinite(curve)]
    if len(finite):
        assert {finite.min(), finite.max()} <= set(curve[kept].tolist())
    for kind in (np.isnan, np.isposinf, np.isneginf):
        assert kind(curve).any() == kind(curve[kept]).any()


@settings(deadline=None)
@given(values, st.integers(150, 200), gaps)
def test_what_fits_is_kept_whole(drawn: list[float], pixels: int, gap: int) -> None:
    kept, curve = kept_of(drawn, pixels, gap)
    assert kept.tolist() == list(range(len(curve)))


def test_each_bucket_keeps_its_own_extremes() -> None:
    """Against a loop over buckets, written out."""
    rng = np.random.default_rng(0)
    steps, curve = np.arange(1, 10_001), rng.standard_normal(10_000)
    kept = set(bucket(steps, curve, 101).tolist())
    assert len(kept) <= 202
    for part in np.split(np.arange(10_000), 100):
        assert {int(part[curve[part].argmin()]), int(part[curve[part].argmax()])} <= kept


@pytest.mark.parametrize("spike", [1e9, -1e9, np.nan, np.inf, -np.inf])
def test_no_spike_vanishes(spike: float) -> None:
    steps = np.arange(1, 100_001)
    for place in (0, 1, 49_999, 50_000, 99_998, 99_999):
        curve = np.sin(steps / 1000)
        curve[place] = spike
        assert place in bucket(steps, curve, 750)


def test_a_sampler_would_be_caught() -> None:
    """Negative control: taking every k-th point, as a naive chart does, loses the spike."""
    curve = np.zeros(100_000)
    curve[12_345] = 1e9
    assert curve[:: 100_000 // 1500].max() == 0
    assert curve[bucket(np.arange(100_000), curve, 750)].max() == 1e9


def test_a_gap_in_the_steps_takes_its_share_of_the_width() -> None:
    steps = np.concatenate([np.arange(1, 1001), np.arange(1_000_001, 1_001_001)])
    kept = bucket(steps, np.random.default_rng(0).standard_normal(2000), 50)
    assert len(kept) <= 8


def test_a_diverged_curve_is_all_nan() -> None:
    kept = bucket(np.arange(5000), np.full(5000, np.nan), 100)
    assert 50 <= len(kept) <= 200
