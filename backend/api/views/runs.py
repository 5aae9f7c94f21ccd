"""Runs as the wire shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.api.schemas.runs import ArtifactRow, QueuePlace, RunRow, StageSummary
from backend.charts.palette import color
from backend.domain.run.results import INCOMING, IncomingModel
from backend.domain.run.states import RunState
from backend.store import queue, studies, summaries, tables


def run_rows(session: Session, runs: Sequence[tables.Run]) -> list[RunRow]:
    """The rows of the runs, without their places in the queue: those change with every other run."""
    numbers = studies.numbers(session, [run.id for run in runs if run.experiment.study_id])
    return [_row(run, numbers.get(run.id)) for run in runs]


def placed_rows(session: Session, runs: Sequence[tables.Run]) -> list[RunRow]:
    """The rows of the runs, with the places in the queue of those that are queued."""
    rows, places = run_rows(session, runs), queue.places(session, runs)
    for row in rows:
        if place := places.get(row.id):
            row.queue = QueuePlace(awaits=place.awaits, ahead=place.ahead, seconds=place.seconds)
    return rows


def _row(run: tables.Run, trial: int | None) -> RunRow:
    spec = run.spec
    return RunRow(
        id=run.id,
        experiment_id=run.experiment_id,
        group_id=run.experiment.group_id,
        study_id=run.experiment.study_id,
        trial=trial,
        name=run.experiment.name,
        color=color(run.color),
        seed=run.seed,
        state=run.state,
        error=run.error,
        note=run.note,
        parent_id=run.parent_id,
        fork_step=run.fork_step,
        fork_stage=run.fork_stage,
        waits_for=run.waits_for,
        waits_stage=run.waits_stage,
        counterfactual_of=run.counterfactual_of,
        counterfactual_seq=run.counterfactual_seq,
        dataset=spec["dataset"]["kind"],
        model=spec["model"]["kind"],
        stage=run.stage,
        stages=stages(run),
        step=run.step,
        total_steps=run.total_steps,
        active_seconds=run.active_seconds,
        latest=run.latest,
        last_seq=run.last_seq,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        heartbeat_at=run.heartbeat_at,
    )


def stages(run: tables.Run) -> list[StageSummary]:
    return [
        StageSummary(index=index, kind=stage["kind"], label=label(stage), state=_state(run, index))
        for index, stage in enumerate(run.spec["stages"])
    ]


def label(stage: Mapping[str, Any]) -> str:
    """`prune: magnitude`: the stage and what it is about, as the worker's own label begins."""
    about = stage.get("method") or stage.get("distillers") or stage.get("optimizer")
    parts = [part["kind"] for part in (about if isinstance(about, list) else [about]) if isinstance(part, Mapping)]
    return f"{stage['kind']}: {' + '.join(parts)}".replace("_", " ") if parts else str(stage["kind"])


def _state(run: tables.Run, index: int) -> Any:
    if run.state is RunState.SUCCEEDED:
        return "done"
    if run.stage is None or index > run.stage:
        return "pending"
    if index < run.stage or run.state is RunState.STOPPED:
        return "done"
    return "running" if run.state.live else "pending"


def artifact_row(artifact: tables.Artifact) -> ArtifactRow:
    return ArtifactRow.model_validate(artifact, from_attributes=True)


def incoming(session: Session, run_id: str) -> IncomingModel | None:
    """The model before the run's first stage; None until that begins, and where nobody looked."""
    shown = summaries.of(session, run_id, [INCOMING])
    return IncomingModel.model_validate(shown[0].body) if shown else None
