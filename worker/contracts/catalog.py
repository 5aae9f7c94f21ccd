"""The catalog of this machine, made from the components that were found."""

import inspect
from typing import Any

from backend.domain.catalog import Catalog, CatalogEntry, Family, Provision
from backend.domain.experiment.experiment import inline
from worker.contracts.component import Component, components, families

TRAITS = {
    "classes": "a dataset with classes",
    "numbers": "a dataset whose targets are numbers",
    "tokens": "a dataset of texts whose next token is predicted",
    "text": "a dataset of texts that have classes or numbers",
    "real": "a dataset whose inputs are numbers",
    "sequence": "a dataset that can be read as a sequence: a text, or an image row by row",
    "image": "a dataset of images of at least 8 × 8 pixels",
    "image_28": "a dataset of images of at least 28 × 28 pixels",
    "channels": "a model with channels or neurons to remove",
    "neurons": "a model with hidden linear layers",
    "heads": "a model with attention",
    "units": "a model with recurrent units to remove",
    "batch_norm": "a model with batch normalization",
    "float": "a model whose weights have not been quantized",
}


def build() -> Catalog:
    """Every family and component that `worker.contracts.component.discover` has found."""
    return Catalog(
        families=[_family(family) for family in families().values()],
        traits=TRAITS,
        entries=[_entry(component) for name in families() for component in components(name).values()],
    )


def _family(base: type[Component]) -> Family:
    return Family(
        name=base.family,
        summary=_paragraphs(base)[0],
        default=base.default_kind,
        defaults=dict(base.default_kinds),
        examples=list(base.example_kinds),
    )


def _entry(component: type[Component]) -> CatalogEntry:
    summary, *rest = _paragraphs(component)
    return CatalogEntry(
        family=component.family,
        kind=component.kind,
        summary=summary,
        description="\n\n".join([summary, *rest]),
        formula=component.formula,
        reference=component.reference,
        parameters=_parameters(component),
        needs=list(component.needs),
        provides=[item if isinstance(item, Provision) else Provision(trait=item) for item in component.provides],
        removes=list(component.removes),
        needs_when=list(component.needs_when),
        capabilities=list(component.capabilities()),
        conflicts=list(component.conflicts),
        observes=list(component.observes),
        try_with=dict(component.try_with),
        facts=dict(component.facts),
        unavailable=component.unavailable(),
    )


def _paragraphs(component: type[Component]) -> list[str]:
    return [" ".join(part.split()) for part in (inspect.getdoc(component) or "").split("\n\n")]


def _parameters(component: type[Component]) -> dict[str, Any]:
    schema = inline(component.model_json_schema())
    return {name: schema[name] for name in ("type", "properties", "required", "additionalProperties") if name in schema}
