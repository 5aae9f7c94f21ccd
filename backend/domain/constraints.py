"""The constraint language: `accuracy >= 93% and (p95_ms@1 <= 2ms or bytes < 100KB)`, parsed into a typed tree.

    any        := all ("or" all)*
    all        := one ("and" one)*
    one        := "(" any ")" | field operator ["-" | "+"] number [unit]
    operator   := ">=" | "<=" | ">" | "<" | "="

Fields and units are looked up in tables; nothing of the text is ever evaluated.
"""

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from typing import Any, ClassVar

from backend.domain.measures import MEASURES, Measured, field_of, format_value, measure_of

MAX_LENGTH = 500
MAX_DEPTH = 20
TINY = 1e-12  # how far a value that equals its target is from being above or below it

UNITS: Mapping[str, tuple[str, float]] = {
    "%": ("share", 0.01),
    "uj": ("mJ", 1e-3), "µj": ("mJ", 1e-3), "mj": ("mJ", 1.0), "j": ("mJ", 1e3),
    "us": ("ms", 1e-3), "µs": ("ms", 1e-3), "ms": ("ms", 1.0), "s": ("ms", 1e3),
    "b": ("bytes", 1.0), "kb": ("bytes", 1e3), "mb": ("bytes", 1e6), "gb": ("bytes", 1e9),
    "kib": ("bytes", 1024.0), "mib": ("bytes", 1024.0**2), "gib": ("bytes", 1024.0**3),
    "k": ("", 1e3), "m": ("", 1e6),
}  # fmt: skip
"""Unit -> the unit of the fields it fits, and its factor; an empty one fits any count."""


class ConstraintWrong(ValueError):
    """Text that is no constraint; the message goes on where "The constraint" began: `expects a number, but it ends.`"""


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

    def failures(self, values: Measured) -> list["Comparison"]:
        return [self] if self.miss(values) else []


@dataclass(frozen=True)
class Group:
    parts: tuple["Constraint", ...]
    word: ClassVar[str]


class AllOf(Group):
    word = "and"

    def miss(self, values: Mapping[str, Any], where: Where = _choose) -> Any:
        return sum(part.miss(values, where) for part in self.parts)

    def failures(self, values: Measured) -> list[Comparison]:
        return [failure for part in self.parts for failure in part.failures(values)]


class AnyOf(Group):
    word = "or"

    def miss(self, values: Mapping[str, Any], where: Where = _choose) -> Any:
        misses = [part.miss(values, where) for part in self.parts]
        return reduce(lambda least, miss: where(miss < least, miss, least), misses)

    def failures(self, values: Measured) -> list[Comparison]:
        return min(self.parts, key=lambda part: part.miss(values)).failures(values)


Constraint = Comparison | AllOf | AnyOf


def comparisons(constraint: Constraint) -> Iterator[Comparison]:
    """Everything that it compares, in the order it was written in."""
    if isinstance(constraint, Comparison):
        yield constraint
    else:
        for part in constraint.parts:
            yield from comparisons(part)


def bounds(constraint: Constraint, field: str, larger_is_better: bool) -> bool:
    """Returns whether the constraint bounds `field` on its worse side, in each branch of every `or`."""
    if isinstance(constraint, Comparison):
        return constraint.field == field and constraint.symbol in (
            (">=", ">", "=") if larger_is_better else ("<=", "<", "=")
        )
    enough = all if isinstance(constraint, AnyOf) else any
    return enough(bounds(part, field, larger_is_better) for part in constraint.parts)


def shortfall(constraint: Constraint, values: Measured) -> str:
    """The distance to the target in words: "its `bytes` of 22 KB is 2 KB above 20 KB"."""
    return " and ".join(_missing(failure, values) for failure in constraint.failures(values))


def _missing(failure: Comparison, values: Measured) -> str:
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


