"""Stores studies, and the progress of their trials as a conductor writes it; `trials.py` reads many trials at once."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.commands import CommandKind
from backend.domain.run.states import JOULES, TERMINAL
from backend.domain.study.space import Assignment, Dimension
from backend.domain.study.study import Study, StudyState, TrialState
from backend.store import commands, experiments, tables
from backend.store.clock import new_id, now

LEADING = tuple(state for state in StudyState if not state.over)


def create(session: Session, study: Study, first: Sequence[tuple[Assignment, str]] = ()) -> tables.Study:
    """A study that begins at once; `first` are trials that people ask for, with who asks."""
    row = tables.Study(
        id=new_id(),
        name=study.name,
        document=study.model_dump(mode="json"),
        state=StudyState.RUNNING,
        created_at=now(),
        trials=0,
        generation=0,
        beat=0,
    )
    session.add(row)
    session.flush()
    for values, by in first:
        enqueue(session, row, values, by)
    return row


def get(session: Session, study_id: str) -> tables.Study | None:
    return session.get(tables.Study, study_id)


def lock(session: Session, study_id: str) -> tables.Study | None:
    """The study as it is now, held against every other writer until the transaction ends."""
    query = select(tables.Study).where(tables.Study.id == study_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def document(row: tables.Study) -> Study:
    return Study.model_validate(row.document)


def newest(session: Session, limit: int = 200) -> list[tables.Study]:
    return list(session.scalars(select(tables.Study).order_by(tables.Study.created_at.desc()).limit(limit)))


def leading(session: Session) -> list[tables.Study]:
    """Studies that need a conductor, the oldest first."""
    query = select(tables.Study).where(tables.Study.state.in_(LEADING))
    return list(session.scalars(query.order_by(tables.Study.created_at)))


def beat(session: Session, study_id: str, holder: str, seen: int) -> bool:
    """Lead a study for one more turn, or take it over from one whose counter stood still at `seen`. False when somebody
    else has been faster."""
    query = update(tables.Study).where(tables.Study.id == study_id, tables.Study.beat == seen)
    return bool(session.execute(query.values(holder=holder, beat=tables.Study.beat + 1)).rowcount)  # type: ignore[attr-defined]


# ---- trials


def trials(session: Session, study_id: str, states: Sequence[TrialState] = ()) -> list[tables.Trial]:
    query = select(tables.Trial).where(tables.Trial.study_id == study_id)
    if states:
        query = query.where(tables.Trial.state.in_(states))
    return list(session.scalars(query.order_by(tables.Trial.number)))


def trial(session: Session, known: tables.Trial) -> tables.Trial:
    """The trial as it is now, to be changed in this transaction."""
    return session.get_one(tables.Trial, (known.study_id, known.number), populate_existing=True)


def open_trials(session: Session, study_id: str) -> list[tables.Trial]:
    """Trials that are to begin, that run, or of whose end the sampler has not been told."""
    query = select(tables.Trial).where(tables.Trial.study_id == study_id, tables.Trial.reported.is_(False))
    return list(session.scalars(query.order_by(tables.Trial.number)))


def list_tried(session: Session, study_id: str) -> list[Assignment]:
    """Values of every trial, also of those that are yet to begin."""
    return list(session.scalars(select(tables.Trial.assignment).where(tables.Trial.study_id == study_id)))


def numbers(session: Session, run_ids: Sequence[str]) -> dict[str, int]:
    """Trial number of each of these runs; runs that are no trials are left out."""
    query = select(tables.Trial.run_id, tables.Trial.number).where(tables.Trial.run_id.in_(run_ids))
    return {run_id: number for run_id, number in session.execute(query) if run_id} if run_ids else {}


def enqueue(
    session: Session, row: tables.Study, values: Assignment, by: str | None = None, optuna_number: int | None = None
) -> tables.Trial:
    """Adds a trial that starts next. The row of the study is locked, or new."""
    trial = tables.Trial(
        study_id=row.id,
        number=row.trials,
        state=TrialState.WAITING,
        assignment=values,
        by=by,
        generation=row.generation,
        optuna_number=optuna_number,
        reported=False,
        reported_values=0,
        values=[],
        violation=0.0,
        steps=0,
        seconds=0.0,
    )
    row.trials += 1
    session.add(trial)
    session.flush()
    return trial


def start(session: Session, trial: tables.Trial, spec: Experiment) -> tables.Run:
    """Queue the trial's run. `trial` waits, and its study is held."""
    assert trial.state is TrialState.WAITING
    experiment_id, (run,) = experiments.create(session, spec, [spec.seed])
    session.get_one(tables.Experiment, experiment_id).study_id = trial.study_id
    trial.state, trial.run_id, trial.began_at = TrialState.RUNNING, run.id, now()
    session.flush()
    return run


