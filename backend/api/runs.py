"""Lists, shows and deletes runs."""

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query

from backend.api import staging
from backend.api.deps import Reading, RunDep, RunId, SettingsDep, StoreDep, Writing, run_of
from backend.api.lineage import relatives
from backend.api.schemas.runs import RunDetail, RunPage, StreamEvent
from backend.api.views.runs import artifact_row, incoming, placed_rows
from backend.domain.experiment.experiment import Experiment
from backend.domain.run.comparison import beside_first
from backend.domain.run.events import EventKind
from backend.domain.run.results import measuring, own
from backend.domain.run.states import RunState
from backend.errors import Conflict, Invalid
from backend.store import artifacts, events, forks, results, run_listing, runs, sources, summaries, tables

router = APIRouter(prefix="/api/runs", tags=["runs"])

MOST_EVENTS = 1000  # in one answer


@router.get("")
def page(
    session: Reading,
    state: Annotated[list[RunState] | None, Query(description="Only these states; all when left out.")] = None,
    search: Annotated[str, Query(max_length=200, description="Part of a name, or how an id begins.")] = "",
    group: Annotated[str, Query(max_length=40, description="Only those that were submitted as this group.")] = "",
    counterfactuals_of: Annotated[
        str, Query(max_length=64, description="Only the counterfactual runs of this run, which are left out otherwise.")
    ] = "",
    study: Annotated[
        str, Query(max_length=40, description="Only trials of this study; `none` for runs that are no trial.")
    ] = "",
    sort: Annotated[str, Query(max_length=40, description="Column to sort by.")] = "created_at",
    descending: bool = True,
    cursor: Annotated[str | None, Query(max_length=1000, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RunPage:
    """One page of runs."""
    try:
        found, following = run_listing.page(
            session,
            states=state or (),
            search=search,
            group=group,
            counterfactuals_of=counterfactuals_of,
            study=study,
            sort=sort,
            descending=descending,
            cursor=cursor,
            limit=limit,
        )
    except run_listing.PageInvalid as error:
        raise Invalid(str(error), path="sort" if sort not in run_listing.SORTS else "cursor") from error
    return RunPage(runs=placed_rows(session, found), next=following, counts=runs.counts(session, counterfactuals=False))


@router.get("/{run_id}")
def detail(session: Reading, run: RunDep) -> RunDetail:
    """A run with its spec, results and artifacts."""
    return run_detail(session, run)


def run_detail(session: Reading, run: tables.Run) -> RunDetail:
    (row,) = placed_rows(session, [run])
    measured = beside_first(results.of(session, [run.id])[run.id])
    return RunDetail(
        **row.model_dump(),
        spec=Experiment.model_validate(run.spec),
        results=measured,
        incoming=incoming(session, run.id),
        artifacts=[artifact_row(artifact) for artifact in artifacts.of(session, run.id)],
        summaries=summaries.list_kinds(session, [run.id])[run.id],
        relatives=relatives(session, run),
        inherited_seconds=forks.inherited_seconds(session, run.id) if run.fork_step is not None else 0.0,
        measuring_seconds=measuring(own(measured, run.fork_stage)),
    )


@router.delete("/{run_id}", status_code=204)
def delete(session: Writing, run_id: RunId, store: StoreDep, settings: SettingsDep, after: BackgroundTasks) -> None:
    """Delete a run that is over, with all it left."""
    state = run_of(session, run_id).state
    if users := sources.users(session, run_id):
        raise Conflict(
            f"“{users[0].experiment.name}” needs files of this run and is {users[0].state}: "
            "cancel that one first, or wait until it is over."
        )
    if not runs.delete_terminal(session, run_id):
        raise Conflict(f"The run is {state}, and only a run that is over can be deleted: cancel it first.")
    staged = staging.of_runs(store, settings.data_dir)
    staged.release(run_id)
    after.add_task(staged.settle, run_id)


@router.get("/{run_id}/events")
def marks(
    session: Reading,
    run: RunDep,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only events beyond this one.")] = 0,
    before: Annotated[int | None, Query(ge=0, le=2**53, description="Only events that came before this one.")] = None,
    kind: Annotated[
        list[EventKind] | None, Query(description="Only these kinds; all but points when left out.")
    ] = None,
    newest: Annotated[bool, Query(description="True returns the newest first instead of the oldest.")] = False,
    limit: Annotated[
        int, Query(ge=1, le=MOST_EVENTS, description="Events in the answer; fewer when there are no more.")
    ] = MOST_EVENTS,
) -> list[StreamEvent]:
    """One page of the run's events, without its points. The next page comes `after` the last event of this one;
    with `newest`, `before` it."""
    found = events.marks(session, run.id, after, before=before, kinds=kind, newest=newest, limit=limit)
    return [stream_event(event) for event in found]


def stream_event(event: tables.Event) -> StreamEvent:
    at = event.at.astimezone(UTC)
    return StreamEvent(run_id=event.run_id, seq=event.seq, kind=EventKind(event.kind), at=at, body=event.body)
