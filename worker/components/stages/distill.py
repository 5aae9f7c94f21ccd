"""Distil a model into another, or into itself."""

from collections.abc import Sequence

from worker.compression import distillation
from worker.compression.distillation import Distillation
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.context import Context
from worker.contracts.drawing import FALLING, Picture, line
from worker.contracts.families.distillers import Distiller
from worker.contracts.families.models import Model
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Training, Transform
from worker.contracts.recipe import Recipe
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject


class Distill(Stage, Recipe):
    """Trains a student on a teacher's outputs, besides the labels.

    The teacher is the model that came in, or another run's. With a `student` the pipeline goes on with a smaller model:
    it begins with fresh weights and takes the place of the one that came in, which teaches it. Without, the model goes
    on learning from itself as it was; born again, it is reinitialized, and often ends better. The teacher
    rests, in evaluation mode; it must have learnt from the same data.
    """

    formula = "θ_S ← θ_S − α · optimizer(∇θ [Π shareᵢ · J + Σ costᵢ(z_S, z_T) + Ω(θ_S)]), z_T of the resting teacher"
    reference = "Hinton, Vinyals, Dean (2015), arXiv:1503.02531; Furlanello et al.: Born-Again Neural Networks (2018), arXiv:1805.04770"

    teacher: str | None = hyperparameter(
        None,
        max_length=64,
        marks=Mark.RUN | Mark.SAME_DATA,
        description="Run whose model teaches: its id, or `id:stage`; null takes the model that came in.",
    )
    student: Model | None = hyperparameter(
        None,
        description="Model that learns, with fresh weights, in place of the one that came in; null keeps that one.",
    )
    born_again: bool = hyperparameter(
        False, description="Give the incoming model new random weights when there is no `student`."
    )
    distillers: list[Distiller] = hyperparameter(
        [{"kind": Distiller.default_kind}],
        validate_default=True,
        min_length=1,
        max_length=8,
        description="Targets that are learnt from the teacher, all together.",
    )

    def phases(self) -> Sequence[Phase]:
        recipe = Recovery.model_validate({name: getattr(self, name) for name in Recovery.model_fields})
        return [Transform(self._meet), Training(recipe, Distillation(self.distillers))]

    def drawing(self) -> Picture:
        student = [0.8 * y - 0.05 for y in FALLING]
        return {"lines": [line(range(20), FALLING, True), line(range(20), student)]}

    def label(self) -> str:
        return "distill: " + " + ".join(distiller.label() for distiller in self.distillers)

    def _meet(self, subject: Subject, context: Context) -> Subject:
        """The student with its teacher."""
        teacher = (
            distillation.copy_subject(subject) if self.teacher is None else context.source(self.teacher, same_data=True)
        )
        begins = self.student is not None or self.born_again
        student = context.reinitialize(self.student) if begins else subject
        return distillation.with_teacher(student, teacher, self.distillers, context)
