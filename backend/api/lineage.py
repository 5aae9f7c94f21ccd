"""Which run began with which."""

from typing import Literal

from sqlalchemy.orm import Session

from backend.api.schemas import Relative
from backend.charts.palette import color
from backend.store import forks, runs, tables

Relation = Literal["parent", "child", "awaited", "waiting"]


def relatives(session: Session, run: tables.Run) -> list[Relative]:
    """The run's parent or the one that it waits for, then those that began with it or wait to."""
    found: list[Relative] = []
    for relation, older in (("parent", run.parent_id), ("awaited", run.waits_for)):
        if older is not None and (ancestor := runs.get(session, older)) is not None:
            found.append(_relative(ancestor, "parent" if relation == "parent" else "awaited", run))
    for child in forks.children(session, run.id):
        found.append(_relative(child, "child" if child.parent_id == run.id else "waiting", child))
    return found


def _relative(run: tables.Run, relation: Relation, younger: tables.Run) -> Relative:
    forked = relation in ("parent", "child")
    waited = None if younger.waits_stage is None else younger.waits_stage + 1
    return Relative(
        id=run.id,
        name=run.experiment.name,
        state=run.state,
        color=color(run.color),
        relation=relation,
        stage=younger.fork_stage if forked else waited,
        step=younger.fork_step if forked else None,
    )
