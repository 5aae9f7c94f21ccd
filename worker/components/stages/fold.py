"""Fold layers together."""

from collections.abc import Sequence

from worker.contracts.component import choice
from worker.contracts.drawing import Picture, bars
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Transform


class Fold(Stage):
    """Merges layers into their neighbours: fewer layers that compute the same function."""

    formula = "f ∘ g = h: one layer for two"
    reference = "Jacob et al.: Quantization and Training of Neural Networks (2018), section 3.2, arXiv:1712.05877"

    folds = True

    method: Fusion = choice(Fusion, description="Layers to merge.")

    def phases(self) -> Sequence[Phase]:
        return [Transform(self.method.fold)]

    def drawing(self) -> Picture:
        return {"bars": bars({"before 1": 1.0, "before 2": 0.4, " ": 0.0, "after": 1.0})}

    def label(self) -> str:
        return f"fold: {self.method.label()}"
