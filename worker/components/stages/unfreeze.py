"""Let frozen layers train again."""

from collections.abc import Sequence

from torch import nn

from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.drawing import Picture
from worker.contracts.families.stages import Stage
from worker.contracts.families.transfers import FROZEN, LAYERS, OWN
from worker.contracts.phases import Phase, Transform
from worker.contracts.subject import Subject
from worker.nn import layer_matching
from worker.nn.freezing import find_frozen, unfreeze
from worker.nn.layer_matching import LayerName


class Unfreeze(Stage):
    """Lets frozen layers train again: after a new head has converged, the whole model is tuned, at a lower rate."""

    formula = "∂θ_l ≠ 0 again for l ∈ layers"
    reference = "Howard, Ruder: Universal Language Model Fine-tuning (2018), section 3.3, arXiv:1801.06146"

    layers: list[LayerName] = hyperparameter(
        [], max_length=64, description="Layers that train again; when empty, all of them."
    )

    def phases(self) -> Sequence[Phase]:
        return [Transform(self._apply)]

    @property
    def keeps_shapes(self) -> bool:
        return True

    def drawing(self) -> Picture:
        return {"cells": [[[FROZEN] * LAYERS], [[OWN] * LAYERS]]}

    def validate_for(self, module: nn.Module) -> None:
        layer_matching.find_layers(module, self.layers)

    def _apply(self, subject: Subject, _: Context) -> Subject:
        named = layer_matching.find_layers(subject.module, self.layers)
        unfreeze(subject.module, named or find_frozen(subject.module))
        return subject
