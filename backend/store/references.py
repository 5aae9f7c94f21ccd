"""Checks that the runs and uploads named in a spec exist, and applies an upload's facts to the catalog."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from backend.domain.catalog import Catalog
from backend.domain.experiment import upload_dataset
from backend.domain.experiment.experiment import Experiment
from backend.domain.experiment.references import RUN, SAME_DATA, find_marked
from backend.domain.experiment.upload_facts import Facts
from backend.domain.problems import Problem, SpecInvalid
from backend.store import sources, tables, uploads

REPORTED = 5  # candidates


def fit_catalog(session: Session, document: Any, catalog: Catalog) -> Catalog:
    """The catalog as it is for this document: one's own data provide what is in their file. Raises SpecInvalid."""
    request = upload_dataset.find_request(document, catalog)
    if request is None:
        return catalog
    return upload_dataset.adapt(catalog, request, Facts.model_validate(_upload(session, request).facts))


def _upload(session: Session, request: upload_dataset.UploadRequest, hold: bool = False) -> tables.Upload:
    upload = uploads.get(session, request.id, hold)
    if upload is None:
        named = f"names the upload `{request.id[:80]}`, which does not exist." if request.id else "names no upload."
        known = ", ".join(f"`{one.id}` ({one.name})" for one in uploads.all(session)[:REPORTED])
        remedy = f"Uploads: {known}." if known else "There are no uploads yet: send a file on the page Data."
        raise SpecInvalid([Problem(path=request.path("id"), message=f"{named} {remedy}")])
    return upload


def check(session: Session, spec: Experiment, catalog: Catalog, hold: bool = False) -> None:
    """Raises SpecInvalid for an upload that does not exist, and for each run that a field names and that has no such
    model; tells which are, and which have.

    With `hold` those that are there cannot be deleted before the transaction ends.
    """
    document = spec.model_dump(mode="json")
    if (request := upload_dataset.find_request(document, catalog)) is not None:
        _upload(session, request, hold)
    problems = []
    alike = {path for path, _ in find_marked(document, catalog, SAME_DATA)}
    for path, text in sorted(find_marked(document, catalog, RUN), key=lambda found: found[1]):
        try:
            found = sources.find(session, text, hold)
            if path in alike and (difference := _unlike(found.run, document, catalog)):
                problems.append(Problem(path=path, message=difference))
        except sources.SourceMissing as error:
            problems.append(Problem(path=path, message=f"{error} {_candidates(session)}"))
    if problems:
        raise SpecInvalid(sorted(problems, key=lambda problem: problem.path))


def _unlike(run: tables.Run, document: Mapping[str, Any], catalog: Catalog) -> str | None:
    """Difference in shape between the run's data and the document's; None without one, or if only their files tell."""
    theirs, ours = run.spec["dataset"]["kind"], document["dataset"]["kind"]
    there, here = (_shape(kind, catalog) for kind in (theirs, ours))
    if theirs == ours or not there or not here or there == here:
        return None
    return (
        f"names “{run.experiment.name}”, whose `{theirs}` has samples {list(there[0])} and {there[1]} outputs, while "
        f"`{ours}` has {list(here[0])} and {here[1]}: name a run for the same data."
    )


def _shape(dataset: str, catalog: Catalog) -> tuple[tuple[int, ...], int] | None:
    """The shape of a sample, and how many outputs there are, where the catalog knows."""
    entry = catalog.find("datasets", dataset)
    facts = entry.facts if entry else {}
    return (tuple(facts["shape"]), facts["outputs"]) if {"shape", "outputs"} <= set(facts) else None


def _candidates(session: Session) -> str:
    runs = sources.candidates(session)
    if not runs:
        return "No run has a model yet: let one finish first."
    return f"Runs with a model: {', '.join(f'`{run.id}` ({run.experiment.name})' for run in runs)}."
