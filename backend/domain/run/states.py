"""The states of a run and the moves between them; where in a run a checkpoint can be taken."""

from enum import StrEnum

JOULES = "energy/joules"
"""The metric that counts the energy that a run has taken, where the machine counts it."""


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL

    @property
    def live(self) -> bool:
        return self in LIVE


TERMINAL = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.CANCELLED})
LIVE = frozenset({RunState.RUNNING, RunState.PAUSED})

# A live run goes back to the queue when its owner released it (deploy) or was lost (reaped).
MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.FAILED}),
    RunState.RUNNING: TERMINAL | {RunState.PAUSED, RunState.QUEUED},
    RunState.PAUSED: TERMINAL | {RunState.RUNNING, RunState.QUEUED},
    **{state: frozenset() for state in TERMINAL},
}


class Place(StrEnum):
    """Place in a run at which a checkpoint was taken."""

    WITHIN = "within"
    """Between two steps of a stage, or while it is measured."""
    END = "end"
    """At the end of a stage."""
    STOPPING = "stopping"
    """The step at which a person stopped the run: the stage only has to be measured."""
    STOPPED = "stopped"
    """At the end of the stage that a person stopped."""


class Awaited(StrEnum):
    """Condition that a queued run waits for."""

    WORKER = "worker"
    """A worker: none is heard of."""
    RUN = "run"
    """A stage of another run, with whose model it begins."""
    TURN = "turn"
    """A worker that is free, after those that are before it."""
