"""Specs as text: YAML 1.2 and JSON, plain data alone."""

import json
import math
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.problems import SpecInvalid
from backend.domain.text import parse, to_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E5", 1e5), (".5", 0.5), ("5.", 5.0), ("-1.5e+3", -1500.0), ("010", 10), ("+7", 7), ("-0", 0),
        ("true", True), ("False", False), ("~", None), ("null", None), ("no", "no"), ("yes", "yes"), ("off", "off"),
        ("2030-01-01", "2030-01-01"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("1:30", "1:30"), ("'1e-3'", "1e-3"),
        ('"true"', "true"), ("a: |\n  1\n  2\n", {"a": "1\n2\n"}), ("<<: 1", {"<<": 1}), ("=", "="), ("a:", {"a": None}),
        ("{a: 1, b: [2, x]}", {"a": 1, "b": [2, "x"]}), ('{"a": 1, }', {"a": 1}), ("# only\na: 1 # c", {"a": 1}),
        ('{"smile": "\\ud83d\\ude00", "slash": "\\/"}', {"smile": "😀", "slash": "/"}), ("---\na: 1\n...\n", {"a": 1}),
    ],
)  # fmt: skip
def test_what_a_text_means(text: str, value: Any) -> None:
    assert parse(text) == value
    assert type(parse(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "The spec is empty."),
        ("# nothing", "The spec is empty."),
        ("a: 1\nb: 2\na: 3", "The spec gives `a` twice (line 3)."),
        ('{"a": 1,\n "a": 2}', "The spec gives `a` twice (line 2)."),
        ("a: 1\nb: &x 1\nc: *x", "The spec has an anchor or alias; write the value out (line 2)."),
        ("a: *x", "The spec has an anchor or alias; write the value out (line 1)."),
        ("a: !!python/object/apply:os.system [ls]", "The spec has the tag `tag:yaml.org,2002:python/object/apply:os.system`; only plain values are allowed (line 1)."),
        ("a: !!str 1", "The spec has the tag `tag:yaml.org,2002:str`; only plain values are allowed (line 1)."),
        ("1: a", "The spec has the field 1; a field's name must be text (line 1)."),
        ("? [a]\n: b", "The spec has the field ['a']; a field's name must be text (line 1)."),
        ("a: b\n c: d", "The spec is not valid YAML in line 2: mapping values are not allowed in this context."),
        ("a: [1, 2\n", "The spec is not valid YAML in line 2: did not find expected ',' or ']'."),
        ("a: 'x", "The spec is not valid YAML in line 1: found unexpected end of stream."),
        ("a: 1\n---\nb: 2", "The spec has a second document; only one is allowed (line 2)."),
        ("a: 1\nb: \x07", "The spec has a control character or half of a surrogate pair in line 2."),
        ("a: \ud800", "The spec has a control character or half of a surrogate pair in line 1."),
        ("a: " + "9" * 5000, "The spec has a number with too many digits (line 1)."),
        ("a: 1e309", "a: must be a finite number, not inf."),
        ("a: [1, .nan]", "a[1]: must be a finite number, not nan."),
        ('{"a": NaN}', "a: must be a finite number, not nan."),
        ('{"a": -Infinity}', "a: must be a finite number, not -inf."),
        ('{"a": "\\ud800"}', "a: has a control character or half of a surrogate pair in its text."),
        ("a: 99999999999999999999", "a: is a whole number that does not fit into 64 bits."),
    ],
)  # fmt: skip
def test_what_a_text_must_not_be(text: str, message: str) -> None:
    with pytest.raises(SpecInvalid) as refused:
        parse(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000, '{"a":' * 50_000, "- " * 100_000, "{" * 200_000, "? " * 100_000, "a: " * 80_000, "[1," * 80_000,
        "[" + "1," * 120_000 + "]", "- 1\n" * 60_000, "x" * 10_000_000, "'" * 200_000, "# " * 130_000, "9" * 260_000,
        "&a [" * 60_000, "1e" + "9" * 250_000, '"' + "\\u0061" * 40_000, "\n" * 260_000,
        "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
    ],
    ids=lambda text: f"{text[:12]!r}…",
)  # fmt: skip
def test_hostile_text_ends_quickly(text: str) -> None:
    began = time.process_time()
    with pytest.raises(SpecInvalid):
        parse(text)
    assert time.process_time() - began < 1


plain_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    ["1e-3", "1", "no", "true", "~", "", "null", ".5", "0x1", "1_000", "2030-01-01", "a\nb", "a: b", "- x", "#", "{", "<<", "=", "1:30", " x ", "x\n", "\u2028", "%", "!a", "&a", "*a", "@", "`"]
)  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
documents = st.recursive(
    scalars | plain_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(documents)
def test_yaml_comes_back_as_it_was(document: Any) -> None:
    written = to_yaml(document)
    assert same(parse(written), document)
    assert same(parse(json.dumps(document)), document)


@settings(deadline=None)
@given(documents)
def test_other_readers_take_it_for_the_same(document: Any) -> None:
    """PyYAML reads YAML 1.1: what is written is quoted where the two would differ."""
    assert same(yaml.safe_load(to_yaml(document)), document)


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type: 1, 1.0 and true differ, and so do 0.0 and -0.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return type(one) is type(other) and one == other


def test_yaml_is_readable() -> None:
    document = {
        "name": "LeNet-5",
        "stages": [
            {"kind": "train", "epochs": 10, "optimizer": {"kind": "adam", "lr": 1e-06}, "regularizers": []},
            {"kind": "quantize", "method": {"kind": "static_int8"}},
        ],
        "measure": {"batch_sizes": [1, 64]},
    }
    assert to_yaml(document) == (
        "name: LeNet-5\n"
        "stages:\n"
        "  - kind: train\n"
        "    epochs: 10\n"
        "    optimizer: {kind: adam, lr: 1.0e-06}\n"
        "    regularizers: []\n"
        "  - kind: quantize\n"
        "    method: {kind: static_int8}\n"
        "measure:\n"
        "  batch_sizes: [1, 64]\n"
    )
