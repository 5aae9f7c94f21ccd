"""Distillers: the knowledge that a student learns from a teacher."""

from contextlib import AbstractContextManager, nullcontext

from torch import Tensor, nn

from worker.contracts.component import Component
from worker.contracts.context import Context
from worker.contracts.subject import Subject


class Lesson(nn.Module):
    """State of a distiller for one student and one teacher. Its parameters train along with the student's."""

    def attach(self, student: nn.Module, teacher: nn.Module) -> AbstractContextManager[object]:
        """Hooks on both for as long as the student trains; they must leave what the two compute as it is."""
        return nullcontext()


class Distiller(Component, family="distillers", default="soft_targets"):
    """Knowledge that a student learns from a teacher.

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

    def prepare(self, student: Subject, teacher: Subject, context: Context) -> None:
        """Change the student's weights in place, once, before its training begins.

        Raises ValueError in one sentence when that is impossible.
        """

    def lesson(self, student: Subject, teacher: Subject) -> Lesson:
        """Lesson for these two, on the student's device; initial weights come from torch's default generator.

        Raises ValueError in one sentence when the two do not go together.
        """
        return Lesson()

    def cost(self, lesson: Lesson, outputs: Tensor, taught: Tensor) -> Tensor | None:
        """A scalar that is minimized, the mean over a batch that both models have just seen; None when there is none.

        `outputs` are the student's and `taught` the teacher's, without gradient, in the same shape: logits [batch, …,
        classes] or numbers [batch, numbers].
        """
        return None
