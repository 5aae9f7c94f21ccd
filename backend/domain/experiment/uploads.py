"""The training plan that a spec makes of the facts found in uploaded data. Pure: reads no file."""

from collections.abc import Sequence
from typing import Literal

from backend.domain.experiment.labels import by_size
from backend.domain.experiment.upload_facts import Column, Facts, OwnSplit, Task
from backend.domain.experiment.upload_plan import (
    FEW,
    MOST_CATEGORIES,
    MOST_CLASSES,
    MOST_INPUTS,
    Choice,
    ChoiceInvalid,
    Feature,
    Plan,
    few,
)
from backend.domain.experiment.upload_split import check_rows, held
from backend.domain.experiment.upload_texts import plan_text

MARK = "x-upload"
"""Marks a dataset's fields by what they say of an upload: `id`, `target`, `task`, `text`, `length`, `vocabulary`, `ignore`, `black`,
`white`, `validation`, `test`."""


def plan(facts: Facts, choice: Choice) -> Plan:
    """Plan that follows from `choice`. Raises ChoiceInvalid in one sentence with the remedy."""
    return plan_text(facts, choice) if facts.kind == "text" else _plan_of_samples(facts, choice)


def _plan_of_samples(facts: Facts, choice: Choice) -> Plan:
    targets = _targets(facts, choice)
    columns = [facts.columns[index] for index in targets]
    requested = choice.task if choice.task != "auto" else facts.task
    text = _text(facts, choice, targets, requested)
    if facts.one_hot and len(columns) > 1 and requested != "regression":
        columns = [_marked(columns)]
    task = _task(columns, requested)
    classes = tuple(sort_classes(columns[0])) if task == "classification" else ()
    if task == "classification":
        _check_classes(columns[0], facts.own_split)
    features = _features(facts, choice, targets) if text is None else ()
    shape = _shape(facts, choice, features, text)
    return Plan(
        task=task,
        targets=targets,
        features=features,
        text=text,
        shape=shape,
        outputs=len(classes) or len(targets),
        classes=classes,
        held=held(facts, columns[0] if classes else None, choice),
        pixels=_pixels(facts, choice),
        traits=_traits(task, shape, text is not None),
    )


def _shape(facts: Facts, choice: Choice, features: Sequence[Feature], text: int | None) -> tuple[int, ...]:
    """Shape of one sample."""
    if facts.inputs:
        return tuple(facts.inputs.shape)
    inputs = choice.length if text is not None else sum(feature.categories or 1 for feature in features)
    if facts.rows * inputs > MOST_INPUTS:
        role, remedy = ("ignore", "leave columns out") if text is None else ("length", "make it smaller")
        raise ChoiceInvalid(role, f"leaves {inputs:,} inputs, too many for {facts.rows:,} rows: {remedy}.")
    return (inputs,)


def _marked(columns: Sequence[Column]) -> Column:
    """One column of classes, counted from 0, in place of one-hot columns."""
    counts = {str(place): (column.counts or {}).get("1", 0) for place, column in enumerate(columns)}
    return Column(name="targets", type="number", whole=True, integer=True, counts=counts)


def sort_classes(column: Column) -> list[str]:
    """The classes in the order of their numbers: texts by the alphabet, numbers by size."""
    counts = column.counts or {}
    return by_size(counts) if column.type == "number" else sorted(counts)


def _targets(facts: Facts, choice: Choice) -> tuple[int, ...]:
    named = choice.target if choice.target is not None else facts.target
    names = [column.name for column in facts.columns]
    if named is None:
        return tuple(range(len(names))) if facts.kind == "arrays" else (_last(facts),)
    if named not in names:
        raise ChoiceInvalid("target", f"names the column `{named[:80]}`, which does not exist. Columns: {few(names)}.")
    if named == facts.split_column:
        raise ChoiceInvalid("target", f"is the column `{named[:80]}`, which says the split: choose another one.")
    return (names.index(named),)


def _last(facts: Facts) -> int:
    """The last column that is not that of the split."""
    return max(index for index, column in enumerate(facts.columns) if column.name != facts.split_column)


def _task(columns: Sequence[Column], requested: Task) -> Literal["classification", "regression"]:
    first = columns[0]
    if requested == "auto":
        counted = len(columns) == 1 and first.whole and first.counts is not None
        few = counted and len(first.counts or ()) <= (MOST_CLASSES if first.integer else FEW)
        return "classification" if first.type == "text" or few else "regression"
    if requested == "regression" and first.type == "text":
        raise ChoiceInvalid("task", f"cannot be regression: column `{first.name}` holds texts, and texts are classes.")
    if requested == "language":
        raise ChoiceInvalid("task", "cannot be language: these data have targets; send a text file with that task.")
    if requested != "regression" and len(columns) > 1:
        raise ChoiceInvalid("task", f"cannot be classification: there are {len(columns)} targets; name one of them.")
    return "regression" if requested == "regression" else "classification"


