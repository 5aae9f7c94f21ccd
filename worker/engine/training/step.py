"""The training step: gradient, update, and what is held after it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor

from backend.store.crash_points import Point, passing
from worker.contracts.callback import Callback
from worker.contracts.families.optimizers import RATE
from worker.contracts.families.regularizers import overriding
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.engine.training.closure import BatchClosure
from worker.engine.training.final_weights import FinalWeights
from worker.engine.training.gradients import Gradients
from worker.engine.training.held_masks import HeldMasks
from worker.engine.training.retuning import follow
from worker.nn.freezing import trainable


class TrainingStep:
    """Takes the steps of one training of `subject.module`, as the recipe that it follows says."""

    def __init__(self, subject: Subject, recipe: Recipe, callback: Callback, final: FinalWeights) -> None:
        self._module, self._recipe, self._callback = subject.module, recipe, callback
        self._parameters = [*trainable(self._module), *callback.parameters()]
        self.optimizer = recipe.optimizer.build(self._parameters)
        self._masks = HeldMasks(subject, final)
        self._gradients = Gradients(self._module, self._parameters, callback)
        self._hooks = ExitStack()

    def take(self, inputs: Tensor, targets: Tensor, rate: float, done: int, total: int) -> tuple[Tensor, Tensor]:
        """Step number `done` of the phase's planned `total`, at the learning rate `rate`.

        Returns the batch's loss, penalties left out, and its outputs [batch, …].
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group.get(RATE, 1.0)
        if self._recipe.optimizer.closes:
            loss, outputs = self._closed(inputs, targets)
        else:
            loss, outputs, _ = self._gradients.take(inputs, targets)
            passing(Point.WITHIN_STEP)
            self.optimizer.step()
        for parameter in self._parameters:
            parameter.grad = None  # zero_grad costs ten times as much
        for regularizer in self._on_weights:
            regularizer.constrain(self._parameters, rate)
        self._masks.apply()
        self._callback.after_step(done, total)
        self._masks.follow()
        return loss, outputs

    def _closed(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """A step that asks for the gradient as often as it likes; the first answer is what is reported."""
        gradients = partial(self._gradients.take, inputs, targets)
        closure = BatchClosure(gradients, self._parameters, self._recipe.regularizers, self._masks.pairs())
        self.optimizer.step(closure)  # type: ignore[arg-type]
        return closure.first

    def set_mode(self, training: bool) -> None:
        """Some optimizers evaluate other weights than they train; what is pruned is so in both."""
        change = getattr(self.optimizer, "train" if training else "eval", None)
        if change is not None:
            change()
            self._masks.apply()

    # ---- the recipe that it follows

    @contextmanager
    def attached(self, recipe: Recipe) -> Iterator[None]:
        """The steps of the block follow `recipe`, whose regularizers and callback have their places in the model."""
        self._recipe = recipe
        self._gradients.follow(recipe)
        with self._hooks, self._callback.attach(self._module):
            self._attach()
            yield

    def follow(self, recipe: Recipe) -> None:
        """From the next step on `recipe` holds. The optimizer keeps what it has learnt."""
        before, self._recipe = self._recipe, recipe
        if recipe.optimizer != before.optimizer:
            was, now = (one.optimizer.build(self._parameters) for one in (before, recipe))
            follow(self.optimizer, was, now)
        self._gradients.follow(recipe)
        self._callback.follow(recipe)
        if recipe.regularizers != before.regularizers:
            self._hooks.close()
            self._attach()

    def load(self, recipe: Recipe, optimizer: dict[str, Any]) -> None:
        """Go on with `recipe` and the state of its optimizer."""
        self.optimizer = recipe.optimizer.build(self._parameters)
        self.optimizer.load_state_dict(optimizer)
        self._callback.follow(recipe)

    def _attach(self) -> None:
        regularizers = self._recipe.regularizers
        self._on_weights = overriding(regularizers, "constrain")
        for regularizer in regularizers:
            self._hooks.enter_context(regularizer.attach(self._module))
