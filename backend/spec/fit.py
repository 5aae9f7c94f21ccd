"""Whether the parts of a spec fit together, told from the traits that components need, provide and remove."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.spec.catalog import Catalog, CatalogEntry
from backend.spec.problems import Problem


def misfits(spec: Mapping[str, Any], catalog: Catalog) -> list[Problem]:
    """Every component whose needs nothing before it meets. `spec` is resolved: each component is known."""
    problems: list[Problem] = []
    traits: set[str] = set()
    of_models = {
        provision.trait for entry in catalog.entries if entry.family == "models" for provision in entry.provides
    }
    sources = [("dataset", "datasets", spec["dataset"]), ("preparation", "preparations", spec["preparation"])]
    sources += [(f"distribution[{index}]", "distributions", one) for index, one in enumerate(spec["distribution"])]
    sources.append(("model", "models", spec["model"]))
    sources += [(f"stages[{index}]", "stages", stage) for index, stage in enumerate(spec["stages"])]
    for path, family, value in sources:
        parts = list(_parts(value, family, path, catalog))
        for part_path, entry, _ in parts:
            problems += [_misfit(part_path, entry, need, catalog) for need in entry.needs if need not in traits]
        for _, entry, parameters in parts:
            traits -= of_models if entry.family == "models" else set(entry.removes)  # it takes the other's place
            traits |= {provision.trait for provision in entry.provides if provision.holds(parameters)}
    return problems


def _parts(
    value: Any, family: str, path: str, catalog: Catalog
) -> Iterator[tuple[str, CatalogEntry, Mapping[str, Any]]]:
    """The component at `path` and every component nested in it."""
    entry = catalog.find(family, value["kind"])
    assert entry is not None
    yield path, entry, value
    yield from _nested(value, entry.parameters, path, catalog)


def _nested(
    value: Any, schema: Mapping[str, Any], path: str, catalog: Catalog
) -> Iterator[tuple[str, CatalogEntry, Mapping[str, Any]]]:
    if value is None:
        return
    if "x-family" in schema:
        yield from _parts(value, schema["x-family"], path, catalog)
    elif "anyOf" in schema:
        for branch in schema["anyOf"]:
            if branch.get("type") != "null":
                yield from _nested(value, branch, path, catalog)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nested(item, schema.get("items", {}), f"{path}[{index}]", catalog)
    elif isinstance(value, Mapping):
        for name, field in schema.get("properties", {}).items():
            yield from _nested(value.get(name), field, f"{path}.{name}", catalog)


def _misfit(path: str, entry: CatalogEntry, need: str, catalog: Catalog) -> Problem:
    meaning = catalog.traits.get(need, need)
    givers = [f"`{giver.kind}`" + _condition(giver, need) for giver in catalog.entries if _gives(giver, need)]
    remedy = f"; {', '.join(givers)} would provide it" if givers else ""
    return Problem(path=path, message=f"`{entry.kind}` needs {meaning}, which nothing before it provides{remedy}.")


def _gives(entry: CatalogEntry, trait: str) -> bool:
    return any(provision.trait == trait for provision in entry.provides)


def _condition(entry: CatalogEntry, trait: str) -> str:
    when = next(provision.when for provision in entry.provides if provision.trait == trait)
    return f" (with {', '.join(f'{name}: {value}' for name, value in when.items())})" if when else ""
