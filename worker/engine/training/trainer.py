"""The training loop."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from typing import Any

from torch import Tensor

from backend.store.crash_points import Point, passing
from worker.contracts.callback import Callback
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject, arrange
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.diagnostics.noise import noise_scale
from worker.engine.evaluate import evaluate
from worker.engine.input.draw import batches, planned_steps
from worker.engine.reporter import Reporter
from worker.engine.training.final_weights import FinalWeights
from worker.engine.training.live_recipe import LiveRecipe
from worker.engine.training.progress import PhaseProgress
from worker.engine.training.step import TrainingStep
from worker.nn.freezing import train_mode

Attend = Callable[[Position, "Trainer"], None]

UNWATCHED = nullcontext()
NOISE = 512  # samples, at most, from which the gradient's noise is told


class Trainer:
    """Trains `subject.module` in place with one recipe, from `start` to the end of the phase.

    `data` lies on the module's device. `attend` is called between two steps whenever the reporter is due: there
    orders are obeyed and checkpoints taken; what it raises ends the training. `tick` is called often while evaluating.
    """

    def __init__(
        self,
        subject: Subject,
        data: Data,
        recipe: Recipe,
        run_seed: int,
        start: Position,
        reporter: Reporter,
        attend: Attend,
        tick: Callable[[], None] = lambda: None,
        diagnosis: Diagnosis | None = None,
        callback: Callback | None = None,
    ) -> None:
        self.subject, self.module, self.data, self.seed = subject, arrange(subject), data, run_seed
        self.reporter, self.attend, self.tick = reporter, attend, tick
        self.callback, self.diagnosis = callback or Callback(), diagnosis or Diagnosis.off()
        self.diagnosis.start(self.module, data)
        self.recipe = LiveRecipe(recipe)
        self.progress = PhaseProgress(start, planned_steps(recipe, len(data.train), run_seed))
        self.final = FinalWeights(self.module, recipe)
        self.step = TrainingStep(subject, recipe, self.callback, self.final)
        self._randomness: dict[str, Tensor] | None = None  # of a checkpoint, until the first epoch begins

    # ---- the loop

    def run(self) -> int:
        """Train; returns the steps of the whole run that are done by then."""
        self._fit()
        self.step.set_mode(training=True)
        start, recipe = self.progress.start, self.recipe
        with self.step.attached(recipe.now):
            passing(Point.FIRST_STEP)
            for epoch in range(start.epoch, recipe.now.epochs):
                self._epoch(epoch, skip=start.batch if epoch == start.epoch else 0)
                self._validate()
                passing(Point.EPOCH_ENDED)
                if self._ends():
                    break
        self.leave()
        self.reporter.flush()
        return self.progress.at(recipe.now.epochs, 0).step

    def _epoch(self, epoch: int, skip: int) -> None:
        """Every step of the epoch after the first `skip`."""
        progress, reporter = self.progress, self.reporter
        train_mode(self.module)
        self._enter(epoch)
        self._expect(progress.done - skip + self._planned(epoch))
        with closing(self._drawn(epoch, skip)) as drawn:
            for batch, (inputs, targets) in enumerate(drawn, skip):
                if reporter.due:
                    self.attend(progress.at(epoch, batch), self)
                rate = self._rate()
                with self._watched(inputs, targets):
                    loss, outputs = self.step.take(inputs, targets, rate, progress.done + 1, progress.total)
                passing(Point.STEPPED)
                progress.done += 1
                self.final.take(progress.done, progress.total)
                reporter.record(loss, outputs, targets, rate)

    def _validate(self) -> None:
        """Evaluate the weights that the phase would leave now."""
        finished_warmup = self.callback.finished_warmup()
        self.step.set_mode(training=False)
        with self.final.applied():
            found = evaluate(self.module, self.data.validation, self.recipe.now.loss, self.data, self.tick)
            if finished_warmup:
                self.final.offer(found["loss"])
        self.step.set_mode(training=True)
        self.progress.validated(found["loss"], finished_warmup)
        self.reporter.report_validation(found)
        self.diagnosis.finish_epoch(found["loss"], self.reporter)

    def leave(self) -> None:
        """Give the module the weights that the phase leaves: the optimizer's own, their mean, or the best epoch's."""
        self._expect(self.progress.done)
        self.step.set_mode(training=False)
        self.final.apply(self.data.train)
        self.subject.apply_masks()
        self.callback.finish()

    # ---- steering

    def set_parameter(self, path: str, value: Any) -> tuple[Any, str | None]:
        """Turn a live parameter of the recipe; what it was, and when it takes effect if that is not the next step.

        Raises ValueError in one sentence when it is none, or the value is out of its bounds.
        """
        old = self.recipe.turn(path, value)
        self.step.follow(self.recipe.now)
        return old, "From the next epoch on." if self.recipe.waits else None

    # ---- what a checkpoint keeps

    def state(self) -> dict[str, Any]:
        """Everything within the phase that a checkpoint must hold beside the model: tensors and plain values."""
        return {
            "optimizer": self.step.optimizer.state_dict(),
            "randomness": seed.capture(),
            "recipes": self.recipe.state(),
            **self.progress.state(),
            **self.final.state(),
            "diagnosis": self.diagnosis.state(self.reporter),
            "callback": self.callback.state(),
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Take the state that a checkpoint at `start` held. It attends before its first step."""
        self.recipe.load(state["recipes"])
        self.step.load(self.recipe.now, state["optimizer"])
        self._randomness = state["randomness"]
        self.progress.load(state)
        self.final.load(state)
        self.diagnosis.load(state["diagnosis"], self.reporter)
        self.callback.load(state["callback"])
        self.reporter.due = True

    # ---- small parts

    def _fit(self) -> None:
        """Fit the batch policy to the model and the device, and say what came of it."""
        reported = self.recipe.fit(self.module, self.data)
        if reported is not None:
            self.reporter.log(reported)

    def _enter(self, epoch: int) -> None:
        """A new batch size holds from here on, and what dropout draws depends on the epoch alone; or both are as they were
        where the checkpoint was taken, be that before the epoch's first step."""
        if self._randomness is None:
            self.recipe.enter_epoch()
            seed.plant(self.seed, "step", self.progress.start.stage, self.progress.start.phase, epoch)
        else:
            seed.restore(self._randomness)
            self._randomness = None

    def _planned(self, epoch: int) -> int:
        """Steps from the beginning of `epoch` on."""
        return planned_steps(self.recipe.now, len(self.data.train), self.seed, epoch, self.progress.history)

    def _expect(self, total: int) -> None:
        """The phase takes `total` steps: more or fewer than was planned, where the device or the history has a say."""
        self.reporter.total_steps += self.progress.expect(total)

    def _drawn(self, epoch: int, skip: int) -> Generator[tuple[Tensor, Tensor], None, None]:
        start = self.progress.start
        place = (start.stage, start.phase, epoch)
        return batches(self.data, lambda: self.recipe.now, self.seed, place, self.progress.history, skip)

    def _rate(self) -> float:
        """The learning rate of the next step."""
        recipe, progress = self.recipe.now, self.progress
        share = recipe.schedule.rate(progress.done, progress.total)
        return recipe.optimizer.lr * share * recipe.schedule.damping(progress.history)

    def _watched(self, inputs: Tensor, targets: Tensor) -> AbstractContextManager[None]:
        """Has the diagnosis look at the step that the block takes, when it is its turn."""
        if not self.diagnosis.due(self.reporter.step + 1):
            return UNWATCHED
        noise = partial(noise_scale, self.module, self.recipe.now.loss, inputs[:NOISE], targets[:NOISE])
        return self.diagnosis.watching(self.step.optimizer, self.reporter, noise)

    def _ends(self) -> bool:
        """Returns whether a regularizer ends the training after this epoch."""
        losses = self.progress.losses
        return bool(losses) and any(regularizer.ends(losses) for regularizer in self.recipe.now.regularizers)
