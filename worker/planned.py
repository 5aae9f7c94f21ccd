"""The settings that a run makes without a person: those of its spec, and those that were made before it was interrupted."""

from typing import Any

from backend.spec.commands import Intervention
from backend.store import steering
from backend.store.session import Store
from backend.store.tables import Run
from worker.messages import Planned


def of(store: Store, run_id: str, step: int) -> tuple[dict[str, Any], list[Planned]]:
    """The spec as it is by now, and the settings from `step` on, where the run goes on."""
    with store.read() as session:
        made = steering.interventions(session, run_id)
        kept = steering.kept(session, run_id)
        spec = session.get_one(Run, run_id).spec
    wanted = [Intervention.model_validate(one) for one in spec.get("interventions", [])]
    again = [one for one in made if one.kind == "set"]  # where a training was ended, a checkpoint was written
    new = [one for one in wanted if one not in kept]
    planned = [Planned(one, known=one in again) for one in [*again, *new]]
    return spec, [one for one in planned if one.made.step >= step]
