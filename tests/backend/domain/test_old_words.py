"""Specs in the words of 0.1 are understood, and their writers are told the words of today."""

from typing import Any

import pytest

from backend.domain.experiment.old_words import notes, renewed

STEP = {"kind": "next", "step": 3}
OLD = {"name": "a", "interventions": [STEP], "alerts": [{"metric": "train/loss", "above": 3, "then": "tell"}]}
NEW = {"name": "a", "commands": [STEP], "alerts": [{"metric": "train/loss", "above": 3, "then": "report"}]}
NOTES = ["`interventions` is called `commands` now.", "`alerts[0].then`: `tell` is called `report` now."]


def test_a_spec_is_translated_and_its_writer_told() -> None:
    assert renewed(OLD) == NEW
    assert notes(OLD) == NOTES


def test_the_spec_of_a_study_is_translated_too() -> None:
    assert renewed({"name": "s", "spec": OLD}) == {"name": "s", "spec": NEW}
    assert notes({"name": "s", "spec": OLD}) == [note.replace("`", "`spec.", 1) for note in NOTES]


@pytest.mark.parametrize(
    "document",
    [
        NEW,
        None,
        "text",
        [1],
        {"alerts": "loud"},
        {"alerts": [1, {"then": ["tell"]}]},
        {"spec": None},
        {"interventions": 1, "commands": []},
    ],
)
def test_everything_else_is_left_to_the_check(document: Any) -> None:
    assert renewed(document) == document
    assert notes(document) == []
