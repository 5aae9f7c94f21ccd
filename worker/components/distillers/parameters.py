"""Parameters."""

from collections.abc import Sequence

from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.distillers import Distiller
from worker.contracts.subject import Subject
from worker.nn import layer_matching
from worker.nn.layer_matching import LayerName


class Parameters(Distiller):
    """Starts the student from the teacher's weights, in every layer that both have.

    Layers match by name and shape; they are copied whole, with the running statistics of normalizations, and train from
    there on. Those that do not match keep their initial weights and are listed in the run's log. It adds nothing to the
    loss: put `soft_targets` or another beside it.
    """

    formula = "θ_l ← θ'_l of the teacher, before the first step, for every layer l with equal name and shape"
    reference = "Sanh et al.: DistilBERT, section 3 (2019), arXiv:1910.01108"

    layers: list[LayerName] = hyperparameter(
        [], max_length=64, description="The student's layers; when empty, all of them."
    )

    def taking_part(self, count: int) -> tuple[Sequence[int], Sequence[int]]:
        return range(count), range(count - 1)

    def prepare(self, student: Subject, teacher: Subject, context: Context) -> None:
        wanted = layer_matching.find_layers(student.module, self.layers) or list(layer_matching.layers(student.module))
        unmatched = layer_matching.copy(student.module, teacher.module, wanted)
        copied = [layer for layer in wanted if layer not in unmatched]
        if not copied:
            layer, why = next(iter(unmatched.items()))
            raise ValueError(
                f"No layer of the student matches one of the teacher by name and shape (`{layer}`: {why}): leave the "
                "distiller `parameters` out, or use a student of the teacher's kind."
            )
        student.apply_masks()
        context.log(f"Copied from the teacher: {', '.join(copied)}.")
        for layer, why in unmatched.items():
            context.log(f"Not copied from the teacher: `{layer}`, because {why}.", "warning")
