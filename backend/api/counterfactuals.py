"""Counterfactual runs: they repeat a run without one of its commands."""

from collections.abc import Iterator

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy.orm import Session

from backend.api.deps import RunId, run_of
from backend.api.fork_queue import ForkPlan, QueueDep
from backend.api.schemas.runs import Request
from backend.api.schemas.submission import ExperimentCreated
from backend.config import Settings
from backend.errors import Conflict, Invalid
from backend.store import counterfactuals, files, tables
from backend.store.counterfactuals import NoCommand, Unrepeatable
from backend.store.forks import Prefix
from backend.store.session import Store

router = APIRouter(tags=["runs"])


class NewCounterfactual(Request):
    seq: int = Field(ge=1, le=2**53, description="Number of the run's event that tells of the command.")


@router.post("/api/runs/{run_id}/counterfactuals", status_code=201)
def create(run_id: RunId, body: NewCounterfactual, queue: QueueDep) -> ExperimentCreated:
    """Queues a run that repeats this one without one command, after all ordinary runs.

    It starts from the newest checkpoint before the command had an effect, or from the beginning without one.
    """
    return queue.once(lambda: _plan(queue.store, queue.settings, run_id, body.seq))


def _plan(store: Store, settings: Settings, run_id: str, seq: int) -> ForkPlan:
    with store.read() as session:
        run = run_of(session, run_id)
        try:
            left_out = counterfactuals.find_command(session, run, seq)
            prefix = next(_sound(counterfactuals.before(session, run, left_out), settings), None)
            spec = counterfactuals.spec_without(session, run, left_out, prefix)
        except NoCommand as error:
            raise Invalid(str(error), path="seq") from error
        except Unrepeatable as error:
            raise Conflict(str(error)) from error
    return ForkPlan(
        run_id, spec, prefix, lambda session, parent, counterfactual: _mark(session, parent, counterfactual, left_out)
    )


def _sound(prefixes: Iterator[Prefix], settings: Settings) -> Iterator[Prefix]:
    """The cuts whose checkpoint file is unchanged."""
    for prefix in prefixes:
        if files.damage(prefix.checkpoint, settings.data_dir / prefix.checkpoint.path) is None:
            yield prefix


def _mark(session: Session, parent: tables.Run, counterfactual: tables.Run, left_out: tables.Event) -> None:
    if (other := counterfactuals.find_living(session, parent, left_out.seq)) is not None:
        raise Conflict(
            f"The run has a counterfactual run without this command, which is {other.state}: look at that one."
        )
    counterfactuals.mark(counterfactual, parent, left_out)
