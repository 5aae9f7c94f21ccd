"""Callbacks of a training, called step by step: a teacher, masks that grow, weights that act quantized."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from torch import Tensor, nn

from worker.contracts.context import Context
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject


class Callback:
    """Base class of callbacks: each method is called at one point of a training phase, and a callback overrides those it needs.

    It acts on the subject that it was begun with. It may give that subject other `masks`: the trainer follows them.
    What it does depends on the subject, the steps and its own state alone, so that a resumed phase goes on exactly.
    """

    def start(self, subject: Subject, context: Context) -> None:
        """Before this process's first step of the phase, a resumed one too: `load` follows there.

        torch's default generator has been seeded for it, the same each time.
        """

    def parameters(self) -> Sequence[nn.Parameter]:
        """Weights of its own that the recipe trains along with the model's; known once it has begun."""
        return ()

    def state(self) -> dict[str, Any]:
        """State that a checkpoint within the phase must hold: tensors and plain values."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Restores the state that `state` returned."""

    def follow(self, recipe: Recipe) -> None:
        """Takes the recipe that is valid from the next step on: a person changed a live parameter, now or before the checkpoint."""

    def attach(self, module: nn.Module) -> AbstractContextManager[object]:
        """Hooks on `module` for as long as the phase trains. They act while it is validated as well."""
        return nullcontext()

    def objective(self, inputs: Tensor, outputs: Tensor, targets: Tensor, loss: Tensor) -> Tensor:
        """The scalar that is minimized, penalties aside, where the recipe's loss alone would be `loss`.

        Outputs [batch, …] of the module for `inputs` [batch, …]; `targets` are class indices [batch, …], shares
        [batch, classes] or numbers. The curves show `loss`.
        """
        return loss

    def gradients(self) -> None:
        """The step's gradient is whole, penalties included: read or change `.grad` in place."""

    def after_step(self, done: int, total: int) -> None:
        """The optimizer's step number `done` of the phase's planned `total` was taken, and what is masked is zero."""

    def finished_warmup(self) -> bool:
        """Returns whether the warm-up is finished: only the values of the weights still change. Before that no epoch
        counts as the best one, and a validation loss that has stopped falling does not end the training."""
        return True

    def finish(self) -> None:
        """Called when the module has its final weights of the phase, at the planned end or after a person's stop."""


def together(*callbacks: Callback | None) -> Callback | None:
    """One callback that calls all of them in this order; None when there are none."""
    there = [callback for callback in callbacks if callback is not None]
    return Together(there) if len(there) > 1 else next(iter(there), None)


class Together(Callback):
    """Several callbacks of one training. Each receives the loss that the previous one returned."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = callbacks

    def start(self, subject: Subject, context: Context) -> None:
        for callback in self._callbacks:
            callback.start(subject, context)

    def parameters(self) -> Sequence[nn.Parameter]:
        return [weight for callback in self._callbacks for weight in callback.parameters()]

    def state(self) -> dict[str, Any]:
        return {"callbacks": [callback.state() for callback in self._callbacks]}

    def load(self, state: Mapping[str, Any]) -> None:
        for callback, own in zip(self._callbacks, state["callbacks"], strict=True):
            callback.load(own)

    def follow(self, recipe: Recipe) -> None:
        for callback in self._callbacks:
            callback.follow(recipe)

    @contextmanager
    def attach(self, module: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for callback in self._callbacks:
                stack.enter_context(callback.attach(module))
            yield

    def objective(self, inputs: Tensor, outputs: Tensor, targets: Tensor, loss: Tensor) -> Tensor:
        for callback in self._callbacks:
            loss = callback.objective(inputs, outputs, targets, loss)
        return loss

    def gradients(self) -> None:
        for callback in self._callbacks:
            callback.gradients()

    def after_step(self, done: int, total: int) -> None:
        for callback in self._callbacks:
            callback.after_step(done, total)

    def finished_warmup(self) -> bool:
        return all(callback.finished_warmup() for callback in self._callbacks)

    def finish(self) -> None:
        for callback in self._callbacks:
            callback.finish()
