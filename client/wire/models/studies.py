"""Models of the server's answers, auto-generated from frontend/openapi.json by `make client`: do not edit."""

from datetime import datetime
from typing import Any

from client.wire.base import Reply, Word


class StudyState(Word):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


class Budget(Reply):
    """Limits of the study: it ends at the first one that is reached."""

    trials: int | None = None
    """Trials, those that are ended early too."""
    hours: float | None = None
    """Time that runs are at work, all of them together."""
    joules: float | None = None
    """Energy that training takes, where the machine counts it."""


class TrialState(Word):
    WAITING = "waiting"
    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


class TrialRow(Reply):
    number: int
    state: TrialState
    assignment: dict[str, Any]
    """Field -> its value."""
    values: list[float]
    """Score for each objective; of a pruned trial the last score before it ended."""
    violation: float
    """Distance by which it misses the constraint; 0 when it meets it."""
    by: str | None
    """Person who enqueued it; null when the sampler chose it."""
    run_id: str | None
    steps: int
    seconds: float
    error: str | None
    """Reason why it failed, or misses the constraint; else null."""
    began_at: datetime | None
    ended_at: datetime | None


class StudyRow(Reply):
    """A study as a table shows it."""

    id: str
    name: str
    state: StudyState
    error: str | None
    sampler: str
    pruner: str
    objectives: list[str]
    counts: dict[str, int]
    budget: Budget
    best: TrialRow | None
    """The best complete trial that meets the constraint; null for several objectives."""
    created_at: datetime
    finished_at: datetime | None


class TrialPage(Reply):
    trials: list[TrialRow]
    total: int
