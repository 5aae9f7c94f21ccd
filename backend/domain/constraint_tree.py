"""Constraints as a typed tree: what models must meet, how far they miss it, and the same in words."""

import math
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar

from backend.domain.measures import Measured, format_value, when_busy

TINY = 1e-12  # how far a value that equals its target is from being above or below it

NAMES: Mapping[str, str] = {
    "dataset": "data set",
    "model": "kind of model",
    "machine": "machine that timed the file",
    "format": "file format",
}
"""Fields with names, not numbers: to choose among models of several runs."""


COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq,
}  # fmt: skip


Where = Callable[[Any, Any, Any], Any]


def _choose(condition: bool, yes: float, no: float) -> float:
    return yes if condition else no


@dataclass(frozen=True)
class Comparison:
    field: str
    symbol: str
    target: float

    def miss(self, values: Mapping[str, Any], where: Where = _choose) -> Any:
        """The distance to the target as a share of it: 0 when it holds, infinite when the field was not measured.

        `values` may hold columns, NaN where nothing was measured, when `where` chooses among their elements.
        """
        value = values.get(self.field, math.nan)
        distance = abs(value - self.target) / (abs(self.target) or 1.0)
        distance = where(distance > 0, distance, where(value == value, TINY, math.inf))
        return where(COMPARE[self.symbol](value, self.target), 0.0, distance)

    def failures(self, values: Mapping[str, Any]) -> list["Comparison | Naming"]:
        return [self] if self.miss(values) else []


@dataclass(frozen=True)
class Naming:
    """`dataset == leaves`: holds or does not, and is never nearly met."""

    field: str
    symbol: str
    text: str  # in lower case

    def miss(self, values: Mapping[str, Any], where: Where = _choose) -> Any:
        """0 when it holds, else infinite. `values` has a function of the text, which answers for one or for all."""
        is_called: Callable[[str], Any] = values.get(self.field, lambda _: False)
        return where(is_called(self.text) == (self.symbol == "="), 0.0, math.inf)

    def failures(self, values: Mapping[str, Any]) -> list["Comparison | Naming"]:
        return [self] if self.miss(values) else []


@dataclass(frozen=True)
class Group:
    parts: tuple["Constraint", ...]
    word: ClassVar[str]


class AllOf(Group):
    word = "and"

    def miss(self, values: Mapping[str, Any], where: Where = _choose) -> Any:
        return sum(part.miss(values, where) for part in self.parts)

    def failures(self, values: Mapping[str, Any]) -> list[Comparison | Naming]:
        return [failure for part in self.parts for failure in part.failures(values)]


class AnyOf(Group):
    word = "or"

    def miss(self, values: Mapping[str, Any], where: Where = _choose) -> Any:
        misses = [part.miss(values, where) for part in self.parts]
        return reduce(lambda least, miss: where(miss < least, miss, least), misses)

    def failures(self, values: Mapping[str, Any]) -> list[Comparison | Naming]:
        return min(self.parts, key=lambda part: part.miss(values)).failures(values)


Constraint = Comparison | Naming | AllOf | AnyOf


def leaves(constraint: Constraint) -> Iterator[Comparison | Naming]:
    """Everything that it asks for, in the order it was written in."""
    if isinstance(constraint, Group):
        for part in constraint.parts:
            yield from leaves(part)
    else:
        yield constraint


def comparisons(constraint: Constraint) -> Iterator[Comparison]:
    """Everything that it compares with a number."""
    return (one for one in leaves(constraint) if isinstance(one, Comparison))


def named(constraint: Constraint | None) -> set[str]:
    """Returns the fields of `NAMES` that it asks for."""
    return {one.field for one in leaves(constraint) if isinstance(one, Naming)} if constraint else set()


def bounds(constraint: Constraint, field: str, larger_is_better: bool) -> bool:
    """Returns whether the constraint bounds `field` on its worse side, in each branch of every `or`."""
    if isinstance(constraint, Comparison):
        return constraint.field == field and constraint.symbol in (
            (">=", ">", "=") if larger_is_better else ("<=", "<", "=")
        )
    if isinstance(constraint, Naming):
        return False
    enough = all if isinstance(constraint, AnyOf) else any
    return enough(bounds(part, field, larger_is_better) for part in constraint.parts)


def shortfall(constraint: Constraint, values: Mapping[str, Any]) -> str:
    """The distance to the target in words: "its `bytes` of 22 KB is 2 KB above 20 KB"."""
    return " and ".join(_missing(failure, values) for failure in constraint.failures(values))


def _missing(failure: Comparison | Naming, values: Mapping[str, Any]) -> str:
    if isinstance(failure, Naming):
        return f"its {NAMES[failure.field]} is {'not ' * (failure.symbol == '=')}“{failure.text}”"
    reason = when_busy(failure.field, values)
    return f"{_distance(failure, values)}{f' ({reason})' if reason else ''}"


def _distance(failure: Comparison, values: Measured) -> str:
    value = values.get(failure.field)
    if value is None:
        return f"its `{failure.field}` was not measured"
    target = format_value(failure.field, failure.target)
    if value == failure.target:
        return f"its `{failure.field}` is exactly {target}"
    side, by = (
        "short of" if value < failure.target else "above",
        format_value(failure.field, abs(value - failure.target)),
    )
    return f"its `{failure.field}` of {format_value(failure.field, value)} is {by} {side} {target}"
