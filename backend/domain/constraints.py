"""The constraint language: `accuracy >= 93% and (p95_ms@1 <= 2ms or bytes < 100KB)`, parsed into a typed tree.

    any        := all ("or" all)*
    all        := one ("and" one)*
    one        := "(" any ")" | field operator ["-" | "+"] number [unit] | name ("==" | "!=") text
    operator   := ">=" | "<=" | ">" | "<" | "="
    name       := "dataset" | "model" | "machine" | "format"
    text       := a word, or anything in quotes

Fields, names and units are looked up in tables; nothing of the text is ever evaluated.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from backend.domain.constraint_tree import COMPARE, NAMES, AllOf, AnyOf, Comparison, Constraint, Naming
from backend.domain.measures import MEASURES, field_of, measure_of

MAX_LENGTH = 500
MAX_DEPTH = 20

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


def parse(text: str, *, names: bool = False) -> Constraint | None:
    """The tree; None for an empty text. `names` may be asked for where models of several runs are compared.

    Raises ConstraintWrong with what is expected at the place that is wrong.
    """
    if len(text) > MAX_LENGTH:
        raise ConstraintWrong(f"has {len(text)} characters; at most {MAX_LENGTH} are accepted.")
    tokens = _tokens(text)
    return _Parser(tokens, names).whole() if tokens else None


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-+\u2212]?[0-9]*\.?[0-9]+(?:e[-+\u2212]?[0-9]+)?)"""
    r"""|"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'"""
    r"""|(?P<word>[a-zµ_][a-zµ_0-9]*(?:[.:-][a-zµ_0-9]+)*(?:@[0-9]+(?:@[a-z]+)?)?|%)"""
    r"""|(?P<symbol>[<>=!]=|[≥≤()<>=]))""",
    re.IGNORECASE,
)
_SIGNS = str.maketrans({"≥": ">=", "≤": "<=", "\N{MINUS SIGN}": "-"})


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


def _tokens(text: str) -> list[Token]:
    text = text.rstrip()
    tokens, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ConstraintWrong(f"has something unexpected at “{text[place : place + 20].strip()}”.")
        assert match.lastgroup
        tokens.append(_token(match.lastgroup, match[match.lastgroup].lower()))
        place = match.end()
    return tokens


def _token(kind: str, text: str) -> Token:
    """One sign has one spelling; between quotes everything stays as it is."""
    if kind in ("quoted", "single"):
        return Token("quoted", text.strip())
    return Token(kind, "=" if text == "==" else text.translate(_SIGNS))


def _meant(name: str) -> str:
    close = get_close_matches(name.partition("@")[0], MEASURES, 1)
    return f"`{close[0]}` is" if close else f"known: {', '.join([*MEASURES, *NAMES])}"


class _Parser:
    """Recursive descent, one method for each rule of the grammar."""

    def __init__(self, tokens: list[Token], names: bool) -> None:
        self.tokens, self.names, self.place, self.depth = tokens, names, 0, 0

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

    def comparison(self) -> Comparison | Naming:
        name = self._next("word", "a field, such as `accuracy`").text
        if name in NAMES:
            return self.naming(name)
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

    def naming(self, name: str) -> Naming:
        if not self.names:
            raise ConstraintWrong(f"names `{name}`, which only trade-offs among the models of several runs ask for.")
        symbol = self._next("symbol", "== or !=").text
        if symbol not in ("=", "!="):
            self.place -= 1
            raise self._expected("== or !=")
        token = self._peek()
        if token is None or token.kind == "symbol" or (token.kind == "word" and token.text in ("and", "or")):
            raise self._expected(f"the name of a {NAMES[name]}, in quotes where it is more than a word")
        self.place += 1
        return Naming(name, symbol, token.text)

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
        found = token is not None and token.kind != "quoted" and token.text == text
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
