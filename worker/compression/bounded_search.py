"""Searches for the furthest value that meets a bound, in few tries."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

FINE = 0.008  # of the range: what lies between two values that are closer is not looked at


@dataclass
class Search:
    """Tries values of one parameter, at most `budget` of them, each measured once. `measure` may refuse a value with None,
    which costs nothing and meets nothing."""

    measure: Callable[[float], float | None]
    bound: float
    budget: int
    tried: list[dict[str, Any]] = field(default_factory=list)

    def furthest(self, near: float, far: float) -> float | None:
        """The value nearest to `far` whose measure is within the bound; None when not even `near`'s is.

        The measure should rise from `near` to `far`, and need not do so everywhere: it is told from samples. So half of
        the budget at most goes into evenly spaced values from `far` downwards, until one meets the bound. The rest goes,
        one by one, into the middle of that gap beyond the best value in which the bound is most likely met: first that
        halves the gap at the bound, then it looks for values beyond that meet the bound again.
        """
        if not self._meets(near):
            return None
        if self._meets(far):
            return far
        best, coarse = near, self.budget // 2
        for number in range(1, coarse + 1):
            value = far + (near - far) * number / (coarse + 1)
            if self._left and self._meets(value):
                best = value
                break
        while self._left and (middle := self._promising(best, near, far)) is not None:
            if self._meets(middle):
                best = middle
        return best

    def body(self, parameter: str, measured: str, chosen: float | None) -> dict[str, Any]:
        """The summary `search`."""
        return {
            "parameter": parameter,
            "unit": "",
            "measured": measured,
            "bound": self.bound,
            "evaluations": self.tried,
            "chosen": chosen,
            "budget": self.budget,
        }

    @property
    def _left(self) -> bool:
        return len(self.tried) < self.budget

    def __post_init__(self) -> None:
        self._known: dict[float, float] = {}  # value -> measure, infinite where it was refused

    def _promising(self, best: float, near: float, far: float) -> float | None:
        """The middle of the gap from `best` to `far` in which the bound is most likely met; None when no gap is wide enough."""
        ends = sorted(
            (value for value in self._known if abs(value - far) <= abs(best - far)), key=lambda v: abs(v - best)
        )
        gaps = [gap for gap in pairwise(ends) if abs(gap[1] - gap[0]) > FINE * abs(far - near)]
        if not gaps:
            return None
        one, other = min(gaps, key=self._doubt)
        return (one + other) / 2

    def _doubt(self, gap: tuple[float, float]) -> float:
        """Improbability that a value in the gap meets the bound, if the measure wanders between samples like a
        Brownian motion: −log P(min ≤ ε) = 2 (J(a) − ε) (J(b) − ε) / (σ² |b − a|), without what all gaps share.

        Source: Kushner: A New Method of Locating the Maximum Point of an Arbitrary Multipeak Curve (1964).
        """
        one, other = gap
        above = self._known[one] - self.bound
        return above * (self._known[other] - self.bound) / abs(other - one) if above > 0 else 0.0

    def _meets(self, value: float) -> bool:
        measured = self.measure(value)
        self._known[value] = math.inf if measured is None or math.isnan(measured) else measured
        if measured is None:
            return False
        meets = measured <= self.bound
        self.tried.append({"value": value, "measured": measured if math.isfinite(measured) else None, "meets": meets})
        return meets