def _check_classes(column: Column, own_split: OwnSplit | None) -> None:
    if column.counts is None:
        what = "texts or long ones" if column.type == "text" else "numbers or numbers that are not whole"
        raise ChoiceInvalid(
            "target",
            f"is the column `{column.name}`, which holds more than {MOST_CLASSES:,} different {what}: too many for classes; choose "
            "another column, or regression.",
        )
    if len(column.counts) < 2:
        raise ChoiceInvalid(
            "target",
            f"is the column `{column.name}`, which holds one class only (`{next(iter(column.counts), '')}`): at least two "
            "are needed to tell apart; choose another column, or add rows of another class.",
        )
    check_rows(column, own_split)


def _text(facts: Facts, choice: Choice, targets: tuple[int, ...], requested: Task) -> int | None:
    """The column whose words are the inputs: the one that is named, or else all that there is beside the target."""
    kept = {column.name: index for index, column in _inputs(facts, choice, targets)}
    prose = [name for name, index in kept.items() if facts.columns[index].prose]
    named = choice.text if choice.text is not None else facts.text
    if named is not None:
        if named not in prose:
            raise ChoiceInvalid("text", f"names the column `{named[:80]}`, which {_no_prose(prose)}.")
        return kept[named]
    if requested == "text classification" and len(prose) != 1:
        raise ChoiceInvalid("text", f"must name the column whose words are learnt, which {_no_prose(prose)}.")
    alone = len(prose) == len(kept) == 1
    return kept[prose[0]] if alone or requested == "text classification" else None


def _no_prose(prose: Sequence[str]) -> str:
    fitting = f"those are: {few(prose)}" if prose else "there is none"
    return f"must be one of more than {MOST_CATEGORIES} different texts beside the target; {fitting}"


def _inputs(facts: Facts, choice: Choice, targets: tuple[int, ...]) -> list[tuple[int, Column]]:
    """The columns of a table that a model may learn from, with their places. Raises ChoiceInvalid."""
    if facts.kind == "arrays":
        return []
    names = {column.name for column in facts.columns} | set(facts.ignored)
    if unknown := [name for name in choice.ignore if name not in names]:
        raise ChoiceInvalid("ignore", f"names the column `{unknown[0][:80]}`, which does not exist.")
    kept = [
        (index, column)
        for index, column in enumerate(facts.columns)
        if index not in targets and column.name not in (*choice.ignore, facts.split_column)
    ]
    if not kept:
        raise ChoiceInvalid("ignore", "leaves no column to learn from: keep at least one beside the target.")
    return kept


def _features(facts: Facts, choice: Choice, targets: tuple[int, ...]) -> tuple[Feature, ...]:
    return tuple(_feature(index, column) for index, column in _inputs(facts, choice, targets))


def _feature(index: int, column: Column) -> Feature:
    if column.type == "number":
        return Feature(index)
    if column.counts is None or len(column.counts) > MOST_CATEGORIES:
        number = f"{len(column.counts)}" if column.counts else "too many"
        raise ChoiceInvalid(
            "ignore",
            f"must name the column `{column.name}`: it holds {number} different texts, and at most {MOST_CATEGORIES} "
            f"become inputs{'; or name it as `text`, to learn from its words alone' * column.prose}.",
        )
    return Feature(index, len(column.counts))


def _pixels(facts: Facts, choice: Choice) -> tuple[float, float]:
    black, white = facts.inputs.range if facts.inputs else (0.0, 1.0)
    black = black if choice.black is None else choice.black
    white = white if choice.white is None else choice.white
    if not black < white:
        raise ChoiceInvalid("white", f"is {white:g}, but black is {black:g}: white must be the greater one.")
    return black, white


def _traits(task: str, shape: tuple[int, ...], of_text: bool) -> tuple[str, ...]:
    kinds = ["classes" if task == "classification" else "numbers", *(("text", "sequence") if of_text else ("real",))]
    if len(shape) == 3:
        kinds += [name for name, least in (("image", 8), ("image_28", 28)) if min(shape[1:]) >= least]
        kinds.append("sequence")
    return tuple(kinds)
