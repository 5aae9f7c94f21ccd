"""Callbacks of a training, called step by step: a teacher, masks that grow, weights that act quantized."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from torch import Tensor, nn

from worker.contracts.context import Context
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject


class Companion:
    """Base class of callbacks: each method is called at one point of a training phase, and a callback overrides those it needs.

    It acts on the subject that it was begun with. It may give that subject other `masks`: the trainer follows them.
    What it does depends on the subject, the steps and its own state alone, so that a resumed phase goes on exactly.
    """

    def begin(self, subject: Subject, context: Context) -> None:
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

    def stepped(self, done: int, total: int) -> None:
        """The optimizer's step number `done` of the phase's planned `total` was taken, and what is masked is zero."""

    def settled(self) -> bool:
        """Returns whether the warm-up is finished: only the values of the weights still change. Before that no epoch
        counts as the best one, and a validation loss that has stopped falling does not end the training."""
        return True

    def finish(self) -> None:
        """Called when the module has its final weights of the phase, at the planned end or after a person's stop."""


def together(*companions: Companion | None) -> Companion | None:
    """One callback that calls all of them in this order; None when there are none."""
    there = [companion for companion in companions if companion is not None]
    return Together(there) if len(there) > 1 else next(iter(there), None)


class Together(Companion):
    """Several callbacks of one training. Each receives the loss that the previous one returned."""

    def __init__(self, companions: Sequence[Companion]) -> None:
        self._companions = companions

    def begin(self, subject: Subject, context: Context) -> None:
        for companion in self._companions:
            companion.begin(subject, context)

    def parameters(self) -> Sequence[nn.Parameter]:
        return [weight for companion in self._companions for weight in companion.parameters()]

    def state(self) -> dict[str, Any]:
        return {"companions": [companion.state() for companion in self._companions]}

    def load(self, state: Mapping[str, Any]) -> None:
        for companion, own in zip(self._companions, state["companions"], strict=True):
            companion.load(own)

    def follow(self, recipe: Recipe) -> None:
        for companion in self._companions:
            companion.follow(recipe)

    @contextmanager
    def attach(self, module: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for companion in self._companions:
                stack.enter_context(companion.attach(module))
            yield

    def objective(self, inputs: Tensor, outputs: Tensor, targets: Tensor, loss: Tensor) -> Tensor:
        for companion in self._companions:
            loss = companion.objective(inputs, outputs, targets, loss)
        return loss

    def gradients(self) -> None:
        for companion in self._companions:
            companion.gradients()

    def stepped(self, done: int, total: int) -> None:
        for companion in self._companions:
            companion.stepped(done, total)

    def settled(self) -> bool:
        return all(companion.settled() for companion in self._companions)

    def finish(self) -> None:
        for companion in self._companions:
            companion.finish()
