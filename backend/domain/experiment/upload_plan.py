"""A choice of what to learn from uploaded data, and the plan of a training that follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.domain.experiment.upload_facts import Task

MOST_CLASSES = 1000
MOST_CATEGORIES = 32  # of a text column among the inputs: each becomes an input of its own
FEW = 20  # different whole numbers that are taken for classes when nobody says what they are
LEAST_ROWS = 10
LEAST_OF_A_CLASS = 3  # one for each split
STRETCHES = 50  # contiguous ones, into which a text is cut: whole ones are held out
MOST_CHARACTERS = 20_000_000  # of a text whose next characters are learnt: each takes 16 bytes of memory
MOST_INPUTS = 1_000_000_000  # numbers in all samples together, which a worker must hold


class Choice(BaseModel):
    """Options of an upload in a spec."""

    model_config = ConfigDict(strict=True)

    target: str | None = None
    task: Task = "auto"
    text: str | None = None
    length: int = Field(default=64, gt=0)
    vocabulary: int = Field(default=4000, gt=1)
    ignore: list[str] = []
    black: float | None = None
    white: float | None = None
    validation: float = Field(default=0.1, gt=0, lt=0.5)
    test: float = Field(default=0.1, gt=0, lt=0.5)


class ChoiceInvalid(ValueError):
    """A choice that these data do not allow; `role` is its field."""

    def __init__(self, role: str, message: str) -> None:
        super().__init__(message)
        self.role = role


@dataclass(frozen=True)
class Feature:
    """A column among the inputs: one number, or one input for each of its `categories`."""

    index: int
    categories: int = 0


@dataclass(frozen=True)
class Plan:
    """Inputs and targets of the training."""

    task: Literal["classification", "regression", "language"]
    targets: tuple[int, ...]  # columns
    features: tuple[Feature, ...]  # of a table
    text: int | None  # column whose words are the inputs
    shape: tuple[int, ...]  # of one sample
    outputs: int
    classes: tuple[str, ...]  # by their number
    held: tuple[int, int, int]  # rows for training, validation and test
    pixels: tuple[float, float]  # black and white of images
    traits: tuple[str, ...]


def apportion(rows: int, validation: float, test: float) -> tuple[int, int]:
    """Number of these rows that are held out for validation and for the test: at least one each."""
    return max(1, round(rows * validation)), max(1, round(rows * test))


def few(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(name[:40] for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
