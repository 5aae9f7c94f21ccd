"""Take over what another run has learnt."""

from collections.abc import Sequence

from worker.contracts.component import choice
from worker.contracts.drawing import Picture
from worker.contracts.families.stages import Stage
from worker.contracts.families.transfers import LAYERS, OWN, TAKEN
from worker.contracts.families.transfers import Transfer as Method
from worker.contracts.phases import Phase, Transform


class Transfer(Stage):
    """Starts from the weights of another run instead of random ones.

    Usually the first stage, before the training. Its result is measured before anything was trained here. What is
    frozen stays so in every training that follows, also in that after a compression, until a stage `unfreeze`; the
    compression itself acts on all weights.
    """

    formula = "θ ← θ' of another run, layer by layer"
    reference = "Pan, Yang: A Survey on Transfer Learning (2010), doi:10.1109/TKDE.2009.191"
    needs = ("float",)

    method: Method = choice(Method, description="Choice of the layers that are taken over, and of those that train.")

    def phases(self) -> Sequence[Phase]:
        return [Transform(self.method.transfer)]

    def drawing(self) -> Picture:
        return {"cells": [[[TAKEN] * LAYERS], [[TAKEN] * (LAYERS - 1) + [OWN]]]}

    def label(self) -> str:
        return f"transfer: {self.method.label()}"
