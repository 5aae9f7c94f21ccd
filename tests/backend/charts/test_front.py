"""Pareto fronts hold what the definition says, and nothing that matters is lost where a crowd is thinned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts import dots
from backend.charts.front import mark_front
from backend.charts.trials import StudyData, TrialData
from backend.domain.study.space import Dimension
from backend.domain.study.study import Objective, TrialState

COST = st.sampled_from([-1.0, 0.0, 0.1, 0.2, 0.3, 1e-17, 1.0, 1e16])  # sums of these round
POINTS = st.integers(2, 4).flatmap(lambda size: st.lists(st.tuples(*[COST] * size), min_size=1, max_size=25))
SPACE = [Dimension(field="lr", low=0, high=1)]


@given(POINTS)
def test_the_front_is_its_definition(points: list[tuple[float, ...]]) -> None:
    expected = [
        not any(other != mine and all(a <= b for a, b in zip(other, mine, strict=True)) for other in points)
        for mine in points
    ]
    assert mark_front(np.array(points)).tolist() == expected


def test_no_point_makes_no_front() -> None:
    assert [mark_front(np.empty((0, size))).tolist() for size in (2, 3)] == [[], []]


def trial(number: int, *values: float, meets: bool = True, state: TrialState = TrialState.COMPLETE) -> TrialData:
    return TrialData(number, state, {"lr": 0.5}, values, meets, None, None)


def test_on_a_study_s_front_are_complete_trials_that_meet_the_constraint() -> None:
    objectives = [Objective(measure="validation/accuracy"), Objective(measure="bytes")]
    trials = [
        trial(0, 0.9, 100),
        trial(1, 0.8, 100),
        trial(2, 0.8, 50),
        trial(3, 0.99, 10, meets=False),
        trial(4, 0.99, 10, state=TrialState.PRUNED),
    ]
    assert [one.number for one in StudyData("A study", objectives, SPACE, trials, {}).front] == [0, 2]
    assert StudyData("A study", objectives, SPACE, [], {}).front == []


@given(st.integers(0, 2**32))
def test_of_a_crowd_what_is_kept_is_drawn_and_what_lies_far_out(seed: int) -> None:
    luck = np.random.default_rng(seed)
    crowd = [trial(number, value) for number, value in enumerate(luck.normal(size=300).tolist())]
    kept = {int(number) for number in luck.integers(300, size=5)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dots, "CROWD", 60)
        drawn = dots.thin(crowd, lambda one: one.number, dots.first, kept)
    numbers = [one.number for one in drawn]
    assert numbers == sorted(numbers) and kept <= set(numbers) and len(numbers) <= 65
    values = [one.values[0] for one in drawn]
    cell = (max(one.values[0] for one in crowd) - min(one.values[0] for one in crowd)) / 2
    assert max(values) > max(one.values[0] for one in crowd) - cell and numbers[0] == 0
