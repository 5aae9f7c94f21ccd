"""What is wrong with a study's space by itself, before it is held against the catalog."""

from collections.abc import Iterator, Mapping

from backend.spec.problems import Problem
from backend.spec.space import Dimension, Space, When


def odd_dimensions(space: Space) -> Iterator[Problem]:
    """Fields twice, ranges without ends, conditions that name nothing."""
    before: dict[str, Dimension] = {}
    for index, one in enumerate(space):
        path = f"space[{index}]"
        if one.field in before:
            yield Problem(path=f"{path}.field", message=f"`{one.field}` is in the space twice: leave one out.")
        yield from _odd_range(one, path)
        if one.when is not None:
            yield from _odd_condition(one.when, before, path)
        before[one.field] = one


def _odd_range(one: Dimension, path: str) -> Iterator[Problem]:
    if one.choice is not None:
        if extra := [name for name in ("low", "high", "step", "points") if getattr(one, name) is not None]:
            yield Problem(path=f"{path}.{extra[0]}", message="does not go with `choice`: leave one of them out.")
        if len({repr(value) for value in one.choice}) < len(one.choice):
            yield Problem(path=f"{path}.choice", message="has a value twice: leave one out.")
        return
    missing = [name for name in ("low", "high") if getattr(one, name) is None]
    if missing:
        yield Problem(path=f"{path}.{missing[0]}", message="is missing: give `choice`, or both `low` and `high`.")
    elif one.bottom >= one.top:
        yield Problem(path=f"{path}.high", message=f"is {one.high}; it must be more than `low`, which is {one.low}.")
    elif one.log and one.bottom <= 0:
        yield Problem(path=f"{path}.low", message=f"is {one.low}; with `log` it must be more than 0.")
    elif one.log and one.step is not None:
        yield Problem(path=f"{path}.step", message="does not go with `log`: give `points` instead.")


def _odd_condition(when: When, before: Mapping[str, Dimension], path: str) -> Iterator[Problem]:
    parent = before.get(when.field)
    if parent is None or parent.choice is None:
        choices = ", ".join(f"`{one.field}`" for one in before.values() if one.choice is not None) or "none"
        message = f"must name a field that stands before it and has choices; those are: {choices}."
        yield Problem(path=f"{path}.when.field", message=message)
    elif not any(when.meets(value) for value in parent.choice):
        message = f"names none of the choices of `{when.field}`: it would never be varied."
        yield Problem(path=f"{path}.when.among", message=message)
