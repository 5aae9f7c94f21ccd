"""States of a run that a worker owns, and the moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class Tenure(StrEnum):
    """State of a worker's hold on the run that it owns."""

    CLAIMED = "claimed"  # no trainer has it, and none has died over it since it was last given one
    ASSIGNED = "assigned"  # a trainer has it and has said nothing yet
    AT_WORK = "at work"  # a trainer has it and has spoken
    ORPHANED = "orphaned"  # its trainer died over it
    ENDING = "ending"  # the last word is said and not yet written
    OVER = "over"

    @property
    def has_trainer(self) -> bool:
        """Returns whether a trainer works on it."""
        return self in (Tenure.ASSIGNED, Tenure.AT_WORK)

    @property
    def ends(self) -> bool:
        """Returns whether the run's final message has arrived."""
        return self in (Tenure.ENDING, Tenure.OVER)

    def to(self, state: "Tenure") -> "Tenure":
        """The next state, one of `MOVES`."""
        assert state in MOVES[self], f"a run that is {self} cannot be {state} next"
        return state


MOVES: Mapping[Tenure, frozenset[Tenure]] = {
    Tenure.CLAIMED: frozenset({Tenure.ASSIGNED, Tenure.ENDING}),
    Tenure.ASSIGNED: frozenset({Tenure.AT_WORK, Tenure.CLAIMED, Tenure.ORPHANED, Tenure.ENDING}),
    Tenure.AT_WORK: frozenset({Tenure.CLAIMED, Tenure.ORPHANED, Tenure.ENDING}),
    Tenure.ORPHANED: frozenset({Tenure.ASSIGNED, Tenure.ENDING}),
    Tenure.ENDING: frozenset({Tenure.OVER}),
    Tenure.OVER: frozenset(),
}
