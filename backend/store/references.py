"""Whether the runs and the uploads that a spec names are there, and what an upload makes of a spec."""

from typing import Any

from sqlalchemy.orm import Session

from backend.spec import own
from backend.spec.catalog import Catalog
from backend.spec.experiment import Experiment
from backend.spec.problems import Problem, SpecInvalid
from backend.spec.references import RUN, marked
from backend.spec.uploads import Facts
from backend.store import sources, tables, uploads

TOLD = 5  # candidates


def fitted(session: Session, document: Any, catalog: Catalog) -> Catalog:
    """The catalog as it is for this document: one's own data provide what is in their file. Raises SpecInvalid."""
    asked = own.asked(document, catalog)
    if asked is None:
        return catalog
    return own.adapted(catalog, asked, Facts.model_validate(_upload(session, asked).facts))


def _upload(session: Session, asked: own.Asked, hold: bool = False) -> tables.Upload:
    upload = uploads.get(session, asked.id, hold)
    if upload is None:
        named = f"names the upload `{asked.id[:80]}`, which does not exist." if asked.id else "names no upload."
        known = ", ".join(f"`{one.id}` ({one.name})" for one in uploads.all(session)[:TOLD])
        remedy = f"Uploads: {known}." if known else "There is none yet: send a file on the page Data."
        raise SpecInvalid([Problem(path=asked.path("id"), message=f"{named} {remedy}")])
    return upload


def check(session: Session, spec: Experiment, catalog: Catalog, hold: bool = False) -> None:
    """Raises SpecInvalid for an upload that is not there, and for each run that a field names and that has left no such
    model; tells which are, and which have.

    With `hold` those that are there cannot be deleted before the transaction ends.
    """
    document = spec.model_dump(mode="json")
    if (asked := own.asked(document, catalog)) is not None:
        _upload(session, asked, hold)
    problems = []
    for path, text in sorted(marked(document, catalog, RUN), key=lambda found: found[1]):
        try:
            sources.find(session, text, hold)
        except sources.SourceMissing as error:
            problems.append(Problem(path=path, message=f"{error} {_candidates(session)}"))
    if problems:
        raise SpecInvalid(sorted(problems, key=lambda problem: problem.path))


def _candidates(session: Session) -> str:
    runs = sources.candidates(session)
    if not runs:
        return "No run has left a model yet: let one finish first."
    return f"Runs that have left a model: {', '.join(f'`{run.id}` ({run.experiment.name})' for run in runs)}."
