"""A small picture of what each component does, for the catalog: computed with the component itself where that can be, else its own drawing.

A picture is plain JSON: `lines` {x, y, faint}, `bars` {label, value}, and `cells`, grids of shades 0 … 1.
"""

from collections.abc import Callable
from typing import Any

import torch

from worker.contracts.component import Component
from worker.contracts.drawing import Picture
from worker.contracts.families.augmentations import Augmentation
from worker.contracts.families.averages import Average
from worker.contracts.families.batches import BatchPolicy
from worker.contracts.families.datasets import Dataset
from worker.contracts.families.distillers import Distiller
from worker.contracts.families.distributions import Distribution
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.initializations import Initialization
from worker.contracts.families.losses import Loss
from worker.contracts.families.models import Model
from worker.contracts.families.normalizations import Normalization
from worker.contracts.families.optimizers import Optimizer
from worker.contracts.families.preparations import Preparation
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.pruning_schedules import PruningSchedule
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.families.regularizers import Regularizer
from worker.contracts.families.schedules import Schedule
from worker.contracts.families.stages import Stage
from worker.contracts.families.transfers import Transfer
from worker.illustrations import data, models, training

DRAWN: dict[type[Component], Callable[[Any], Picture | None]] = {
    Stage: Stage.drawing,
    Transfer: Transfer.drawing,
    Schedule: training.schedule,
    BatchPolicy: training.batches,
    Optimizer: training.optimizer,
    Regularizer: training.regularizer,
    Loss: training.loss,
    Average: training.average,
    Preparation: data.preparation,
    Distribution: data.distribution,
    Augmentation: data.augmentation,
    Model: models.model,
    Normalization: models.normalization,
    Initialization: models.initialization,
    Pruner: models.pruner,
    PruningSchedule: training.pruning_schedule,
    Fusion: models.folder,
    Quantizer: models.quantizer,
    Dataset: data.dataset,
    Distiller: Distiller.drawing,
}


def picture(component: type[Component]) -> Picture | None:
    """The picture of a component with its defaults; None where its family has none."""
    for family, draw in DRAWN.items():
        if issubclass(component, family):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                one = component()
                return one.drawing() or draw(one)
    return None
