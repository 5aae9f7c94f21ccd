"""Checks that the parts of a spec fit together, by the traits that components need, provide and remove."""

from collections.abc import Collection, Mapping
from typing import Any

from backend.domain.catalog import Catalog, CatalogEntry, Provision
from backend.domain.path import join
from backend.domain.problems import Problem


def misfits(spec: Mapping[str, Any], catalog: Catalog) -> list[Problem]:
    """Components whose needs no earlier component meets. `spec` is resolved: each component is known."""
    sources = [("dataset", "datasets", spec["dataset"]), ("preparation", "preparations", spec["preparation"])]
    sources += [(join("distribution", index), "distributions", one) for index, one in enumerate(spec["distribution"])]
    sources.append(("model", "models", spec["model"]))
    sources += [(join("stages", index), "stages", stage) for index, stage in enumerate(spec["stages"])]
    way = _Way(catalog)
    for path, family, value in sources:
        way.component(value, family, path)
    return way.problems


class _Way:
    """A walk along the pipeline that collects the traits so far.

    What a component holds acts in the order of its fields: a stage that prunes and then quantizes has them so.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.traits: set[str] = set()
        self.problems: list[Problem] = []
        of_models = [entry.provides for entry in catalog.entries if entry.family == "models"]
        self._of_models = {provision.trait for provides in of_models for provision in provides}

    def component(self, value: Any, family: str, path: str) -> None:
        """The component at `path`, then every component nested in it; after them what it brings and removes itself."""
        entry = self.catalog.find(family, value["kind"])
        assert entry is not None
        needs = [*(Provision(trait=need) for need in entry.needs), *entry.needs_when]
        unmet = [need for need in needs if need.holds(value) and need.trait not in self.traits]
        self.problems += [_misfit(path, entry, need, self.catalog) for need in unmet]
        self.problems += _conflicts(path, entry, value, self.catalog)
        self._nested(value, entry.parameters, path)
        self.traits -= self._of_models if entry.family == "models" else set(entry.removes)  # it takes the other's place
        self.traits |= {provision.trait for provision in entry.provides if provision.holds(value)}

    def _nested(self, value: Any, schema: Mapping[str, Any], path: str) -> None:
        if value is None:
            return
        if "x-family" in schema:
            self.component(value, schema["x-family"], path)
        elif "anyOf" in schema:
            for branch in schema["anyOf"]:
                if branch.get("type") != "null":
                    self._nested(value, branch, path)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._nested(item, schema.get("items", {}), join(path, index))
        elif isinstance(value, Mapping):
            for name, field in schema.get("properties", {}).items():
                self._nested(value.get(name), field, join(path, name))


def _conflicts(path: str, entry: CatalogEntry, value: Mapping[str, Any], catalog: Catalog) -> list[Problem]:
    """Conflicts between the component's own fields."""

    def capabilities(name: str) -> Collection[str]:
        held, schema = value.get(name), entry.parameters["properties"].get(name, {})
        families = [branch["x-family"] for branch in (schema, *schema.get("anyOf", [])) if "x-family" in branch]
        found = catalog.find(families[0], held["kind"]) if families and isinstance(held, Mapping) else None
        return found.capabilities if found else ()

    return [
        Problem(path=join(path, conflict.path), message=conflict.describe(value))
        for conflict in entry.conflicts
        if conflict.holds(value, capabilities)
    ]


def _misfit(path: str, entry: CatalogEntry, need: Provision, catalog: Catalog) -> Problem:
    trait = need.trait
    meaning = catalog.traits.get(trait, trait)
    givers = [f"`{giver.kind}`" + _describe(_given(giver, trait)) for giver in catalog.entries if _gives(giver, trait)]
    remedy = f"; {', '.join(givers)} would provide it" if givers else ""
    return Problem(
        path=path, message=f"`{entry.kind}`{_describe(need)} needs {meaning}, which nothing before it provides{remedy}."
    )


def _gives(entry: CatalogEntry, trait: str) -> bool:
    return any(provision.trait == trait for provision in entry.provides)


def _given(entry: CatalogEntry, trait: str) -> Provision:
    return next(provision for provision in entry.provides if provision.trait == trait)


def _describe(provision: Provision) -> str:
    """The parameters on which it depends, in words."""
    when = ", ".join(f"{name}: {value}" for name, value in provision.when.items())
    return f" (with {when})" if when else ""
