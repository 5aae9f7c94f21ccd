"""Plans commands without a person: those of the spec, and those given before the run was interrupted."""

from typing import Any

from backend.domain.run.commands import Intervention
from backend.store import steering
from backend.store.session import Store
from backend.store.tables import Run
from worker.pipe.messages import Planned


def of(store: Store, run_id: str, step: int) -> tuple[dict[str, Any], list[Planned], bool]:
    """The spec as it is by now, what is to be done from `step` on, where the run goes on, and whether it rests there."""
    with store.read() as session:
        rests = steering.rests(session, run_id)
        made = steering.interventions(session, run_id)
        kept = steering.kept(session, run_id)
        spec = session.get_one(Run, run_id).spec
    wanted = [Intervention.model_validate(one) for one in spec.get("interventions", [])]
    new = [one for one in wanted if one not in kept]
    planned = [Planned(one, known=one in made) for one in [*made, *new]]
    return spec, [one for one in planned if one.made.step >= step], rests
