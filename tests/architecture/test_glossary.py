"""The glossary has each word once, in order, and no older word that the code has given up."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.architecture.pages import ROOT, cited, table
from tests.architecture.test_size import is_generated, sources

PAGE = (ROOT / "docs/glossary.md").read_text()


def disorder(page: str) -> list[str]:
    """The words that stand behind a word that comes after them, or behind themselves."""
    words = [word.casefold() for word, *_ in table(page, "Glossary")]
    return [second for first, second in pairwise(words) if second <= first]


def older(page: str) -> Iterator[str]:
    """Every older word of the third column."""
    for *_, words in table(page, "Glossary"):
        yield from cited(words)


def given_up(page: str) -> list[str]:
    """The older words that occur nowhere in our code, strings and comments included."""
    texts = (path.read_text() for path in sources(ROOT))
    present = {word for text in texts if not is_generated(text) for word in re.findall(r"\w+", text)}
    return [word for word in older(page) if word not in present]


def without_meaning(page: str) -> list[str]:
    return [word for word, meaning, _ in table(page, "Glossary") if not meaning]


def test_words_are_unique_and_in_order() -> None:
    assert disorder(PAGE) == []


def test_every_word_has_a_meaning() -> None:
    assert without_meaning(PAGE) == []


def test_every_older_word_is_still_in_the_code() -> None:
    assert given_up(PAGE) == []


@pytest.mark.parametrize("row", ["| zygote | the last word | |", "| artifact | once more | |"])
def test_a_word_out_of_order_is_caught(row: str) -> None:
    assert disorder(PAGE.replace("| block |", f"{row}\n| block |"))


def test_a_word_without_a_meaning_is_caught() -> None:
    assert without_meaning(f"{PAGE}| zygote | | |\n") == ["zygote"]


def test_an_older_word_that_is_gone_is_caught() -> None:
    assert given_up(PAGE.replace("`counterfactual`", "`phantom_of_yore`")) == ["phantom_of_yore"]
