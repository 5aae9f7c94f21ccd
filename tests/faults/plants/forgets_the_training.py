"""Before a resumed training's first step whoever attends does not know of it, and checkpoints are taken without it."""

from worker.engine.checkpoints.checkpoint import Position, State
from worker.engine.pipeline import Execution
from worker.engine.training.trainer import Trainer

attend = Execution._attend


def attend_without_the_trainer(run: Execution, position: Position, trainer: Trainer | None = None) -> None:
    if trainer and (begun := trainer.progress.start.phase_step) and trainer.progress.done == begun:
        attend(run, position)
    attend(run, position, trainer)


Execution._attend = attend_without_the_trainer  # type: ignore[method-assign]
State.__post_init__ = lambda state: None  # type: ignore[method-assign]
