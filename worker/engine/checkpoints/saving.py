"""Checkpoints as a run takes them: written, announced, and due again after a while."""

from backend.store.crash_points import Point, passing
from worker.engine.checkpoints.checkpoint import Checkpoints, State
from worker.engine.reporter import Clock
from worker.pipe.link import Link
from worker.pipe.messages import Unsaved


class Saving:
    """Saves states of a run into `checkpoints`; another is due `seconds` of training after the last one."""

    def __init__(self, checkpoints: Checkpoints, link: Link, clock: Clock, seconds: float) -> None:
        self._checkpoints, self._link, self._clock, self._seconds = checkpoints, link, clock, seconds
        self._last = clock.seconds()
        self.hold = checkpoints.hold

    @property
    def due(self) -> bool:
        return self._clock.seconds() - self._last >= self._seconds

    def save(self, state: State, stage: int, keep: bool = False) -> bool:
        """Write a checkpoint and announce it; `keep` for ever, or until later ones take its place. When the disk
        refuses, say so and go on: the last one is intact."""
        try:
            written = self._checkpoints.write(state, stage, keep)
        except OSError as error:
            self._link.send(Unsaved(state.position.step, error.strerror or str(error)))
            return False
        finally:
            self._last = self._clock.seconds()
        self._link.send(written)
        passing(Point.CHECKPOINT_REPORTED)
        return True
