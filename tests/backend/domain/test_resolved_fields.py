"""Each field of a spec is told with its value, its source and what it would be if it were left out."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import fill, outline
from backend.domain.experiment.resolve import ResolvedField, Resolver
from backend.domain.path import parse
from backend.domain.problems import SpecInvalid
from tests.backend.domain.drafts import drafts

THOROUGH = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Place:
    """A field of a canonical spec."""

    path: str
    inherits: bool
    value: Any


def places(value: Any, schema: Mapping[str, Any], catalog: Catalog, path: str = "") -> Iterator[Place]:
    """Every field below `path`, in the order of the pipeline."""
    schema = next((branch for branch in schema.get("anyOf", []) if branch.get("type") != "null"), schema)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, schema.get("items", {}), catalog, f"{path}[{index}]")
    if not isinstance(value, Mapping):
        return
    if "x-family" in schema:
        yield Place(f"{path}.kind", False, value["kind"])
        entry = catalog.find(schema["x-family"], value["kind"])
        assert entry is not None
        schema = entry.parameters
    for name, field in schema.get("properties", {}).items():
        place = f"{path}.{name}".lstrip(".")
        yield Place(place, bool(field.get("x-inherit")), value[name])
        yield from places(value[name], field, catalog, place)


def says(document: Any, path: str) -> bool:
    """True when the document as it was written names this field."""
    for step in parse(path):
        if isinstance(document, str):
            return step == "kind"
        if isinstance(document, list) if isinstance(step, int) else step in (document or {}):
            document = document[step]
        else:
            return False
    return True


def origins(document: Any, canonical: Any, catalog: Catalog) -> dict[str, str]:
    """Path -> source, by what was written and by which recipe stands before: defined without resolving anything."""
    found: dict[str, str] = {}
    before: set[str] = set()
    for place in places(canonical, outline(), catalog):
        name = str(parse(place.path)[-1])
        if says(document, place.path):
            found[place.path] = "given"
        elif any(found[outer] == "inherited" for outer in found if place.path.startswith((f"{outer}.", f"{outer}["))):
            found[place.path] = "inherited"
        else:
            found[place.path] = "inherited" if place.inherits and name in before else "default"
        before |= {name} if place.inherits else set()
    return found


def without(document: Any, path: str) -> Any:
    document = copy.deepcopy(document)
    *way, last = parse(path)
    target = document
    for step in way:
        target = target[step]
    del target[last]
    return document


def odd_sources(draft: Any, catalog: Catalog) -> list[str]:
    """Fields whose recorded value or source is another one than the definition says."""
    fields: dict[str, ResolvedField] = {}
    canonical = fill(draft, catalog, fields)
    expected = origins(draft, canonical, catalog)
    assert set(fields) == set(expected)
    values = {place.path: place.value for place in places(canonical, outline(), catalog)}
    return [path for path, one in fields.items() if (one.source, one.value) != (expected[path], values[path])]


def odd_fallback(draft: Any, path: str, catalog: Catalog) -> bool:
    """True when the recorded fallback is another value than the one that the spec has without the field."""
    fields: dict[str, ResolvedField] = {}
    fill(draft, catalog, fields)
    bare: dict[str, ResolvedField] = {}
    try:
        fill(without(draft, path), catalog, bare)
    except SpecInvalid as invalid:
        return not (fields[path].required and any(problem.path == path for problem in invalid.problems))
    return fields[path].required or fields[path].fallback != bare[path].value


def test_each_field_is_told_with_its_source(catalog: Catalog) -> None:
    @THOROUGH
    @given(drafts(catalog))
    def check(draft: dict[str, Any]) -> None:
        assert odd_sources(draft, catalog) == []

    check()


def test_each_given_field_is_told_with_what_it_would_be_otherwise(catalog: Catalog) -> None:
    @THOROUGH
    @given(drafts(catalog), st.data())
    def check(draft: dict[str, Any], data: st.DataObject) -> None:
        fields: dict[str, ResolvedField] = {}
        fill(draft, catalog, fields)
        said = [path for path, one in fields.items() if one.source == "given"]
        path = data.draw(st.sampled_from([path for path in said if not is_short(draft, path)]))
        assert not odd_fallback(draft, path, catalog), path

    check()


def is_short(document: Any, path: str) -> bool:
    """True when the path leads into a component that is written as its kind alone."""
    for step in parse(path):
        if isinstance(document, str):
            return True
        document = document[step]
    return False


RECIPES: dict[str, Any] = {
    "name": "Two recipes",
    "dataset": {"kind": "digits"},
    "model": {"kind": "cnn", "norm": "batch"},
    "stages": [
        {"kind": "train", "optimizer": {"kind": "sgd", "lr": 1}},
        {"kind": "thin", "recover": {"optimizer": {"kind": "adam"}}},
        {"kind": "train", "optimizer": "sgd"},
    ],
}


def test_a_recipe_that_is_left_out_is_inherited_with_all_of_its_fields(small: Catalog) -> None:
    fields: dict[str, ResolvedField] = {}
    fill({**RECIPES, "stages": [*RECIPES["stages"][:2], {"kind": "train"}]}, small, fields)
    adam = {"kind": "adam", "lr": 0.1, "amsgrad": False}
    below = {path: one.source for path, one in fields.items() if path.startswith("stages[2].optimizer")}
    assert fields["stages[2].optimizer"] == ResolvedField(source="inherited", value=adam, required=False, fallback=adam)
    assert below == dict.fromkeys(
        ("stages[2].optimizer", *(f"stages[2].optimizer.{name}" for name in adam)), "inherited"
    )
    assert fields["stages[1].recover.optimizer"].fallback == {"kind": "sgd", "lr": 1.0}
    assert fields["stages[0].optimizer"].fallback == adam


@pytest.mark.parametrize(
    ("change", "path", "reported"),
    [
        ({"model": {"kind": "mlp"}}, "model.hidden", ("missing", None, True)),
        ({"model": {"kind": "mlp", "hidden": "many"}}, "model.hidden", ("given", None, True)),
        ({"seed": -1}, "seed", ("given", None, False)),
        ({"dataset": {"kind": "nope"}}, "stages[0].epochs", ("default", 1, False)),
        ({"nmae": 1}, "stages[2].optimizer.lr", ("default", 0.1, False)),
    ],
)
def test_a_refused_spec_is_told_as_far_as_it_is_known(
    small: Catalog, change: dict[str, Any], path: str, reported: tuple[Any, ...]
) -> None:
    fields: dict[str, ResolvedField] = {}
    with pytest.raises(SpecInvalid):
        fill({**RECIPES, **change}, small, fields)
    one = fields[path]
    assert (one.source, one.value, one.required) == reported


def test_what_a_wrong_field_hands_on_is_refused_once(small: Catalog) -> None:
    stages = [{"kind": "train", "optimizer": {"kind": "sgd", "lr": "fast"}}, {"kind": "train"}]
    with pytest.raises(SpecInvalid) as invalid:
        fill({**RECIPES, "stages": stages}, small)
    assert [problem.path for problem in invalid.value.problems] == ["stages[0].optimizer.lr"]


@pytest.mark.parametrize("source", ["default", "given"])
def test_the_definition_catches_a_resolver_that_tells_another_source(
    small: Catalog, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {**RECIPES, "stages": [*RECIPES["stages"], {"kind": "train"}]}
    assert odd_sources(spec, small) == []
    honest = Resolver._left_out

    def planted(*args: Any) -> ResolvedField:
        return honest(*args).model_copy(update={"source": source})

    monkeypatch.setattr(Resolver, "_left_out", planted)
    assert "stages[3].optimizer" in odd_sources(spec, small)


def test_the_definition_catches_a_resolver_that_tells_another_fallback(
    small: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not odd_fallback(RECIPES, "stages[2].optimizer", small)
    forgetful = Resolver._aside

    def planted(resolver: Resolver) -> Resolver:
        aside = forgetful(resolver)
        aside.recipe = {}
        return aside

    monkeypatch.setattr(Resolver, "_aside", planted)
    assert odd_fallback(
        {**RECIPES, "stages": [RECIPES["stages"][0], {"kind": "train", "optimizer": "adam"}]},
        "stages[1].optimizer",
        small,
    )
