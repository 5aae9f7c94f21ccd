"""Specs that name uploaded data: the facts of such a dataset come from the file, not from the component."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from pydantic import ValidationError

from backend.domain.catalog import Catalog, CatalogEntry, Provision
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import Choice, ChoiceInvalid, Plan
from backend.domain.experiment.uploads import MARK, plan
from backend.domain.problems import Problem, SpecInvalid


@dataclass(frozen=True)
class UploadRequest:
    """The upload that a spec names. `roles` are the marked fields: what they say -> their name."""

    entry: CatalogEntry
    roles: Mapping[str, str]
    id: str
    choice: Choice

    def path(self, role: str) -> str:
        return f"dataset.{self.roles.get(role, self.roles['id'])}"


def find_request(document: Any, catalog: Catalog) -> UploadRequest | None:
    """The upload that the document names; None when it names none, or when the check of the fields will refuse its name."""
    dataset = document.get("dataset") if isinstance(document, Mapping) else None
    dataset = {"kind": dataset} if isinstance(dataset, str) else dataset
    entry = catalog.find("datasets", dataset.get("kind")) if isinstance(dataset, Mapping) else None
    if entry is None or not isinstance(dataset, Mapping):
        return None
    roles = _roles(entry)
    said = {role: dataset[name] for role, name in roles.items() if name in dataset and role != "id"}
    named = dataset.get(roles["id"], "") if "id" in roles else None
    try:
        return UploadRequest(entry, roles, named, Choice.model_validate(said)) if isinstance(named, str) else None
    except ValidationError:
        return None


def naming(upload_id: str, catalog: Catalog) -> dict[str, Any]:
    """The dataset that learns from this upload, as a spec writes it."""
    found = [(entry.kind, _roles(entry)) for entry in catalog.entries if entry.family == "datasets"]
    return next({"kind": kind, roles["id"]: upload_id} for kind, roles in found if "id" in roles)


def _roles(entry: CatalogEntry) -> dict[str, str]:
    fields: Mapping[str, Any] = entry.parameters.get("properties", {})
    return {field[MARK]: name for name, field in fields.items() if MARK in field}


def adapt(catalog: Catalog, request: UploadRequest, facts: Facts) -> Catalog:
    """The catalog in which that dataset provides what this file does. Raises SpecInvalid when the choice does not fit it."""
    try:
        found = plan(facts, request.choice)
    except ChoiceInvalid as error:
        raise SpecInvalid([Problem(path=request.path(error.role), message=str(error))]) from None
    provides = [Provision(trait=trait) for trait in found.traits]
    entry = request.entry.model_copy(update={"provides": provides, "facts": _facts(found)})
    entries = [entry if known is request.entry else known for known in catalog.entries]
    return catalog.model_copy(update={"entries": entries})


def _facts(found: Plan) -> dict[str, Any]:
    """Facts that help to plan, as a dataset of the catalog publishes them."""
    train, validation, test = found.held
    return {
        "train": train,
        "validation": validation,
        "test": test,
        "shape": list(found.shape),
        "outputs": found.outputs,
        "task": found.task,
        "bytes": sum(found.held) * prod(found.shape) * 4,
    }
