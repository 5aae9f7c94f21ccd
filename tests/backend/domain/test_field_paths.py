"""Every mistake is told at the path of its own field, wherever in a spec it stands."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings

from backend.domain.catalog import Catalog
from backend.domain.experiment import resolve as resolving
from backend.domain.experiment.experiment import fill, outline, resolve
from backend.domain.fields import SpecField, fields
from backend.domain.problems import SpecInvalid
from tests.backend.domain.drafts import drafts
from tests.backend.domain.test_catalog_specs import THOROUGH

SPARING = settings(THOROUGH, max_examples=20)  # each example is many: one for each of its fields
STRANGE = {"no_such_field": [{}]}  # no field takes it: not a number, no component, no list


def keys(path: str) -> list[str | int]:
    """The steps to a field; written apart from the product's own parser, which is what is tested."""
    return [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)]


def planted(document: Any, path: str, value: Any) -> Any:
    changed = copy.deepcopy(document)
    *outer, last = keys(path)
    place = changed
    for key in outer:
        place = place[key]
    place[last] = value
    return changed


def reported(document: Any, catalog: Catalog, check: Callable[[Any, Catalog], object] = fill) -> list[str]:
    """Paths of the problems of a document: field by field, or with `resolve` whether the parts fit, too."""
    try:
        check(document, catalog)
    except SpecInvalid as invalid:
        return [problem.path for problem in invalid.problems]
    return []


def takes_anything(field: SpecField) -> bool:
    return not {"type", "x-family", "anyOf", "enum", "const", "properties"} & field.schema.keys()


def misplaced(canonical: Any, catalog: Catalog) -> Iterator[tuple[str, list[str]]]:
    """Each field with what is told when it alone holds something strange, if that is not at the field or within it."""
    for field in fields(canonical, outline(), catalog):
        if field.path and not takes_anything(field):
            paths = reported(planted(canonical, field.path, STRANGE), catalog)
            within = [path == field.path or path.startswith((f"{field.path}.", f"{field.path}[")) for path in paths]
            if not within or not all(within):
                yield field.path, paths


def test_what_is_strange_is_told_at_its_field(catalog: Catalog) -> None:
    @SPARING
    @given(drafts(catalog))
    def check(draft: dict[str, Any]) -> None:
        assert list(misplaced(fill(draft, catalog), catalog)) == []

    check()


def test_a_misspelt_field_is_told_where_it_was_written(catalog: Catalog) -> None:
    @SPARING
    @given(drafts(catalog))
    def check(draft: dict[str, Any]) -> None:
        canonical = fill(draft, catalog)
        for field in fields(canonical, outline(), catalog):
            if isinstance(field.value, dict) and not takes_anything(field):
                wrong = f"{field.path}.no_such_field" if field.path else "no_such_field"
                assert reported(planted(canonical, wrong, 1), catalog) == [wrong]

    check()


def places(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all that a document holds, of fields that are null too."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key)


def test_parts_that_do_not_fit_are_told_at_a_field_that_is_there(catalog: Catalog) -> None:
    @THOROUGH
    @given(drafts(catalog))
    def check(draft: dict[str, Any]) -> None:
        paths = reported(draft, catalog, resolve)
        assume(paths)
        assert set(paths) <= set(places(fill(draft, catalog)))

    check()


def test_a_path_that_forgets_where_it_is_would_be_found(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: fields named without what they are in."""
    spec = {"name": "x", "dataset": "digits", "model": "mlp", "stages": ["train"]}
    assert list(misplaced(fill(spec, catalog), catalog)) == []
    monkeypatch.setattr(resolving, "join", lambda path, name: name)
    assert "stages[0].optimizer" in dict(misplaced(fill(spec, catalog), catalog))
