"""Whether the runs that a spec names are there."""

from sqlalchemy.orm import Session

from backend.spec.catalog import Catalog
from backend.spec.experiment import Experiment
from backend.spec.problems import Problem, SpecInvalid
from backend.spec.references import RUN, marked
from backend.store import sources


def check(session: Session, spec: Experiment, catalog: Catalog, hold: bool = False) -> None:
    """Raises SpecInvalid for each run that a field names and that has left no such model; tells which have.

    With `hold` those that are there cannot be deleted before the transaction ends.
    """
    problems = []
    for path, text in sorted(marked(spec.model_dump(mode="json"), catalog, RUN), key=lambda found: found[1]):
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
