"""Intervals of shares against exact sums of the binomial distribution."""

from math import comb

import pytest

from backend.domain.intervals import wilson


def test_known_values() -> None:
    """Newcombe (1998), table I: 81 of 263, 15 of 148, 0 of 20."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1.0, 17)[1] == 1.0


@pytest.mark.parametrize(("true", "samples"), [(0.5, 17), (0.94, 17), (0.9, 360), (0.97, 360)])
def test_it_holds_the_truth_about_as_often_as_it_says(true: float, samples: int) -> None:
    covered = 0.0
    for hits in range(samples + 1):
        low, high = wilson(hits / samples, samples)
        if low <= true <= high:
            covered += comb(samples, hits) * true**hits * (1 - true) ** (samples - hits)
    assert 0.92 < covered < 0.99
