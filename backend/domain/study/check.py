"""Checks a study against the catalog; each problem has its path and a remedy."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.domain import input_limits
from backend.domain.catalog import Catalog
from backend.domain.experiment import experiment
from backend.domain.experiment.resolve import Fields, Resolver
from backend.domain.fields import SpecField, fields
from backend.domain.measures import MEASURES, field_of
from backend.domain.path import moved, parse, within
from backend.domain.problems import Problem, SpecInvalid, UnknownField
from backend.domain.study.explicit_defaults import spelled_out
from backend.domain.study.space import Dimension, Space, When, reaching, size
from backend.domain.study.study import LIVE, LIVE_METRICS, MAX_TRIALS, Budget, Study, outline, trial_spec
from backend.domain.study.unseen import unseen

MAX_CHECKED = 400  # values of all fields together: each of them is tried in the spec


def resolve(document: Any, catalog: Catalog, fields: Fields | None = None) -> Study:
    """The study in canonical form: every default filled in, its size known, each end of each range fitting into the spec.

    The experiment stays as it was written, but for the parts that the space reaches into: its defaults may depend on what
    is varied. `fields` takes each field as it is resolved, of a study that is refused as well. Raises SpecInvalid.
    """
    input_limits.check(document)
    resolver = Resolver(catalog, fields)
    canonical = resolver.value(document, outline(), path="")
    if resolver.problems:
        raise SpecInvalid(resolver.problems)
    study = Study.model_validate(canonical)
    if problems := [*_odd_objectives(study, catalog), *_odd_dimensions(study.space)]:
        raise SpecInvalid(problems)
    study = study.model_copy(update={"spec": spelled_out(study.spec, study.space, catalog)})
    study = study.narrow([_typed(study, one, catalog) for one in study.space])
    if problems := [*_odd_size(study, catalog), *unseen(study, catalog)]:
        raise SpecInvalid(problems)
    return study


def _odd_objectives(study: Study, catalog: Catalog) -> Iterator[Problem]:
    for index, one in enumerate(study.objectives):
        if one.live is None and field_of(one.measure) is None:
            known = ", ".join([*(f"{LIVE}{name}" for name in LIVE_METRICS), *MEASURES])
            message = f"names `{one.measure[:40]}`, which is not a measure; known: {known}."
            yield Problem(path=f"objectives[{index}].measure", message=message)
    most = fact(catalog, "samplers", study.sampler, "objectives")
    if most is not None and len(study.objectives) > most:
        message = f"supports at most {most} objective, and there are {len(study.objectives)}: take another sampler."
        yield Problem(path="sampler", message=message)
    if not fact(catalog, "trial_pruners", study.pruner, "live"):
        return
    if len(study.objectives) > 1:
        message = (
            "ends trials early by one objective, and there are several: take another pruner, or leave one objective."
        )
        yield Problem(path="pruner", message=message)
    elif study.objectives[0].live is None:
        measure = study.objectives[0].measure
        message = (
            f"needs an objective that is known while a run trains, and `{measure}` is measured at its end: take another "
            f"pruner, or an objective such as `{LIVE}loss`."
        )
        yield Problem(path="pruner", message=message)


def _odd_dimensions(space: Space) -> Iterator[Problem]:
    """Problems of the space by itself."""
    before: dict[str, Dimension] = {}
    for index, one in enumerate(space):
        path = f"space[{index}]"
        yield from _odd_field(one.field, path)
        if one.field in before:
            yield Problem(path=f"{path}.field", message=f"`{one.field}` is in the space twice: remove one.")
        yield from _odd_range(one, path)
        if one.when is not None:
            yield from _odd_condition(one.when, before, path)
        before[one.field] = one


def _odd_field(field: str, path: str) -> Iterator[Problem]:
    try:
        parse(field)
    except SpecInvalid as invalid:
        yield Problem(path=f"{path}.field", message=f"`{field}` {invalid.problems[0].message}")


def _odd_range(one: Dimension, path: str) -> Iterator[Problem]:
    if one.choice is not None:
        if extra := [name for name in ("low", "high", "step", "points") if getattr(one, name) is not None]:
            yield Problem(path=f"{path}.{extra[0]}", message="cannot be combined with `choice`: leave one of them out.")
        if len({repr(value) for value in one.choice}) < len(one.choice):
            yield Problem(path=f"{path}.choice", message="has a value twice: remove one.")
        return
    missing = [name for name in ("low", "high") if getattr(one, name) is None]
    if missing:
        yield Problem(path=f"{path}.{missing[0]}", message="is missing: give `choice`, or both `low` and `high`.")
    elif one.bottom >= one.top:
        yield Problem(path=f"{path}.high", message=f"is {one.high}; it must be more than `low`, which is {one.low}.")
    elif one.log and one.bottom <= 0:
        yield Problem(path=f"{path}.low", message=f"is {one.low}; with `log` it must be more than 0.")
    elif one.log and one.step is not None:
        yield Problem(path=f"{path}.step", message="cannot be combined with `log`: give `points` instead.")


def _odd_condition(when: When, before: Mapping[str, Dimension], path: str) -> Iterator[Problem]:
    parent = before.get(when.field)
    if parent is None or parent.choice is None:
        choices = ", ".join(f"`{one.field}`" for one in before.values() if one.choice is not None) or "none"
        message = f"must name an earlier field of the space that has choices: {choices}."
        yield Problem(path=f"{path}.when.field", message=message)
    elif not any(when.meets(value) for value in parent.choice):
        message = f"names none of the choices of `{when.field}`: this field would never be varied."
        yield Problem(path=f"{path}.when.among", message=message)


def _typed(study: Study, one: Dimension, catalog: Catalog) -> Dimension:
    """The dimension, held against what its field takes. Raises SpecInvalid with its place in the space."""
    index = study.space.index(one)
    if sum(len(other.ends) for other in study.space) > MAX_CHECKED:
        raise SpecInvalid(
            [Problem(path="space", message=f"has more than {MAX_CHECKED} values to check: leave some out.")]
        )
    held: list[str] = []  # in canonical form
    for place, value in enumerate(one.ends):
        found = _field_of(study, one, value, catalog)
        held.append(repr(found.value if found else None))
        if one.choice is None:
            one = one.model_copy(update={"integer": _whole(one, found, f"space[{index}]")})
        elif (first := held.index(held[-1])) < place:
            message = f"is the same as `choice[{first}]`: remove one."
            raise SpecInvalid([Problem(path=_path(index, one, place), message=message)])
    return one


def _whole(one: Dimension, found: SpecField | None, path: str) -> bool:
    """Returns True when the field of a range takes only whole numbers. Raises SpecInvalid when it holds no number."""
    kind = found.schema.get("type") if found else None
    if kind not in ("integer", "number"):
        message = f"`{one.field}` holds no number: give `choice` instead of a range."
        raise SpecInvalid([Problem(path=f"{path}.field", message=message)])
    if kind == "integer" and one.step is not None and not one.step.is_integer():
        message = f"is {one.step}; `{one.field}` takes whole numbers: give a whole step."
        raise SpecInvalid([Problem(path=f"{path}.step", message=message)])
    return bool(kind == "integer")


def _field_of(study: Study, one: Dimension, value: Any, catalog: Catalog) -> SpecField | None:
    """The field in a trial in which it holds `value`; None when it holds nothing."""
    values = reaching(study.space, one, value)
    try:
        spec = experiment.resolve(trial_spec(study, values, 0), catalog)
    except SpecInvalid as invalid:
        raise SpecInvalid([_traced(study, one, values, invalid.problems, catalog)]) from None
    document = spec.model_dump(mode="json")
    return next((found for found in fields(document, experiment.outline(), catalog) if found.path == one.field), None)


def _traced(
    study: Study, one: Dimension, values: Mapping[str, Any], problems: Sequence[Problem], catalog: Catalog
) -> Problem:
    """A trial's first problem, at the part of the study that it comes from: a field's name, the spec, or a value."""
    for problem in problems:
        for index, other in enumerate(study.space):
            if isinstance(problem, UnknownField) and within(other.field, problem.path):
                return Problem(path=f"space[{index}].field", message=f"`{problem.path}` {problem.message}")
    first = problems[0]
    if first in _problems_of(study, catalog):
        return Problem(path=moved(first.path, "", "spec"), message=first.message)
    givers = [other for other in study.space if other.field in values and within(first.path, other.field)]
    giver = max(givers, key=lambda other: len(other.field), default=one)
    message = first.message if first.path == giver.field else f"`{first.path}` {first.message}"
    place = list(giver.ends).index(values[giver.field])
    return Problem(path=_path(study.space.index(giver), giver, place), message=message)


def _problems_of(study: Study, catalog: Catalog) -> list[Problem]:
    """Problems of the spec by itself, before anything is varied."""
    try:
        experiment.resolve({"name": study.name, **study.spec}, catalog)
    except SpecInvalid as invalid:
        return invalid.problems
    return []


def _path(index: int, one: Dimension, place: int) -> str:
    return f"space[{index}].choice[{place}]" if one.choice is not None else f"space[{index}].{('low', 'high')[place]}"


def _odd_size(study: Study, catalog: Catalog) -> Iterator[Problem]:
    points = size(study.space)
    if fact(catalog, "samplers", study.sampler, "grid"):
        if points is None:
            index = next(index for index, one in enumerate(study.space) if one.count is None)
            yield Problem(path=f"space[{index}].points", message="is missing: a grid needs a number of values.")
        elif points > (most := study.budget.trials or MAX_TRIALS):
            message = f"has {points:,} points, more than {most:,} trials: take fewer values, or another sampler."
            yield Problem(path="space", message=message)
    elif study.budget == Budget():
        yield Problem(
            path="budget", message="is missing: give the `trials`, `hours` or `joules` that the study may use."
        )


def fact(catalog: Catalog, family: str, value: Mapping[str, Any], name: str) -> Any:
    """A published fact of a component; None where it has none."""
    entry = catalog.find(family, value["kind"])
    return entry.facts.get(name) if entry else None
