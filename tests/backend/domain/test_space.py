"""Spaces: their size is the number of points that their grid has, and everything that is drawn lies within."""

import random
from typing import Any

import pytest

from backend.domain.study.space import Dimension, When, assign, contains, grid, reaching, size


def choice(field: str, *values: Any, when: When | None = None) -> Dimension:
    return Dimension(field=field, choice=list(values), when=when)


def under(field: str, *values: Any) -> When:
    return When(field=field, among=list(values))


SPACES = {
    "one choice": [choice("a", 1, 2, 3)],
    "a product": [choice("a", 1, 2, 3), choice("b", "x", "y"), Dimension(field="c", low=1, high=4, integer=True)],
    "steps": [Dimension(field="a", low=0.1, high=0.5, step=0.1)],
    "points by ratio": [Dimension(field="a", low=1e-4, high=1, log=True, points=5)],
    "a condition": [
        choice("a", {"kind": "sgd"}, {"kind": "adam"}),
        choice("b", 1, 2, 3, when=under("a", "sgd")),
        choice("c", 1, 2, when=under("a", "adam")),
        choice("d", 1, 2, 3, 4),
    ],
    "points that coincide": [Dimension(field="a", low=1, high=3, points=10, integer=True), choice("b", 1, 2)],
    "conditions within conditions": [
        choice("a", 1, 2),
        choice("b", 1, 2, 3, when=under("a", 2)),
        choice("c", 1, 2, 3, 4, when=under("b", 1, 3)),
        choice("d", 1, 2, when=under("a", 1, 2)),
    ],
}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_size_is_the_number_of_the_grids_points(space: list[Dimension]) -> None:
    points = list(grid(space))
    assert len(points) == size(space)
    assert len({repr(point) for point in points}) == len(points)
    assert all(contains(space, point) for point in points)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_what_is_drawn_lies_in_the_space_and_what_is_altered_does_not(space: list[Dimension]) -> None:
    chance = random.Random(0)
    for _ in range(20):
        values = assign(space, lambda one: chance.choice(one.levels()))
        assert contains(space, values)
        assert not contains(space, {**values, "elsewhere": 1})
        assert not contains(space, {name: value for name, value in values.items() if name != space[0].field})
        assert not contains(space, {**values, space[0].field: "nowhere"})


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_every_end_is_reached_under_its_conditions(space: list[Dimension]) -> None:
    for one in space:
        for value in one.ends:
            values = reaching(space, one, value)
            assert values[one.field] == value
            assert contains(space, values)


def test_a_continuum_has_no_size() -> None:
    space = [choice("a", 1, 2), Dimension(field="b", low=0, high=1, when=under("a", 2))]
    assert size(space) is None
    assert size([choice("a", 1, 2)]) == 2


def test_levels_are_evenly_spaced_or_by_ratio() -> None:
    assert Dimension(field="a", low=0, high=1, points=5).levels() == [0, 0.25, 0.5, 0.75, 1]
    assert Dimension(field="a", low=1e-4, high=1, log=True, points=5).levels() == pytest.approx(
        [1e-4, 1e-3, 1e-2, 1e-1, 1]
    )
    assert Dimension(field="a", low=1, high=3, points=9, integer=True).levels() == [1, 2, 3]
    assert Dimension(field="a", low=16, high=64, step=16, integer=True).levels() == [16, 32, 48, 64]


def test_a_dimension_is_within_a_wider_one_alone() -> None:
    wide = Dimension(field="a", low=0, high=10)
    assert Dimension(field="a", low=2, high=3).within(wide)
    assert not wide.within(Dimension(field="a", low=2, high=3))
    assert not Dimension(field="b", low=2, high=3).within(wide)
    assert choice("a", 1).within(choice("a", 1, 2))
    assert not choice("a", 3).within(choice("a", 1, 2))
