"""The furthest value that meets a bound, found in few tries."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

FINE = 1e-3  # of the range: closer than that two values are the same


@dataclass
class Search:
    """Tries values of one knob, at most `budget` of them, each measured once. `measure` may refuse a value with None,
    which costs nothing and meets nothing."""

    measure: Callable[[float], float | None]
    bound: float
    budget: int
    tried: list[dict[str, Any]] = field(default_factory=list)

    def furthest(self, near: float, far: float) -> float | None:
        """The value nearest to `far` whose measure is within the bound; None when not even `near`'s is.

        The measure should rise from `near` to `far`, and need not do so everywhere: half of the budget at most goes
        into values from `far` downwards until one meets the bound, so that a bump on the way does not hide what lies
        beyond it; the rest halves the gap between that one and the one before.
        """
        if not self._meets(near):
            return None
        coarse = max(1, (self.budget - 1) // 2)
        best, beyond = near, far
        for number in range(coarse):
            value = far + (near - far) * number / coarse
            if self._left and self._meets(value):
                best = value
                break
            beyond = value
        while self._left and best != far and abs(beyond - best) > FINE * abs(far - near):
            middle = (best + beyond) / 2
            if self._meets(middle):
                best = middle
            else:
                beyond = middle
        return best

    def body(self, knob: str, measured: str, chosen: float | None) -> dict[str, Any]:
        """The exhibit `search`."""
        return {
            "knob": knob,
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

    def _meets(self, value: float) -> bool:
        measured = self.measure(value)
        if measured is None:
            return False
        meets = measured <= self.bound
        self.tried.append({"value": value, "measured": measured if math.isfinite(measured) else None, "meets": meets})
        return meets
