"""The training loop."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor

from backend.store.crash_points import Point, passing
from worker.contracts.callback import Companion
from worker.contracts.families.optimizers import RATE
from worker.contracts.families.regularizers import overriding
from worker.contracts.live_parameters import turned
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject, arrange
from worker.data.tensors import Data
from worker.engine import probe, seed
from worker.engine.checkpoint import Position
from worker.engine.closure import BatchClosure
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.diagnostics.noise import noise_scale
from worker.engine.evaluate import evaluate
from worker.engine.gradients import Gradients
from worker.engine.input.draw import batches, planned_steps
from worker.engine.mean import Best, Mean
from worker.engine.reporter import Reporter
from worker.engine.turning import follow
from worker.nn.freezing import train_mode, trainable

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
        companion: Companion | None = None,
    ) -> None:
        self.subject, self.companion = subject, companion or Companion()
        self.module, self.data, self.recipe, self.seed = arrange(subject), data, recipe, run_seed
        self.start, self.done = start, start.phase_step
        self.total = planned_steps(recipe, len(data.train), run_seed)  # until more is known
        self.reporter, self.attend, self.tick = reporter, attend, tick
        self.diagnosis = diagnosis or Diagnosis.off()
        self.parameters = [*trainable(self.module), *self.companion.parameters()]
        self.diagnosis.begin(self.module, data)
        self.optimizer = recipe.optimizer.build(self.parameters)
        self.upcoming = recipe  # as it will be from the next epoch on: another batch size waits for that
        self.fitted = False  # whether the batch policy is fitted to model and device
        self.history: list[float] = []  # validation losses of the phase's epochs
        self.unsettled = 0  # epochs before the companion had made the model what it is to be
        self.mean = Mean(self.module, recipe.average) if recipe.average else None
        self.best = Best() if any(regularizer.keeps_best for regularizer in recipe.regularizers) else None
        self._follow_masks()
        self.gradients = Gradients(self.module, self.parameters, self.companion)
        self._hooks = ExitStack()
        self._randomness: dict[str, Tensor] | None = None

    # ---- what a checkpoint keeps

    def state(self) -> dict[str, Any]:
        """Everything within the phase that a checkpoint must hold beside the model: tensors and plain values."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "randomness": seed.capture(),
            "history": list(self.history),
            "unsettled": self.unsettled,
            "recipes": [recipe.model_dump(mode="json") for recipe in (self.recipe, self.upcoming)],
            "mean": self.mean.state() if self.mean else None,
            "best": self.best.state() if self.best else None,
            "diagnosis": self.diagnosis.state(self.reporter),
            "companion": self.companion.state(),
        }

    def resume(self, state: Mapping[str, Any]) -> None:
        """Take the state that a checkpoint at `start` held. It attends before its first step."""
        self.recipe, self.upcoming = (type(self.recipe).model_validate(recipe) for recipe in state["recipes"])
        self.fitted = True
        self.optimizer = self.recipe.optimizer.build(self.parameters)
        self.optimizer.load_state_dict(state["optimizer"])
        self._randomness = state["randomness"]
        self.history, self.unsettled = list(state["history"]), state["unsettled"]
        if self.mean and state["mean"]:
            self.mean.load(state["mean"])
        if self.best and state["best"]:
            self.best.load(state["best"])
        self.diagnosis.load(state["diagnosis"], self.reporter)
        self.companion.follow(self.recipe)
        self.companion.load(state["companion"])
        self.reporter.due = True

    # ---- the loop

    def run(self) -> int:
        """Train; returns the steps of the whole run that are done by then."""
        self._prepare()
        with self._hooks, self.companion.attach(self.module):
            self._attach()
            passing(Point.FIRST_STEP)
            for epoch in range(self.start.epoch, self.recipe.epochs):
                self._epoch(epoch, skip=self.start.batch if epoch == self.start.epoch else 0)
                self._validate()
                passing(Point.EPOCH_ENDED)
                settled = self.history[self.unsettled :]
                if settled and any(regularizer.ends(settled) for regularizer in self.recipe.regularizers):
                    break
        self.leave()
        self.reporter.flush()
        return self._at(self.recipe.epochs, 0).step

    def leave(self) -> None:
        """Give the module the weights that the phase leaves: the optimizer's own, their mean, or the best epoch's."""
        self._expect(self.done)
        self._set_mode(training=False)
        if self.mean:
            self.mean.apply(self.module, self.data.train)
        if self.best:
            self.best.apply(self.module)
        self.subject.apply_masks()
        self.companion.finish()

    def _prepare(self) -> None:
        """Fit the batch policy to the model and the device, unless a checkpoint has told which one it became."""
        if not self.fitted:
            seconds = probe.step_seconds(self.module, self.data, self.recipe)
            batch = self.recipe.batch.fitted(len(self.data.train), seconds)
            if (told := batch.told()) is not None:
                self.reporter.tell(told)
            self.recipe = self.upcoming = self.recipe.model_copy(update={"batch": batch})
            self.fitted = True
        self._set_mode(training=True)

    def _attach(self) -> None:
        """Give the regularizers their places in the step."""
        regularizers = self.recipe.regularizers
        self.gradients.follow(self.recipe)
        self._on_weights = overriding(regularizers, "constrain")
        for regularizer in regularizers:
            self._hooks.enter_context(regularizer.attach(self.module))

    # ---- steering

    def turn(self, path: str, value: Any) -> tuple[Any, str | None]:
        """Turn a live knob of the recipe; what it was, and when it takes effect if that is not the next step.

        Raises ValueError in one sentence when it is none, or the value is out of its bounds.
        """
        before = self.recipe
        self.upcoming, old = turned(self.upcoming, path, value)
        self.recipe = self.upcoming.model_copy(update={"batch": before.batch})
        if self.recipe.optimizer != before.optimizer:
            fresh = (recipe.optimizer.build(self.parameters) for recipe in (before, self.recipe))
            follow(self.optimizer, *fresh)
        self.companion.follow(self.recipe)
        if self.recipe.regularizers != before.regularizers:
            self._hooks.close()
            self._attach()
        return old, "From the next epoch on." if self.upcoming.batch != before.batch else None

    def _expect(self, total: int) -> None:
        """The phase takes `total` steps: more or fewer than was planned, where the device or the history has a say."""
        self.reporter.total_steps += total - self.total
        self.total = total

    def _epoch(self, epoch: int, skip: int) -> None:
        reporter, diagnosis = self.reporter, self.diagnosis
        train_mode(self.module)
        self._enter(epoch)
        left = planned_steps(self.recipe, len(self.data.train), self.seed, epoch, self.history)
        self._expect(self.done - skip + left)
        place = (self.start.stage, self.start.phase, epoch)
        drawn = batches(self.data, lambda: self.recipe, self.seed, place, self.history, skip)
        for batch, (inputs, targets) in enumerate(drawn, skip):
            if reporter.due:
                self.attend(self._at(epoch, batch), self)
            rate = self._set_rate()
            with self._watched(inputs, targets) if diagnosis.due(reporter.step + 1) else UNWATCHED:
                loss, outputs = self._step(inputs, targets, rate)
            passing(Point.STEPPED)
            self.done += 1
            if self.mean:
                self.mean.take(self.module, self.done, self.total)
            reporter.record(loss, outputs, targets, rate)

    def _watched(self, inputs: Tensor, targets: Tensor) -> AbstractContextManager[None]:
        noise = partial(noise_scale, self.module, self.recipe.loss, inputs[:NOISE], targets[:NOISE])
        return self.diagnosis.watching(self.optimizer, self.reporter, noise)

    def _step(self, inputs: Tensor, targets: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        """One step of the optimizer; returns the batch's loss, penalties left out, and its outputs."""
        if self.recipe.optimizer.closes:
            loss, outputs = self._closed_step(inputs, targets)
        else:
            loss, outputs, _ = self.gradients.take(inputs, targets)
            passing(Point.WITHIN_STEP)
            self.optimizer.step()
        for parameter in self.parameters:
            parameter.grad = None  # zero_grad costs ten times as much
        for regularizer in self._on_weights:
            regularizer.constrain(self.parameters, rate)
        if self.masked:
            self._apply_masks()
        self.companion.stepped(self.done + 1, self.total)
        if self.subject.masks is not self._followed:
            self._follow_masks()
        return loss, outputs

    def _closed_step(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """A step that asks for the gradient as often as it likes; the first answer is what is reported."""
        gradients = partial(self.gradients.take, inputs, targets)
        masks = list(zip(self.masked, self.masks, strict=True))
        closure = BatchClosure(gradients, self.parameters, self.recipe.regularizers, masks)
        self.optimizer.step(closure)  # type: ignore[arg-type]
        return closure.first

    def _validate(self) -> None:
        """Evaluate the weights that the phase would leave now."""
        self._set_mode(training=False)
        with self.mean.applied(self.module) if self.mean else ExitStack():
            found = evaluate(self.module, self.data.validation, self.recipe.loss, self.data, self.tick)
            if self.best and self.companion.settled():
                self.best.offer(self.module, found["loss"])
        self._set_mode(training=True)
        self.history.append(found["loss"])
        if not self.companion.settled():
            self.unsettled = len(self.history)
        self.reporter.validated(found)
        self.diagnosis.trained(found["loss"], self.reporter)

    # ---- small parts

    def _enter(self, epoch: int) -> None:
        """A new batch size holds from here on, and what dropout draws depends on the epoch alone; or both are as they were
        where the checkpoint was taken, be that before the epoch's first step."""
        if self._randomness is None:
            self.recipe = self.upcoming
            seed.plant(self.seed, "step", self.start.stage, self.start.phase, epoch)
        else:
            seed.restore(self._randomness)
            self._randomness = None

    def _set_rate(self) -> float:
        schedule = self.recipe.schedule
        rate = self.recipe.optimizer.lr * schedule.rate(self.done, self.total) * schedule.damping(self.history)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get(RATE, 1.0)
        return rate

    def _set_mode(self, training: bool) -> None:
        """Some optimizers evaluate other weights than they train; what is pruned is so in both."""
        change = getattr(self.optimizer, "train" if training else "eval", None)
        if change is not None:
            change()
            self._apply_masks()

    def _follow_masks(self) -> None:
        """Hold the zeros of the masks that the subject has now."""
        self._followed = self.subject.masks
        self.masked: list[Tensor] = [self.module.get_parameter(name) for name in self._followed]
        self.masks = [mask.to(weight.dtype) for mask, weight in zip(self._followed.values(), self.masked, strict=True)]
        self._apply_masks()
        if self.mean:
            self.mean.hold(self._followed)

    @torch.no_grad()
    def _apply_masks(self) -> None:
        if self.masked:
            torch._foreach_mul_(self.masked, self.masks)

    def _at(self, epoch: int, batch: int) -> Position:
        before = self.start.step - self.start.phase_step
        return Position(self.start.stage, self.start.phase, epoch, batch, before + self.done, self.done)
