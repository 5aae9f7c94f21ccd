"""Soft targets."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.distillers import Distiller, Lesson


class SoftTargets(Distiller):
    """Learns the teacher's probability of every class: the classes that it confuses say more than the label alone.

    Both outputs are divided by the temperature before the softmax, so that small probabilities count. The factor T² keeps
    the gradient's size as the temperature changes. A share α of the loss of the true labels stays.
    """

    formula = "J = α · loss + (1 − α) T² KL(softmax(z_T / T) ‖ softmax(z_S / T))"
    reference = "Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network (2015), arXiv:1503.02531"
    needs = ("classes",)

    temperature: float = hyperparameter(
        4.0, ge=1, le=100, marks=Mark.LIVE, description="T, which softens both outputs."
    )
    alpha: float = hyperparameter(
        0.1, ge=0, le=1, marks=Mark.LIVE, description="Share α of the loss of the true labels that stays."
    )

    @property
    def share(self) -> float:
        return self.alpha

    def targets(self, logits: Tensor) -> Tensor:
        return functional.softmax(logits / self.temperature, dim=-1)

    def cost(self, lesson: Lesson, outputs: Tensor, teacher_outputs: Tensor) -> Tensor:
        student, teacher = (
            functional.log_softmax(logits / self.temperature, dim=-1).flatten(0, -2)
            for logits in (outputs, teacher_outputs)
        )
        divergence = functional.kl_div(student, teacher, reduction="batchmean", log_target=True)
        return (1 - self.alpha) * self.temperature**2 * divergence
