"""No preparation."""

from worker.contracts.families.preparations import Preparation
from worker.data.sources import Source


class NoPreparation(Preparation):
    """Leaves the inputs as they were read: for texts, or to see the effect of preparation."""

    formula = "x ← x"
    reference = "LeCun, Bottou, Orr, Müller: Efficient BackProp, section 4.3, on what is lost without it (1998)"

    def fit(self, train: Source) -> None:
        return None
