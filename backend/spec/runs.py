"""The states of a run and the moves between them."""

from enum import StrEnum


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
