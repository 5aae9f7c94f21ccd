"""Train the model."""

from collections.abc import Sequence

from worker.contracts.drawing import FALLING, Picture, line
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Training
from worker.contracts.recipe import Recipe


class Train(Stage, Recipe):
    """Trains the weights on the training split by gradient steps."""

    formula = "θ ← θ − α · optimizer(∇θ [J(θ) + Ω(θ)])"
    reference = "Goodfellow, Bengio, Courville: Deep Learning, chapter 8 (2016)"

    def phases(self) -> Sequence[Phase]:
        return [Training(Recipe.model_validate({name: getattr(self, name) for name in Recipe.model_fields}))]

    @property
    def keeps_shapes(self) -> bool:
        return True

    def drawing(self) -> Picture:
        return {"lines": [line(range(20), FALLING)]}

    def label(self) -> str:
        return f"train: {self.optimizer.kind}"
