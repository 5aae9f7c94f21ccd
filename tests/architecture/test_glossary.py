"""The glossary has each word once, in order, with a meaning."""

from itertools import pairwise

import pytest

from tests.architecture.pages import ROOT, table

PAGE = (ROOT / "docs/glossary.md").read_text()


def disorder(page: str) -> list[str]:
    """The words that stand behind a word that comes after them, or behind themselves."""
    words = [word.casefold() for word, *_ in table(page, "Glossary")]
    return [second for first, second in pairwise(words) if second <= first]


def without_meaning(page: str) -> list[str]:
    return [word for word, meaning, _ in table(page, "Glossary") if not meaning]


def test_words_are_unique_and_in_order() -> None:
    assert disorder(PAGE) == []


def test_every_word_has_a_meaning() -> None:
    assert without_meaning(PAGE) == []


@pytest.mark.parametrize("row", ["| zygote | the last word | |", "| artifact | once more | |"])
def test_a_word_out_of_order_is_caught(row: str) -> None:
    assert disorder(PAGE.replace("| block |", f"{row}\n| block |"))


def test_a_word_without_a_meaning_is_caught() -> None:
    assert without_meaning(f"{PAGE}| zygote | | |\n") == ["zygote"]
