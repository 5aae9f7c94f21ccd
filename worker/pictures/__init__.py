"""A small picture of what each component does, for the catalog: computed with the component itself where that can be.

A picture is plain JSON: `lines` {x, y, faint}, `bars` {label, value}, and `cells`, grids of shades 0 … 1.
"""

from collections.abc import Callable
from typing import Any

import torch

from worker.augmentations import Augmentation
from worker.averages import Average
from worker.batches import BatchPolicy
from worker.component import Component
from worker.datasets import Dataset
from worker.distillers import Distiller
from worker.distributions import Distribution
from worker.folders import Folder
from worker.initializations import Initialization
from worker.losses import Loss
from worker.models import Model
from worker.normalizations import Normalization
from worker.optimizers import Optimizer
from worker.pictures import data, lessons, models, pipeline, training
from worker.pictures.shapes import Picture
from worker.preparations import Preparation
from worker.pruners import Pruner
from worker.pruning_schedules import PruningSchedule
from worker.quantizers import Quantizer
from worker.regularizers import Regularizer
from worker.schedules import Schedule
from worker.stages import Stage
from worker.transfers import Transfer

DRAWN: dict[type[Component], Callable[[Any], Picture | None]] = {
    Stage: pipeline.stage,
    Transfer: pipeline.transfer,
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
    PruningSchedule: pipeline.pruning_schedule,
    Folder: models.folder,
    Quantizer: models.quantizer,
    Dataset: data.dataset,
    Distiller: lessons.distiller,
}


def picture(component: type[Component]) -> Picture | None:
    """The picture of a component with its defaults; None where its family has none."""
    for family, draw in DRAWN.items():
        if issubclass(component, family):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                return draw(component())
    return None
