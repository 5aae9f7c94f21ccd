"""Rows of uploaded data that a training holds out: drawn by their shares, or kept as a split of one's own says."""

from backend.domain.experiment.upload_facts import Column, Facts, OwnSplit
from backend.domain.experiment.upload_plan import LEAST_OF_A_CLASS, Choice, ChoiceInvalid, apportion


def held(facts: Facts, column: Column | None, choice: Choice) -> tuple[int, int, int]:
    """Rows for training, validation and test; `column` has the classes, if any. Raises ChoiceInvalid."""
    if facts.own_split:
        return _completed(facts.own_split, choice)
    groups = list((column.counts or {}).values()) if column else [facts.rows]
    parts = [apportion(rows, choice.validation, choice.test) for rows in groups]
    validation, test = sum(part[0] for part in parts), sum(part[1] for part in parts)
    if any(rows <= sum(part) for rows, part in zip(groups, parts, strict=True)):
        raise ChoiceInvalid(
            "validation", "and the test's share leave no row of a class to train on: make them smaller."
        )
    return facts.rows - validation - test, validation, test


def _completed(own: OwnSplit, choice: Choice) -> tuple[int, int, int]:
    """Rows of each part, those included that are drawn from the rows for training because a part is not there."""
    shares = apportion(own.train, choice.validation, choice.test)
    validation, test = own.validation or shares[0], own.test or shares[1]
    train = own.train + own.validation + own.test - validation - test
    if train <= 0:
        raise ChoiceInvalid("validation", "and the test's share leave no row to train on: make them smaller.")
    return train, validation, test


def check_rows(column: Column, own: OwnSplit | None) -> None:
    """Raises ChoiceInvalid when a class has too few rows to be in every part, or in those that are drawn."""
    counts = (column.train_counts if own else column.counts) or {}
    needed = 1 + own.drawn if own else LEAST_OF_A_CLASS
    label, rows = min(counts.items(), key=lambda item: item[1])
    if rows < needed:
        where, why = "", "one each for training, validation and test; add rows"
        if own:
            where, why = " in `train`", "one to train on and one for each part that is drawn from it; add some"
        raise ChoiceInvalid(
            "target",
            f"is the column `{column.name}`, whose class `{label}` has {rows or 'no'} row{'s' * (rows != 1)}{where}: at "
            f"least {needed} are needed, {why} or leave that class out.",
        )
