"""Composes the least experiment that has a given component in it, for a person who wants to try that component."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from backend.domain.catalog import Catalog, CatalogEntry
from backend.domain.experiment.experiment import outline, resolve
from backend.domain.problems import SpecInvalid

Schema = Mapping[str, Any]
Part = dict[str, Any]
Rank = tuple[int, int]  # how deep a part lies, and how its field holds it: the least is what is written most simply

DIRECT, OPTIONAL, LISTED = range(3)
MAX_TRIES = 200  # every dataset with every model, at the simplest place: what does not fit there fits nowhere else


def tryout(part: Part, family: str, catalog: Catalog) -> Part | None:
    """A spec that trains and holds `part`, a component of `family`; None where no experiment can hold one.

    Around it stand the catalog's examples; where it does not fit them, other data or another model. Where it fits none, as
    data that are still to be chosen do, the first spec comes back: its problems say what is missing.
    """
    found = sorted(_Holders(part, family, catalog).within(outline()), key=lambda one: one[0])
    wholes = islice((spec for _, fields in found for spec in _whole(fields, catalog)), MAX_TRIES)
    specs = [{"name": _name(part, family), **spec} for spec in wholes]
    return next((spec for spec in specs if _fits(spec, catalog)), specs[0] if specs else None)


def tried(catalog: Catalog) -> list[str]:
    """The families whose components can be tried, in the order in which a spec names them."""
    found: dict[str, None] = {}

    def visit(schema: Schema) -> None:
        for family in (one for one in _families_in(schema) if one not in found):
            found[family] = None
            for entry in _examples(family, catalog):
                visit(entry.parameters)

    visit(outline())
    return list(found)


def _families_in(schema: Any) -> Iterator[str]:
    """The families of what a schema's fields can hold, at any depth."""
    if isinstance(schema, Mapping):
        if "x-family" in schema:
            yield schema["x-family"]
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else ():
        yield from _families_in(inner)


@dataclass(frozen=True)
class _Holders:
    """The places of a spec that can hold a part."""

    part: Part
    family: str
    catalog: Catalog

    def within(self, schema: Schema, around: tuple[str, ...] = ()) -> Iterator[tuple[Rank, Part]]:
        """Mappings of the schema's fields, each with the part in one of them or in what one of them holds.

        `around` are the families and fields that the schema itself lies in: nothing is put into its own kind.
        """
        for name, field in schema.get("properties", {}).items():
            for how, held in _branches(field):
                for rank, value, beside in self._in(held, how, name, around):
                    yield rank, {name: [value] if how == LISTED else value, **beside}

    def _in(self, held: Schema, how: int, name: str, around: tuple[str, ...]) -> Iterator[tuple[Rank, Part, Part]]:
        """Values of one field that are the part or hold it, each with the fields that must stand beside it."""
        family = held.get("x-family", "")
        if family == self.family:
            entry = self.catalog.find(family, self.part.get("kind"))
            yield (len(around), how), self.part, entry.try_with if entry else {}
        elif family and family not in around:
            for entry in _examples(family, self.catalog):
                for rank, fields in self.within(entry.parameters, (*around, family)):
                    yield rank, {"kind": entry.kind, **fields}, {}
        elif held.get("type") == "object":
            for rank, fields in self.within(held, (*around, name)):
                yield rank, fields, {}


def _branches(field: Schema) -> Iterator[tuple[int, Schema]]:
    """The schemas of what a field can hold, each with how it holds it."""
    for branch in field.get("anyOf", [field]):
        if branch.get("type") == "array":
            yield LISTED, branch.get("items", {})
        else:
            yield DIRECT if branch is field else OPTIONAL, branch


def _examples(family: str, catalog: Catalog) -> list[CatalogEntry]:
    """The family's components that can run, its examples first."""
    known = [entry for entry in catalog.entries if entry.family == family and not entry.unavailable]
    first = catalog.family(family).examples
    return sorted(known, key=lambda entry: first.index(entry.kind) if entry.kind in first else len(first))


def _whole(fields: Part, catalog: Catalog) -> Iterator[Part]:
    """The fields as a whole spec, with each dataset and each model that the catalog has, unless they are given."""
    training = {"kind": _examples("stages", catalog)[0].kind}
    stages = fields.get("stages", [])
    if all(stage["kind"] != training["kind"] for stage in stages):
        stages = [training, *stages]
    for dataset in [fields["dataset"]] if "dataset" in fields else _kinds("datasets", catalog):
        for model in [fields["model"]] if "model" in fields else _kinds("models", catalog):
            yield {"dataset": dataset, "model": model, **fields, "stages": stages}


def _kinds(family: str, catalog: Catalog) -> list[Part]:
    return [{"kind": entry.kind} for entry in _examples(family, catalog)]


def _name(part: Part, family: str) -> str:
    words = str(part["kind"]).replace("_", " ")
    return words.capitalize() if family == "datasets" else f"Try {words}"


def _fits(spec: Part, catalog: Catalog) -> bool:
    try:
        resolve(spec, catalog)
    except SpecInvalid:
        return False
    return True
