"""Training recipe of a stage. A field that a stage leaves out is inherited from the recipe before it."""

from pydantic import BaseModel, ConfigDict

from worker.contracts.component import Mark, choice, hyperparameter
from worker.contracts.families.augmentations import Augmentation
from worker.contracts.families.averages import Average
from worker.contracts.families.batches import BatchPolicy
from worker.contracts.families.losses import Loss
from worker.contracts.families.optimizers import Optimizer
from worker.contracts.families.regularizers import Regularizer
from worker.contracts.families.schedules import Schedule


class Recipe(BaseModel):
    """The fields that every training stage shares."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = hyperparameter(10, ge=1, le=10_000, unit="epochs", description="Passes over the training split.")
    batch: BatchPolicy = choice(BatchPolicy, marks=Mark.INHERIT, description="Number of samples in each step.")
    micro_batches: int = hyperparameter(
        1,
        ge=1,
        le=64,
        marks=Mark.INHERIT,
        unit="parts",
        description="Parts of each batch whose gradients are added up before the step: the same step in less memory.",
    )
    optimizer: Optimizer = choice(
        Optimizer, marks=Mark.INHERIT, description="Rule by which the gradient changes the weights."
    )
    schedule: Schedule = choice(Schedule, marks=Mark.INHERIT, description="Course of the learning rate over the stage.")
    regularizers: list[Regularizer] = hyperparameter(
        [], max_length=8, marks=Mark.INHERIT, description="Methods against overfitting to the training split."
    )
    augmentations: list[Augmentation] = hyperparameter(
        [], max_length=8, marks=Mark.INHERIT, description="Random changes of the training images, in this order."
    )
    average: Average | None = hyperparameter(
        None,
        marks=Mark.INHERIT,
        description="Mean of the steps' weights that the stage leaves; null leaves the last step's.",
    )
    loss: Loss = choice(Loss, marks=Mark.INHERIT, description="Loss to minimize.")
