"""Search space of a study: the fields of a spec that it varies, and their ranges or choices."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Assignment = dict[str, Any]
"""Field -> its value in one trial; a field whose condition is not met is left out."""

MAX_CHOICES = 50


class When(BaseModel):
    """A condition: another field of the space holds one of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(max_length=200, description="A field of the space that stands before this one and has choices.")
    among: list[Any] = Field(
        min_length=1, max_length=MAX_CHOICES, description="Those of its values, or kinds of components, that are meant."
    )

    def holds(self, values: Mapping[str, Any]) -> bool:
        return self.field in values and self.meets(values[self.field])

    def meets(self, value: Any) -> bool:
        return value in self.among or kind_of(value) in self.among


class Dimension(BaseModel):
    """One field that is varied: over a choice of values, or over a range of numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(
        min_length=1, max_length=200, description="Path of the field in the spec, such as `stages[0].optimizer.lr`."
    )
    choice: list[Any] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_CHOICES,
        description="The values to choose from; components by kind, too.",
    )
    low: float | None = Field(default=None, description="Least value of a range.")
    high: float | None = Field(default=None, description="Greatest value of a range.")
    log: bool = Field(default=False, description="Use a logarithmic scale, as for a learning rate.")
    step: float | None = Field(default=None, gt=0, description="Distance of two values; any in between when left out.")
    points: int | None = Field(
        default=None, ge=2, le=1000, description="Values of the range that a grid takes, the ends among them."
    )
    integer: bool = Field(
        default=False, description="True when the field takes only whole numbers; filled in from the catalog."
    )
    when: When | None = Field(default=None, description="Vary it only where another field holds certain values.")

    @property
    def count(self) -> int | None:
        """Number of values in a grid; None if it is continuous."""
        if self.choice is not None or self.points is not None:
            return len(self.levels())
        step = self.step or (1.0 if self.integer else None)
        return None if step is None else math.floor((self.top - self.bottom) / step + 1e-9) + 1

    def levels(self) -> list[Any]:
        """Every value that a grid takes, ascending."""
        if self.choice is not None:
            return self.choice
        if self.points is None:
            assert self.count is not None
            return [self._number(self.bottom + (self.step or 1.0) * index) for index in range(self.count)]
        return list(dict.fromkeys(self._at(index / (self.points - 1)) for index in range(self.points)))

    @property
    def ends(self) -> Sequence[Any]:
        """Values that must fit into the spec for all of it to fit: every choice, or both ends of the range."""
        return self.choice if self.choice is not None else [self._number(self.bottom), self._number(self.top)]

    def contains(self, value: Any) -> bool:
        if self.choice is not None:
            return value in self.choice
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and self.bottom <= value <= self.top and (not self.integer or float(value).is_integer())

    def within(self, wider: "Dimension") -> bool:
        """Returns whether `wider` takes every value that this one takes."""
        alike = (self.choice is None) == (wider.choice is None) and self.field == wider.field
        return alike and all(wider.contains(value) for value in self.ends)

    @property
    def bottom(self) -> float:
        assert self.low is not None
        return self.low

    @property
    def top(self) -> float:
        assert self.high is not None
        return self.high

    def _at(self, share: float) -> float | int:
        """The value at a share of the way from the bottom to the top; the ends exactly."""
        if share in (0, 1):
            return self._number(self.top if share else self.bottom)
        if self.log:
            return self._number(self.bottom * (self.top / self.bottom) ** share)
        return self._number(self.bottom + share * (self.top - self.bottom))

    def _number(self, value: float) -> float | int:
        return round(value) if self.integer else value


Space = Sequence[Dimension]


def assign(space: Space, draw: Callable[[Dimension], Any]) -> Assignment:
    """One trial's values, drawn one after the other; fields whose condition is not met are not drawn."""
    values: Assignment = {}
    for dimension in space:
        if dimension.when is None or dimension.when.holds(values):
            values[dimension.field] = draw(dimension)
    return values


def contains(space: Space, values: Mapping[str, Any]) -> bool:
    """Returns whether a trial with these values lies in the space: each active field within, no other field there."""
    active = {
        dimension.field: dimension for dimension in space if dimension.when is None or dimension.when.holds(values)
    }
    return active.keys() == values.keys() and all(active[field].contains(value) for field, value in values.items())


def reaching(space: Space, dimension: Dimension, value: Any) -> Assignment:
    """Values in which `dimension` is varied and holds `value`; the other fields hold the first that they may."""
    wanted = {dimension.field: value}
    by_field = {one.field: one for one in space}
    while dimension.when is not None:
        parent = by_field[dimension.when.field]
        wanted[parent.field] = next(choice for choice in parent.ends if dimension.when.meets(choice))
        dimension = parent
    return assign(space, lambda one: wanted.get(one.field, one.ends[0]))


def size(space: Space) -> int | None:
    """Number of different trials, which are the points of the grid; None if a range is continuous."""
    below: dict[str, list[Dimension]] = {}
    for dimension in space:
        if dimension.when is not None:
            below.setdefault(dimension.when.field, []).append(dimension)

    def of(dimension: Dimension) -> int | None:
        children = below.get(dimension.field)
        if not children:
            return dimension.count
        parts = [
            _product(of(one) for one in children if one.when and one.when.meets(value)) for value in dimension.ends
        ]
        return None if None in parts else sum(part for part in parts if part is not None)

    return _product(of(dimension) for dimension in space if dimension.when is None)


def grid(space: Space) -> Iterator[Assignment]:
    """Every trial, where `size` is a number; the last field changes fastest."""

    def walk(index: int, values: Assignment) -> Iterator[Assignment]:
        if index == len(space):
            yield dict(values)
            return
        dimension = space[index]
        if dimension.when is not None and not dimension.when.holds(values):
            yield from walk(index + 1, values)
            return
        for value in dimension.levels():
            yield from walk(index + 1, {**values, dimension.field: value})

    return walk(0, {})


def kind_of(value: Any) -> Any:
    """A component goes by its kind."""
    return value.get("kind") if isinstance(value, Mapping) else value


def _product(counts: Iterator[int | None]) -> int | None:
    total = 1
    for count in counts:
        if count is None:
            return None
        total *= count
    return total
