"""What a person may ask of a live run."""

from enum import StrEnum


class CommandKind(StrEnum):
    STOP = "stop"
    """Finish gracefully: skip the remaining stages, measure, keep what was learnt."""
    CANCEL = "cancel"
    """End now; nothing more is measured."""


class CommandState(StrEnum):
    PENDING = "pending"
    OBEYED = "obeyed"
    REFUSED = "refused"
