"""Distillation as a callback of a training: the teacher."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from worker.contracts.callback import Callback
from worker.contracts.context import Context
from worker.contracts.families.distillers import Distiller
from worker.contracts.recipe import Recipe
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject, arrange, evaluating

EVERY = 10  # steps between two points of the curves: each makes the host wait for the device


def with_teacher(student: Subject, teacher: Subject, distillers: Sequence[Distiller], context: Context) -> Subject:
    """The student, prepared, with its teacher, which nothing else may change from here on.

    Raises ValueError in one sentence when the two do not go together.
    """
    _check_outputs(student, teacher)
    for distiller in distillers:
        distiller.prepare(student, teacher, context)
    return replace(student, teacher=teacher)


def copy_subject(subject: Subject) -> Subject:
    """A copy of the present model, as a teacher whose own weights are going to change."""
    return replace(subject, module=copy.deepcopy(subject.module))


@torch.no_grad()
def _check_outputs(student: Subject, teacher: Subject) -> None:
    if teacher.input_shape != student.input_shape:
        theirs, ours = list(teacher.input_shape), list(student.input_shape)
        raise ValueError(f"The teacher takes inputs {theirs} and the student {ours}: name a teacher for the same data.")
    sample = student.sample()
    with evaluating(student.module), evaluating(teacher.module):
        theirs, ours = list(teacher.module(sample).shape[1:]), list(student.module(sample).shape[1:])
    if theirs != ours:
        raise ValueError(f"The teacher has outputs {theirs} and the student {ours}: name a teacher for the same task.")


class Distillation(Callback):
    """Minimizes the loss as the distillers change it. The subject holds its teacher.

    | curve                    | every tenth step, over its batch                     |
    |--------------------------|------------------------------------------------------|
    | `distillation/objective` | what is minimized, penalties aside                   |
    | `distillation/loss`      | the recipe's own loss, of the labels                 |
    | `distillation/agreement` | share of samples of which both choose the same class |
    """

    def __init__(self, distillers: Sequence[Distiller]) -> None:
        self.distillers = list(distillers)
        self._classes = any("classes" in distiller.needs for distiller in distillers)

    def start(self, subject: Subject, context: Context) -> None:
        assert subject.teacher is not None, "a phase before this one gives the subject its teacher"
        self._observe = context.observe
        self.teacher = arrange(subject.teacher).eval().requires_grad_(False)
        self.lessons = [distiller.lesson(subject, subject.teacher) for distiller in self.distillers]
        self._kept = nn.ModuleList(self.lessons)
        self._done = 0
        self._statistics: list[dict[str, float]] = []  # of the parts of a batch

    def follow(self, recipe: Recipe) -> None:
        if isinstance(recipe, Recovery):
            self.distillers = list(recipe.distillers)

    def parameters(self) -> list[nn.Parameter]:
        return list(self._kept.parameters())

    def state(self) -> dict[str, Any]:
        return {"done": self._done, "lessons": self._kept.state_dict()}

    def load(self, state: Mapping[str, Any]) -> None:
        self._done = state["done"]
        self._kept.load_state_dict(state["lessons"])

    @contextmanager
    def attach(self, module: nn.Module) -> Iterator[None]:
        with ExitStack() as stack:
            for lesson in self.lessons:
                stack.enter_context(lesson.attach(module, self.teacher))
            yield

    def objective(self, inputs: Tensor, outputs: Tensor, targets: Tensor, loss: Tensor) -> Tensor:
        with torch.no_grad():
            teacher_outputs = self.teacher(inputs)
        total = loss
        for distiller in self.distillers:
            total = total * distiller.share
        for distiller, lesson in zip(self.distillers, self.lessons, strict=True):
            cost = distiller.cost(lesson, outputs, teacher_outputs)
            total = total if cost is None else total + cost
        if self._done % EVERY == 0:
            self._statistics.append(self._statistics_of(total, loss, outputs, teacher_outputs, targets))
        return total

    def after_step(self, done: int, total: int) -> None:
        self._done = done
        if self._statistics:
            self._observe({name: fmean(look[name] for look in self._statistics) for name in self._statistics[0]})
            self._statistics = []

    def _statistics_of(
        self, objective: Tensor, loss: Tensor, outputs: Tensor, teacher_outputs: Tensor, targets: Tensor
    ) -> dict[str, float]:
        found = {"objective": objective, "loss": loss}
        if self._classes or not targets.is_floating_point():
            found["agreement"] = outputs.argmax(-1).eq(teacher_outputs.argmax(-1)).float().mean()
        return {f"distillation/{name}": value.item() for name, value in found.items()}
