"""Pruning schedules: exact shares, by rounds and by steps."""

from itertools import pairwise

import pytest

from tests.worker.components.registry import each, make
from worker.contracts.families.pruning_schedules import PruningSchedule


def grown(schedule: PruningSchedule, first: float, last: float, total: int) -> dict[int, float]:
    """The steps at which masks are renewed, and the share that is gone from there on."""
    found = {step: schedule.grow(first, last, step, total) for step in range(1, total + 1)}
    return {step: share for step, share in found.items() if share is not None}


@each("pruning_schedules")
def test_shares_rise_to_what_is_asked_for(component: type[PruningSchedule]) -> None:
    shares = component().shares(0.9)
    assert shares[-1] == 0.9 and all(0 < before < after for before, after in pairwise(shares))


@each("pruning_schedules")
def test_nothing_asked_for_is_nothing_gone(component: type[PruningSchedule]) -> None:
    assert set(component().shares(0.0)) == {0.0}


def test_each_round_takes_the_same_share_of_what_is_left() -> None:
    shares = make("pruning_schedules", "iterative", rounds=3).shares(0.875)
    assert shares == pytest.approx([0.5, 0.75, 0.875]) and shares[-1] == 0.875


def test_gradual_is_the_cubic_at_every_renewal_and_ends_exactly() -> None:
    """By hand for s_i = 0, s_f = 0.8, n Δt = 80: 0.8 (1 − (1 − t/80)³) at 20, 40, 60, 80."""
    found = grown(make("pruning_schedules", "gradual", every=20, share=0.8), 0.0, 0.8, 100)
    assert [found[step] for step in (20, 40, 60)] == pytest.approx([0.4625, 0.7, 0.7875])
    assert [step for step in found if step < 80] == [20, 40, 60]
    assert found[80] == 0.8 and set(found.values()) >= {0.8}


def test_gradual_goes_on_from_what_is_gone() -> None:
    found = grown(make("pruning_schedules", "gradual", every=10, share=0.5), 0.4, 0.9, 40)
    assert found[10] == pytest.approx(0.9 - 0.5 * 0.125) and found[20] == 0.9


@pytest.mark.parametrize("total", [1, 2, 7])
def test_gradual_ends_within_the_shortest_training(total: int) -> None:
    for share in (0.01, 1.0):
        assert grown(make("pruning_schedules", "gradual", every=1000, share=share), 0.0, 0.9, total)[total] == 0.9


def test_only_one_shot_is_at_once_and_only_gradual_grows() -> None:
    kinds = {kind: make("pruning_schedules", kind) for kind in ("one_shot", "iterative", "gradual")}
    assert [kind for kind, schedule in kinds.items() if schedule.at_once] == ["one_shot"]
    assert [kind for kind, schedule in kinds.items() if schedule.grows] == ["gradual"]
    assert make("pruning_schedules", "one_shot").grow(0.0, 0.9, 5, 10) is None