def parse(text: str) -> Constraint | None:
    """The tree; None for an empty text. Raises ConstraintWrong with what is expected at the place that is wrong."""
    if len(text) > MAX_LENGTH:
        raise ConstraintWrong(f"has {len(text)} characters; at most {MAX_LENGTH} are accepted.")
    tokens = _tokens(text)
    return _Parser(tokens).whole() if tokens else None


_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?[0-9]*\.?[0-9]+(?:e[-+]?[0-9]+)?)"
    r"|(?P<word>[a-zµ_][a-zµ_0-9]*(?:@[0-9]+(?:@[a-z]+)?)?|%)"
    r"|(?P<symbol>>=|<=|[()<>=]))",
    re.IGNORECASE,
)
_SIGNS = str.maketrans({"≥": ">=", "≤": "<=", "\N{MINUS SIGN}": "-"})


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


def _tokens(text: str) -> list[Token]:
    text = text.translate(_SIGNS).replace("==", "=").rstrip()
    tokens, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ConstraintWrong(f"has something unexpected at “{text[place : place + 20].strip()}”.")
        assert match.lastgroup
        tokens.append(Token(match.lastgroup, match[match.lastgroup].lower()))
        place = match.end()
    return tokens


def _meant(name: str) -> str:
    close = get_close_matches(name.partition("@")[0], MEASURES, 1)
    return f"`{close[0]}` is" if close else f"known: {', '.join(MEASURES)}"


class _Parser:
    """Recursive descent, one method for each rule of the grammar."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0

    def whole(self) -> Constraint:
        tree = self.any()
        if self.place < len(self.tokens):
            raise self._expected("`and`, `or` or the end")
        return tree

    def any(self) -> Constraint:
        parts = [self.all()]
        while self._take("or"):
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def all(self) -> Constraint:
        parts = [self.one()]
        while self._take("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def one(self) -> Constraint:
        if not self._take("("):
            return self.comparison()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ConstraintWrong(f"is nested more than {MAX_DEPTH} levels deep.")
        tree = self.any()
        if not self._take(")"):
            raise self._expected("`)`")
        self.depth -= 1
        return tree

    def comparison(self) -> Comparison:
        name = self._next("word", "a field, such as `accuracy`").text
        field = field_of(name)
        if field is None:
            raise ConstraintWrong(f"names `{name[:40]}`, which is not a measure; {_meant(name)}.")
        symbol = self._next("symbol", "one of >= <= > < =").text
        if symbol not in COMPARE:
            self.place -= 1
            raise self._expected("one of >= <= > < =")
        number = float(self._next("number", "a number").text)
        if not math.isfinite(number):
            raise ConstraintWrong("has a number that is too large.")
        if number < 0 and not measure_of(field).signed:
            raise ConstraintWrong(f"compares `{field}` with a negative number, but it is never below 0.")
        return Comparison(field, symbol, round(number * self._factor(field), 15))

    def _factor(self, field: str) -> float:
        """Factor of the number's unit, if it has one."""
        token = self._peek()
        if token is None or token.kind != "word" or token.text in ("and", "or"):
            return 1.0
        self.place += 1
        wanted = MEASURES[field.partition("@")[0]].unit
        unit, factor = UNITS.get(token.text, (None, 1.0))
        if unit is None or unit not in (wanted, "") or (unit == "" and wanted in ("share", "ms", "mJ")):
            raise ConstraintWrong(f"gives `{field}` in `{token.text[:20]}`; its unit is {wanted or 'a plain number'}.")
        return factor

    def _peek(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        found = token is not None and token.text == text
        self.place += found
        return found

    def _next(self, kind: str, what: str) -> Token:
        token = self._peek()
        if token is None or token.kind != kind or token.text in ("and", "or"):
            raise self._expected(what)
        self.place += 1
        return token

    def _expected(self, what: str) -> ConstraintWrong:
        token = self._peek()
        found = f"not “{token.text[:40]}”" if token else "but it ends"
        return ConstraintWrong(f"expects {what}, {found}.")
