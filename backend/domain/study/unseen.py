"""Finds fields that a study varies and no objective sees: its trials would all come to the same value."""

from collections.abc import Iterator

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import fill
from backend.domain.measures import field_of, place_of
from backend.domain.path import join, parse, within
from backend.domain.problems import Problem, SpecInvalid
from backend.domain.run.live_parameters import RECIPES, parameters_of
from backend.domain.study.study import Objective, Study

SHIPPED = ("measure.formats", "measure.input")
"""Fields that change the files themselves."""
SHOWN = ("name", "alerts", "diagnosis", "storage")
"""Fields that change what is seen of a run, or where its data lie, and never its model."""


def unseen(study: Study, catalog: Catalog) -> Iterator[Problem]:
    """A problem for each varied field that no objective sees, with the reason."""
    last = _last_training(study, catalog)
    for index, one in enumerate(study.space):
        if reason := _reason(one.field, study.objectives, last):
            yield Problem(path=f"space[{index}].field", message=f"`{one.field}` {reason}")


def _reason(field: str, objectives: list[Objective], last: int) -> str | None:
    """Reason why none of the objectives sees the field; None when one does."""
    if any(within(field, shown) for shown in SHOWN):
        return "changes what is seen of a run and not its model, so every trial comes to the same: leave it out."
    if within(field, "measure") and not any(_sees_measuring(one, field) for one in objectives):
        return (
            "changes how a file is measured, which no objective sees, so every trial comes to the same: leave it out."
        )
    if _stage_of(field) > last and all(one.live and one.of == "best" for one in objectives):
        return (
            f"changes the model after its last training, and the best `{objectives[0].measure}` is one of a training: let "
            "the objective be `of: last`, which is measured on the file of the last stage."
        )
    return None


def _sees_measuring(objective: Objective, field: str) -> bool:
    """Returns whether the value is measured on a file, and for a field that changes only how, whether it is a time."""
    if objective.live:
        return False
    return any(within(field, shipped) for shipped in SHIPPED) or place_of(field_of(objective.measure) or "") is not None


def _stage_of(field: str) -> int:
    """Index of the stage that the field belongs to; -1 outside, and in what a stage trains by."""
    head, *rest = parse(field)
    if head != "stages" or not rest:
        return -1
    stage = int(rest[0])
    return -1 if any(within(field, join("stages", stage, recipe)) for recipe in RECIPES) else stage


def _last_training(study: Study, catalog: Catalog) -> int:
    """Index of the last stage that trains; one behind all of them where the spec is whole only with the varied fields."""
    try:
        stages = fill({**study.spec, "name": study.name}, catalog)["stages"]
    except SpecInvalid:
        return len(study.spec["stages"])
    return max((index for index, stage in enumerate(stages) if parameters_of(stage, catalog)), default=-1)
