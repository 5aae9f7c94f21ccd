"""Every component that this machine's worker publishes, in every spec that Hypothesis draws from their schemas."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import editor_schema, fingerprint, resolve
from backend.domain.problems import SpecInvalid
from backend.domain.text import parse, to_yaml
from tests.backend.domain.drafts import drafts

THOROUGH = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

GOOD: dict[str, Any] = {
    "name": "A good one",
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp"},
    "stages": [{"kind": "train", "optimizer": {"kind": "adam", "lr": 0.01}}],
}


BEYOND_SCHEMAS = (
    "changes the direction of writing",
    "use `schedule: ",
    "give the stage `recover`",
    "use a method that masks weights",
    "which nothing before it provides",
    "is not a live parameter of the current training",
    "a `set` names a live parameter and its value",
    "cannot be combined with `next`",
    "has no condition",
    "is not a metric of this spec",
    "leave one of them out",
)
"""Mistakes in a spec that an editor cannot see: its parts do not fit together."""


@pytest.fixture(scope="module")
def editor(catalog: Catalog) -> Draft202012Validator:
    schema = editor_schema(catalog)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(document: Any, catalog: Catalog) -> list[str]:
    try:
        resolve(document, catalog)
    except SpecInvalid as invalid:
        return [problem.message for problem in invalid.problems]
    return []


def test_the_canonical_form_is_its_own_canonical_form(catalog: Catalog, editor: Draft202012Validator) -> None:
    """Whatever is drawn right, field by field: an editor takes it, and so it does what it resolves to."""

    @THOROUGH
    @given(drafts(catalog))
    def check(draft: dict[str, Any]) -> None:
        assert editor.is_valid(draft), [error.message for error in editor.iter_errors(draft)]
        found = problems(draft, catalog)
        assert all(any(words in message for words in BEYOND_SCHEMAS) for message in found)
        assume(not found)
        once = resolve(draft, catalog)
        canonical = once.model_dump(mode="json")
        again = resolve(canonical, catalog)
        assert again == once
        assert again.model_dump(mode="json") == canonical
        assert fingerprint(again) == fingerprint(once)
        assert resolve(parse(to_yaml(canonical)), catalog) == once
        assert editor.is_valid(canonical), [error.message for error in editor.iter_errors(canonical)]

    check()


def test_a_document_of_anything_is_refused_or_taken_but_never_crashes(catalog: Catalog) -> None:
    scalars = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.sampled_from(["train", "mlp"])
    )
    anything = st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["kind", "name", "epochs", "optimizer", "method", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )

    @THOROUGH
    @given(st.fixed_dictionaries({}, optional=dict.fromkeys([*GOOD, "seed", "measure"], anything)))
    def check(changes: dict[str, Any]) -> None:
        assert all(message.endswith(".") for message in problems({**GOOD, **changes}, catalog))

    check()


def change(path: list[Any], value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(document: dict[str, Any]) -> None:
        target: Any = document
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return apply


@pytest.mark.parametrize(
    "mistake",
    [
        change(["model", "kind"], "mlpp"),
        change(["modle"], {}),
        change(["seed"], -1),
        change(["seed"], True),
        change(["stages"], []),
        change(["stages", 0, "epochs"], 0),
        change(["stages", 0, "epochz"], 1),
        change(["stages", 0, "optimizer", "lr"], "fast"),
        change(["stages", 0, "optimizer"], {"lr": 1}),
        change(["measure"], {"batch_sizes": [0]}),
        change(["measure"], {"devices": ["tpu"]}),
    ],
)
def test_editor_and_server_refuse_the_same(
    catalog: Catalog, editor: Draft202012Validator, mistake: Callable[[dict[str, Any]], None]
) -> None:
    assert editor.is_valid(GOOD)
    resolve(GOOD, catalog)
    bad = copy.deepcopy(GOOD)
    mistake(bad)
    assert not editor.is_valid(bad)
    with pytest.raises(SpecInvalid):
        resolve(bad, catalog)


def test_an_editor_can_complete_every_kind(catalog: Catalog) -> None:
    definitions = editor_schema(catalog)["$defs"]
    for family in catalog.families:
        assert definitions[family.name]["properties"]["kind"]["enum"] == catalog.kinds(family.name)
    for known in catalog.entries:
        assert definitions[f"{known.family}.{known.kind}"]["description"] == known.summary


@pytest.mark.parametrize(
    ("compress", "later", "path"),
    [
        ({"fold": ["batch_norm"], "quantize": "static_int8"}, None, None),
        ({"fold": ["batch_norm", "batch_norm"]}, None, "stages[0].fold[1]"),  # the first one took them
        ({"fold": ["batch_norm"]}, {"kind": "fold", "method": "batch_norm"}, "stages[1].method"),
        ({"quantize": "static_int8"}, {"kind": "compress", "quantize": None}, "stages[1]"),
        ({"quantize": None}, {"kind": "compress"}, None),
    ],
)
def test_what_a_stage_holds_is_judged_in_the_order_in_which_it_acts(
    compress: dict[str, Any], later: dict[str, Any] | None, path: str | None, catalog: Catalog
) -> None:
    stages = [{"kind": "compress", "quantize": None, **compress}, *([later] if later else [])]
    document = {**GOOD, "model": {"kind": "cnn", "norm": "batch"}, "stages": stages}
    try:
        resolve(document, catalog)
        found = None
    except SpecInvalid as invalid:
        found = invalid.problems[0].path
    assert found == path
