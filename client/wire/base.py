"""Base classes of the generated models: they also read the answers of newer servers."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict


class Reply(BaseModel):
    """Part of an answer. Fields that a newer server adds are ignored; "NaN" and "Infinity" become numbers.

    Pydantic builds a model when the first answer needs it, so that the command `lathe` starts sooner.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=(), defer_build=True)


class Word(StrEnum):
    """One of several words. A word that only a newer server knows becomes a member of its own."""

    @classmethod
    def _missing_(cls, value: object) -> "Word | None":
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member


class State(Word):
    """Base of RunState."""

    @property
    def terminal(self) -> bool:
        """True when the run is over: it never leaves such a state."""
        return self in TERMINAL


TERMINAL = frozenset({"succeeded", "failed", "stopped", "cancelled"})


class _File(Protocol):
    @property
    def runtime(self) -> str | None: ...


File = TypeVar("File", bound=_File, covariant=True)


class _Measures(Protocol[File]):
    @property
    def measures(self) -> Sequence[File]: ...


class Measured:
    """Base of StageResult."""

    @property
    def measured(self: _Measures[File]) -> File | None:
        """The first file that a runtime loaded and ran."""
        return next((measure for measure in self.measures if measure.runtime is not None), None)
