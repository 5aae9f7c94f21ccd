"""Paths of fields: parse and join are inverse, read and write meet, and what is no path is refused in one sentence."""

import copy
import string
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.path import Key, join, leads, moved, parents, parse, read, within, write
from backend.domain.problems import SpecInvalid

LETTERS = string.ascii_letters + "_"
NAMES = st.builds(
    lambda first, rest: first + rest, st.sampled_from(LETTERS), st.text(LETTERS + string.digits, max_size=8)
)
KEYS = st.builds(lambda name, rest: [name, *rest], NAMES, st.lists(NAMES | st.integers(0, 999), max_size=6))
DOCUMENTS = st.recursive(
    st.integers() | st.booleans(),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=12,
)
SPEC: dict[str, Any] = {"seed": 0, "stages": [{"kind": "train", "epochs": 3}, "fold"]}


def paths(document: Any, path: str = "") -> list[str]:
    """Every path of a document, those of its inner parts too."""
    items: list[tuple[Key, Any]] = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list) and path:
        items = list(enumerate(document))
    below = [(join(path, key), item) for key, item in items]
    return [found for at, item in below for found in (at, *paths(item, at))]


@given(KEYS)
def test_parse_and_join_are_inverse(keys: list[Key]) -> None:
    assert parse(join("", *keys)) == keys
    assert join(join("", *keys[:1]), *keys[1:]) == join("", *keys)


@given(st.text(LETTERS + "[]0123456789.", max_size=12))
def test_whatever_is_read_as_a_path_is_written_as_one(text: str) -> None:
    with suppress(SpecInvalid):
        assert join("", *parse(text)) == text


@given(KEYS, KEYS, KEYS)
def test_a_path_moves_there_and_back(inner: list[Key], old: list[Key], new: list[Key]) -> None:
    path = join(join("", *old), *inner)
    there = moved(path, join("", *old), join("", *new))
    assert there == join(join("", *new), *inner) and within(there, join("", *new))
    assert moved(there, join("", *new), join("", *old)) == path
    assert moved(moved(path, "", "body"), "body", "") == path


@given(st.dictionaries(NAMES, DOCUMENTS, min_size=1, max_size=3), st.data())
def test_what_is_written_is_read_and_all_else_stays(document: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(paths(document)))
    written = copy.deepcopy(document)
    write(written, path, "new")
    assert leads(document, path) and read(written, path) == "new"
    write(written, path, read(document, path))
    assert written == document


def test_the_parents_of_a_field_come_from_the_outermost() -> None:
    assert list(parents("stages[0].optimizer.lr")) == ["stages", "stages[0]", "stages[0].optimizer"]
    assert list(parents("seed")) == []


def test_a_name_that_begins_like_another_is_not_within_it() -> None:
    assert within("stages[1].lr", "stages[1]") and within("stages[1]", "stages[1]")
    assert not within("stages[10].lr", "stages[1]") and not within("measured", "measure")


def test_fields_left_out_begin_and_components_in_short_are_written_out() -> None:
    spec = copy.deepcopy(SPEC)
    write(spec, "stages[0].optimizer.lr", 0.1)
    write(spec, "stages[1].method.kind", "batch_norm")
    assert spec["stages"][0]["optimizer"] == {"lr": 0.1}
    assert spec["stages"][1] == {"kind": "fold", "method": {"kind": "batch_norm"}}


@pytest.mark.parametrize(
    "path", ["", ".", "stages[00]", "stages[01].lr", "stages[1000]", "stages[\u0660]", "a..b", "a[-1]", "a]"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    for act in (parse, lambda text: read(SPEC, text), lambda text: write(copy.deepcopy(SPEC), text, 1)):
        with pytest.raises(SpecInvalid, match=r"is not the path of a field; write it like `stages\[0\]\.optimizer`\.$"):
            act(path)
    assert not leads(SPEC, path)


@pytest.mark.parametrize(("path", "missing"), [("stages[2].lr", "2"), ("seed.more", "more"), ("stages[0][1]", "1")])
def test_a_path_that_leads_nowhere_is_refused(path: str, missing: str) -> None:
    for act in (lambda: read(SPEC, path), lambda: write(copy.deepcopy(SPEC), path, 1)):
        with pytest.raises(SpecInvalid, match=f"does not exist in this spec: there is no `{missing}`"):
            act()
