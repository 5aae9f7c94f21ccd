"""Every component of the catalog can be tried in the least experiment that the check lets pass."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.experiment.tryout import tried, tryout
from backend.domain.problems import SpecInvalid

OUTSIDE = {("datasets", "upload"): "dataset.id"}
"""Component that can only be tried after a person's choice -> the field of that choice."""


def problems(document: Any, catalog: Catalog) -> list[str]:
    try:
        resolve(document, catalog)
    except SpecInvalid as invalid:
        return [f"{problem.path} {problem.message}" for problem in invalid.problems]
    return []


def holds(value: Any, kind: str) -> bool:
    if isinstance(value, dict):
        return value.get("kind") == kind or any(holds(item, kind) for item in value.values())
    return isinstance(value, list) and any(holds(item, kind) for item in value)


def misfits(catalog: Catalog) -> dict[str, list[str]]:
    """Component -> what is wrong with the experiment that it is tried in."""
    found = {}
    for entry in catalog.entries:
        if entry.family not in tried(catalog) or (entry.family, entry.kind) in OUTSIDE:
            continue
        spec = tryout({"kind": entry.kind}, entry.family, catalog)
        wrong = problems(spec, catalog) if holds(spec, entry.kind) else ["is not in its own experiment"]
        if wrong:
            found[f"{entry.family}.{entry.kind}"] = wrong
    return found


def test_every_component_is_tried_in_an_experiment_that_passes_the_check(catalog: Catalog) -> None:
    assert misfits(catalog) == {}


def test_only_what_belongs_to_studies_cannot_be_tried(catalog: Catalog) -> None:
    families = {family.name for family in catalog.families}
    assert families - set(tried(catalog)) == {"samplers", "trial_pruners"}
    for entry in catalog.entries:
        assert (tryout({"kind": entry.kind}, entry.family, catalog) is None) == (entry.family not in tried(catalog))


def test_every_experiment_trains_first(catalog: Catalog) -> None:
    for entry in catalog.entries:
        spec = tryout({"kind": entry.kind}, entry.family, catalog)
        assert spec is None or spec["stages"][0]["kind"] in catalog.family("stages").examples


@pytest.mark.parametrize(
    ("family", "kind", "change"),
    [
        ("pruning_schedules", "gradual", {"try_with": {}}),
        ("optimizers", "muon", {"needs": ["wings"]}),
        ("models", "mlp", {"needs": ["wings"]}),
    ],
)
def test_a_component_that_cannot_be_tried_is_found(
    catalog: Catalog, family: str, kind: str, change: dict[str, Any]
) -> None:
    planted = [
        entry.model_copy(update=change) if (entry.family, entry.kind) == (family, kind) else entry
        for entry in catalog.entries
    ]
    assert list(misfits(catalog.model_copy(update={"entries": planted}))) == [f"{family}.{kind}"]


@pytest.mark.parametrize(
    ("family", "kind", "holder"),
    [
        ("pruners", "channels", ("stages", 1, "method")),
        ("quantizers", "static_int8", ("stages", 1, "method")),
        ("optimizers", "muon", ("stages", 0, "optimizer")),
        ("regularizers", "l2", ("stages", 0, "regularizers", 0)),
        ("exporters", "onnx", ("measure", "formats", 0)),
        ("normalizations", "group", ("model", "norm")),
    ],
)
def test_a_component_stands_where_it_is_written_most_simply(
    catalog: Catalog, family: str, kind: str, holder: tuple[str | int, ...]
) -> None:
    value: Any = tryout({"kind": kind}, family, catalog)
    for step in holder:
        value = value[step]
    assert value == {"kind": kind}