def end(
    session: Session,
    trial: tables.Trial,
    state: TrialState,
    *,
    values: Sequence[float] = (),
    violation: float = 0.0,
    error: str | None = None,
) -> None:
    """Stores the end of a trial. The first outcome is valid."""
    if not trial.state.over:
        trial.state, trial.values, trial.violation, trial.error = state, list(values), violation, error
        trial.ended_at = now()
        session.flush()


def mark_reported(session: Session, trial: tables.Trial, run: tables.Run | None) -> None:
    """Marks that the sampler knows the end of the trial, and stores the cost of its run."""
    trial.reported = True
    if run is not None:
        trial.steps, trial.seconds, trial.joules = run.step, run.active_seconds, run.latest.get(JOULES)
    session.flush()


def failed_in_a_row(session: Session, study_id: str, most: int) -> int:
    """Number of the newest finished trials that failed, one after the other; `most` are looked at."""
    over = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAILED]
    query = select(tables.Trial.state).where(tables.Trial.study_id == study_id, tables.Trial.state.in_(over))
    states = list(session.scalars(query.order_by(tables.Trial.number.desc()).limit(most)))
    return next((index for index, state in enumerate(states) if state is not TrialState.FAILED), len(states))


def release(session: Session, holder: str) -> None:
    """Releases the studies of this conductor."""
    session.execute(update(tables.Study).where(tables.Study.holder == holder).values(holder=None))


def cancel_run(session: Session, trial: tables.Trial, by: str) -> None:
    """End the run of a trial, if it has not come to its end."""
    if trial.run_id is not None:
        with suppress(commands.RunMissing, commands.RunOver):
            commands.ask(session, trial.run_id, CommandKind.CANCEL, {}, by)


def under_way(session: Session, study_id: str) -> int:
    """Runs of the study that are not over, those of pruned trials too until they have let go of their device."""
    query = select(func.count()).select_from(tables.Trial).join(tables.Run, tables.Run.id == tables.Trial.run_id)
    return session.scalar(query.where(tables.Trial.study_id == study_id, tables.Run.state.not_in(TERMINAL))) or 0


# ---- what people change


def move(session: Session, row: tables.Study, state: StudyState, error: str | None = None) -> None:
    row.state, row.error = state, error
    row.finished_at = now() if state.over else None
    session.flush()


def give_up(session: Session, row: tables.Study, error: str) -> None:
    """Ends a study that cannot continue, with its running trials."""
    for one in trials(session, row.id, [TrialState.RUNNING]):
        end(session, one, TrialState.FAILED, error="The study was given up.")
        cancel_run(session, one, f"the study {row.name}"[:100])
    move(session, row, StudyState.FAILED, error)


def change(session: Session, row: tables.Study, **changes: Any) -> None:
    """Stores a document that people have changed. A study that was over continues."""
    row.document = {**row.document, **changes}
    if row.state.over:
        move(session, row, StudyState.RUNNING)
    session.flush()


def narrow(session: Session, row: tables.Study, space: Sequence[Dimension]) -> None:
    """Draws from a smaller space from now on. The sampler starts again with the trials of that part."""
    row.generation += 1
    change(session, row, space=[one.model_dump(mode="json") for one in space])
