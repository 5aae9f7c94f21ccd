"""Distillers: the knowledge that a student learns from a teacher."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from worker.contracts.component import Component
from worker.contracts.context import Context
from worker.contracts.drawing import Picture, bars
from worker.contracts.subject import Subject

LOGITS = {"cat": 6.0, "fox": 4.0, "dog": 3.0, "car": -2.0, "sky": -4.0}
"""A teacher's outputs in a picture."""
DARK, BRIGHT = 0.25, 0.95
LAYERS = 6  # of a model in a picture


class Lesson(nn.Module):
    """State of a distiller for one student and one teacher. Its parameters train along with the student's."""

    def attach(self, student: nn.Module, teacher: nn.Module) -> AbstractContextManager[object]:
        """Hooks on both for as long as the student trains; they must leave what the two compute as it is."""
        return nullcontext()


class Distiller(Component, family="distillers", default="soft_targets"):
    """Part of a teacher's knowledge that a student learns.

    Several go together: J = Πᵢ shareᵢ · loss + Σᵢ costᵢ, where the loss is the recipe's own, of the labels.
    """

    observes = ("distillation/objective", "distillation/loss", "distillation/agreement")

    def label(self) -> str:
        """Name on the timeline."""
        return self.kind.replace("_", " ")

    @property
    def share(self) -> float:
        """Share of the recipe's own loss that stays."""
        return 1.0

    def targets(self, logits: Tensor) -> Tensor | None:
        """The probabilities of classes that the student learns from the teacher's logits, both [classes]; None where
        it learns from layers."""
        return None

    def taking_part(self, count: int) -> tuple[Sequence[int], Sequence[int]]:
        """Of a teacher and a student with so many layers the numbers of those that take part."""
        return (), ()

    def drawing(self) -> Picture | None:
        """A picture of the knowledge that a teacher, which has seen a cat, hands to its student."""
        shares = self.targets(torch.tensor(list(LOGITS.values())))
        if shares is not None:
            return {"bars": bars(dict(zip(LOGITS, shares.tolist(), strict=True)))}
        parts = self.taking_part(LAYERS)
        lit = [[[BRIGHT if layer in part else DARK for layer in range(LAYERS)]] for part in parts]
        return {"cells": lit} if any(parts) else None

    def prepare(self, student: Subject, teacher: Subject, context: Context) -> None:
        """Change the student's weights in place, once, before its training begins.

        Raises ValueError in one sentence when that is impossible.
        """

    def lesson(self, student: Subject, teacher: Subject) -> Lesson:
        """Lesson for these two, on the student's device; initial weights come from torch's default generator.

        Raises ValueError in one sentence when the two do not go together.
        """
        return Lesson()

    def cost(self, lesson: Lesson, outputs: Tensor, teacher_outputs: Tensor) -> Tensor | None:
        """A scalar to minimize, the mean over a batch that both models have just processed; None when there is none.

        `outputs` are the student's and `teacher_outputs` the teacher's, without gradient, in the same shape: logits [batch, …,
        classes] or numbers [batch, numbers].
        """
        return None
