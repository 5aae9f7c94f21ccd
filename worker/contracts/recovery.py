"""Training recipe of what wins back the quality that a compression step cost."""

from worker.contracts.component import hyperparameter
from worker.contracts.families.distillers import Distiller
from worker.contracts.recipe import Recipe


class Recovery(Recipe):
    """Training after a compression step, to win back what it cost."""

    distillers: list[Distiller] = hyperparameter(
        [], max_length=8, description="Targets that are learnt from the model before the compression; empty: none."
    )

    epochs: int = hyperparameter(1, ge=1, le=10_000, unit="epochs", description="Passes over the training split.")
