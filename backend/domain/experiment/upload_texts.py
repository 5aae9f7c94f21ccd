"""Texts: their words, and the training plan of a text whose next characters are learnt. Pure: reads no file."""

import re

from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import STRETCHES, Choice, ChoiceInvalid, Plan, apportion

WORD = re.compile(r"\w+|[^\w\s]")
"""A word of a text in lower case: a run of letters, digits and `_`, or one other sign."""


def words(text: str) -> list[str]:
    """The words of a text, in its order."""
    return WORD.findall(text.lower())


def plan_text(facts: Facts, choice: Choice) -> Plan:
    """A text whose next characters are learnt is cut into stretches, and these into windows."""
    if choice.task not in ("auto", "language"):
        raise ChoiceInvalid("task", f"cannot be {choice.task}: these data are a text; its task is `language`.")
    windows = (facts.rows // STRETCHES - 1) // choice.length
    if windows < 1:
        raise ChoiceInvalid(
            "length",
            f"is {choice.length}, but each of the {STRETCHES} stretches has {facts.rows // STRETCHES:,} characters: make it smaller, "
            "or send a longer text.",
        )
    validation, test = held_out_stretches(choice.validation, choice.test)
    held = (STRETCHES - validation - test, validation, test)
    return Plan(
        task="language",
        targets=(),
        features=(),
        text=None,
        shape=(choice.length,),
        outputs=min(facts.characters, choice.vocabulary),
        classes=(),
        held=(held[0] * windows, held[1] * windows, held[2] * windows),
        pixels=(0.0, 1.0),
        traits=("classes", "tokens", "sequence"),
    )


def held_out_stretches(validation: float, test: float) -> tuple[int, int]:
    """The stretches of a text that are held out: at least one each."""
    return apportion(STRETCHES, validation, test)
