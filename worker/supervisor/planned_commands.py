"""Plans commands without a person: those of the spec, and those given before the run was interrupted."""

from typing import Any

from backend.domain.run.commands import PlannedCommand
from backend.store import steering
from backend.store.session import Store
from backend.store.tables import Run
from worker.pipe.messages import ScheduledCommand


def of(store: Store, run_id: str, step: int) -> tuple[dict[str, Any], list[ScheduledCommand], bool]:
    """The spec as it is by now, what is to be done from `step` on, where the run goes on, and whether it rests there."""
    with store.read() as session:
        rests = steering.rests(session, run_id)
        made = steering.effective_commands(session, run_id)
        made_by_spec = steering.made_by_spec(session, run_id)
        spec = session.get_one(Run, run_id).spec
    wanted = [PlannedCommand.model_validate(one) for one in spec.get("commands", [])]
    new = [one for one in wanted if one not in made_by_spec]
    scheduled = [ScheduledCommand(one, known=one in made) for one in [*made, *new]]
    return spec, [one for one in scheduled if one.made.step >= step], rests
