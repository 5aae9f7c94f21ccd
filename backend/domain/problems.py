"""Problems of a spec, each with its path and a remedy for the author."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """One mistake: where it is and what would be right."""

    path: str = Field(description="The field, such as `stages[1].method.sparsity`; empty for the whole spec.")
    message: str = Field(description="One sentence: what is wrong and what would be right.")


class UnknownField(Problem):
    """A path that leads to no field, whatever is written there."""


class SpecInvalid(ValueError):
    """A spec with at least one problem."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first = problems[0]
        super().__init__(f"{first.path}: {first.message}" if first.path else first.message)


def suggest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word."""
    close = get_close_matches(word, list(known), n=1)
    return f", did you mean `{close[0]}`?" if close else "."
