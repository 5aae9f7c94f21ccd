"""Lists a run's relatives: its parent, the run that it waits for, its forks and its counterfactual runs."""

from typing import Literal

from sqlalchemy.orm import Session

from backend.api.schemas.runs import Relative
from backend.charts.palette import color
from backend.store import counterfactuals, forks, runs, tables

Relation = Literal["parent", "child", "awaited", "waiting", "original", "counterfactual"]


def relatives(session: Session, run: tables.Run) -> list[Relative]:
    """The run's parent, the run that it waits for or repeats, then its forks, and the runs that wait for or repeat it."""
    found: list[Relative] = []
    older: list[tuple[Relation, str | None]] = [("awaited", run.waits_for), ("original", run.counterfactual_of)]
    if run.parent_id != run.counterfactual_of:
        older.insert(0, ("parent", run.parent_id))
    for relation, run_id in older:
        if run_id is not None and (ancestor := runs.get(session, run_id)) is not None:
            found.append(_relative(ancestor, relation, run))
    for child in forks.children(session, run.id):
        if child.counterfactual_of != run.id:
            found.append(_relative(child, "child" if child.parent_id == run.id else "waiting", child))
    return found + [
        _relative(counterfactual, "counterfactual", counterfactual)
        for counterfactual in counterfactuals.of(session, run.id)
    ]


def _relative(run: tables.Run, relation: Relation, younger: tables.Run) -> Relative:
    forked = relation not in ("awaited", "waiting")
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
