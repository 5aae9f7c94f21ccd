"""Runs an assignment until it ends, in success or failure."""

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store.crash_points import Point, passing
from worker.engine.environment import prepared
from worker.engine.explain import explain, trace
from worker.engine.pipeline import Execution
from worker.engine.steering.control import Cancelled, Released
from worker.pipe.link import Link
from worker.pipe.messages import Assignment, Finished, Happened


def execute(assignment: Assignment, link: Link, settings: Settings) -> None:
    """Run `assignment` to its end; everything that happens goes to `link`, `Finished` last.

    A mistake of the spec or of a component ends the run as failed with one sentence; so does any other exception,
    with its traceback as a log event. What was measured before stays.
    """
    try:
        environment, state = prepared(assignment, link, settings)
        outcome = Execution(environment, state).run()
        passing(Point.FINISHING)
        link.send(Finished(outcome))
    except Cancelled:
        link.send(Finished(RunState.CANCELLED))
    except Released:
        link.send(Finished(RunState.QUEUED))
    except Exception as error:
        if not isinstance(error, ValueError):
            link.send(Happened(EventKind.LOG, {"level": "error", "text": trace(error, settings.data_dir)}))
        link.send(Finished(RunState.FAILED, explain(error, settings.data_dir)))
