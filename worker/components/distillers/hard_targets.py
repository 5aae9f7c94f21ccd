"""Hard targets."""

from torch import Tensor
from torch.nn import functional

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.distillers import Distiller, Lesson


class HardTargets(Distiller):
    """Takes the class that the teacher would choose for a label, beside the true one or instead of it.

    This often corrects labels that are wrong in the data. A share α of the loss of the true labels stays.
    """

    formula = "J = α · loss + (1 − α) · (−log softmax(z_S)_c), c = argmax z_T"
    reference = "Touvron et al.: Training data-efficient image transformers, section 4 (2021), arXiv:2012.12877"
    needs = ("classes",)

    alpha: float = hyperparameter(
        0.5, ge=0, le=1, marks=Mark.LIVE, description="Share α of the loss of the true labels that stays."
    )

    @property
    def share(self) -> float:
        return self.alpha

    def targets(self, logits: Tensor) -> Tensor:
        return functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)

    def cost(self, lesson: Lesson, outputs: Tensor, teacher_outputs: Tensor) -> Tensor:
        labels = teacher_outputs.argmax(-1).flatten()
        return (1 - self.alpha) * functional.cross_entropy(outputs.flatten(0, -2), labels)
