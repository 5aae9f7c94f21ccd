"""Searches for the best compressed model that meets a goal: how much to prune, and whether to quantize."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from backend.domain.constraint_tree import Constraint, comparisons
from backend.domain.measures import Measured, measure_of, when_busy

STARTS = (0.0, 0.5, 0.75, 0.25)  # shares that are tried first: a target may be met in more than one place
STEPS = tuple(2.0**-power for power in range(3, 8))  # ⅛ … 1/128 of what can be pruned


@dataclass(frozen=True)
class Choice:
    """A point of the search: the pruned share in [0, 1) (or 1 for a method without a share), and 8 bits or not."""

    amount: float
    quantized: bool


@dataclass(frozen=True)
class Tried:
    """A choice and its result. A refused choice has no `values`, but a reason."""

    choice: Choice
    values: Measured
    miss: float
    """Distance to the target as a share of it; 0 when it is met."""
    cost: float
    refusal: str = ""

    @property
    def meets(self) -> bool:
        return not self.miss

    @property
    def rank(self) -> tuple[float, float, float]:
        """Sort key, best first: models that meet the target, then the cheapest, then those with most zeros."""
        return self.miss, self.cost, self.values.get("nonzero", math.inf)


@dataclass(frozen=True)
class Goal:
    """Target of a model, and the field to minimize (maximize, where more is better)."""

    target: Constraint
    minimize: str

    def fields(self) -> set[str]:
        return {self.minimize, *(one.field for one in comparisons(self.target))}

    def disturbed(self, tried: Tried) -> bool:
        """Returns whether the machine was too busy for a time that the goal asks for."""
        return any(when_busy(field, tried.values) for field in self.fields())

    def judge(self, choice: Choice, values: Measured, refusal: str = "") -> Tried:
        sign = -1.0 if measure_of(self.minimize).larger_is_better else 1.0
        cost = sign * values[self.minimize] if self.minimize in values else math.inf
        return Tried(choice, values, self.target.miss(values), cost, refusal)


@dataclass
class PatternSearch:
    """A pattern search: from the best so far to its neighbours, the step halved whenever none of them is better.

    It needs no slope, and finds its way where both too little and too much pruning miss the target. Quantizing is
    switched at the first step and at the last alone. `evaluate` is asked once for each choice, at most `budget` times.
    """

    evaluate: Callable[[Choice], Tried]
    budget: int
    tried: dict[Choice, Tried] = field(default_factory=dict)  # in order

    def run(self, starts: Sequence[Choice], steps: Sequence[float], quantized: Sequence[bool]) -> Tried:
        """The best of all that were tried: it meets the target, or misses it by least."""
        for choice in starts:
            self._look(choice)
        for step in steps:
            switched = quantized if step in (steps[0], steps[-1]) else ()
            while self._moves(step, switched):
                pass
        return self.best

    @property
    def best(self) -> Tried:
        return min(self.tried.values(), key=lambda tried: tried.rank)  # of equals the one that was tried first

    def _moves(self, step: float, quantized: Sequence[bool]) -> bool:
        """Returns whether a neighbour is better than the best so far."""
        best = self.best
        for choice in _neighbours(best.choice, step, quantized):
            self._look(choice)
            if self.best is not best:
                return True
        return False

    def _look(self, choice: Choice) -> None:
        if choice not in self.tried and len(self.tried) < self.budget:
            self.tried[choice] = self.evaluate(choice)


def _neighbours(choice: Choice, step: float, quantized: Sequence[bool]) -> Iterator[Choice]:
    for amount in (choice.amount + step, choice.amount - step):
        if step and 0 <= amount < 1:
            yield Choice(amount, choice.quantized)
    yield from (Choice(choice.amount, other) for other in quantized if other != choice.quantized)
