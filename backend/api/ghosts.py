"""Counterfactual runs: they repeat a run without one of its interventions."""

from collections.abc import Iterator

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field
from sqlalchemy.orm import Session

from backend.api.deps import CatalogDep, CreationDep, HintsDep, RunId, SettingsDep, StoreDep, run_of
from backend.api.forks import Beginning, begun
from backend.api.schemas.runs import Request
from backend.api.schemas.submission import ExperimentCreated
from backend.config import Settings
from backend.errors import Conflict, Invalid
from backend.store import files, ghosts, tables
from backend.store.forks import Cut
from backend.store.ghosts import NoIntervention, Unrepeatable
from backend.store.session import Store

router = APIRouter(tags=["runs"])


class NewGhost(Request):
    seq: int = Field(ge=1, le=2**53, description="Number of the run's event that tells of the intervention.")


@router.post("/api/runs/{run_id}/ghosts", status_code=201)
def create(
    run_id: RunId,
    body: NewGhost,
    store: StoreDep,
    settings: SettingsDep,
    catalog: CatalogDep,
    hints: HintsDep,
    after: BackgroundTasks,
    creation: CreationDep,
) -> ExperimentCreated:
    """Queues a run that repeats this one without one intervention, after all ordinary runs.

    It starts from the newest checkpoint before the intervention had an effect, or from the beginning without one.
    """
    created = begun(store, settings, catalog, creation, lambda: _asked(store, settings, run_id, body.seq))
    after.add_task(hints.wake)
    return created


def _asked(store: Store, settings: Settings, run_id: str, seq: int) -> Beginning:
    with store.read() as session:
        run = run_of(session, run_id)
        try:
            left_out = ghosts.asked_about(session, run, seq)
            past = next(_sound(ghosts.before(session, run, left_out), settings), None)
            spec = ghosts.spec_without(session, run, left_out, past)
        except NoIntervention as error:
            raise Invalid(str(error), path="seq") from error
        except Unrepeatable as error:
            raise Conflict(str(error)) from error
    return Beginning(run_id, spec, past, lambda session, parent, ghost: _mark(session, parent, ghost, left_out))


def _sound(pasts: Iterator[Cut], settings: Settings) -> Iterator[Cut]:
    """The cuts whose checkpoint file is unchanged."""
    for past in pasts:
        if files.damage(past.checkpoint, settings.data_dir / past.checkpoint.path) is None:
            yield past


def _mark(session: Session, parent: tables.Run, ghost: tables.Run, left_out: tables.Event) -> None:
    if (other := ghosts.living(session, parent, left_out.seq)) is not None:
        raise Conflict(f"The run has a ghost without this intervention, which is {other.state}: look at that one.")
    ghosts.mark(ghost, parent, left_out)
