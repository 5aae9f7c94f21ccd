"""Metrics that the runs of a spec report while they train."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.domain.catalog import Catalog, CatalogEntry
from backend.domain.fields import SpecField

OF_STEPS = ("train/loss", "learning_rate", "batch_size")
OF_TASKS = {
    "classes": ("train/accuracy", "validation/accuracy"),
    "tokens": ("train/accuracy", "validation/accuracy", "validation/perplexity"),
    "numbers": ("validation/r2", "validation/mae"),
}
"""Trait of the dataset -> metrics of its task."""
OF_LAYERS = ("gradient_norm", "update_ratio", "activation_std", "activation_mean", "dead_units")
"""Metrics of the whole model; with `/` and a layer's name, of that layer."""


def list_metrics(spec: Mapping[str, Any], fields: Sequence[SpecField], catalog: Catalog) -> list[str]:
    """Names of all metrics, those of single layers left out. `fields` are those of the spec, which is resolved."""
    components = [entry for field in fields if (entry := _component(field, catalog))]
    traits = {given.trait for given in _dataset(spec, catalog).provides if given.holds(spec["dataset"])}
    found = [*OF_STEPS, "validation/loss"]
    found += [name for trait, names in OF_TASKS.items() if trait in traits for name in names]
    found += [*OF_LAYERS, "gradient_noise"] if spec["diagnosis"]["every"] else []
    found += [name for entry in components for name in entry.observes]
    return list(dict.fromkeys(found))


def knows(names: Sequence[str], metric: str) -> bool:
    """Tells whether `metric` is among the names, or one of a single layer: `gradient_norm/fc1`."""
    head, _, layer = metric.partition("/")
    return metric in names or (layer != "" and head in OF_LAYERS and head in names)


def _dataset(spec: Mapping[str, Any], catalog: Catalog) -> CatalogEntry:
    entry = catalog.find("datasets", spec["dataset"]["kind"])
    assert entry is not None
    return entry


def _component(field: SpecField, catalog: Catalog) -> CatalogEntry | None:
    return catalog.find(field.schema["x-family"], field.value["kind"]) if "x-family" in field.schema else None
