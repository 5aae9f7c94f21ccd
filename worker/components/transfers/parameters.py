"""Transfer of parameters."""

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.transfers import TAKEN, Transfer, take_over
from worker.contracts.subject import Subject
from worker.nn import layer_matching


class Parameters(Transfer):
    """Starts from another run's weights instead of random ones; all layers train.

    Every layer with the same name and the same shapes is copied, with the running statistics of its normalization. The
    others stay as they are and are listed in the run's log.
    """

    formula = "θ_l ← θ'_l for every layer l with equal name and shape"
    reference = "Yosinski et al.: How transferable are features in deep neural networks? (2014), arXiv:1411.1792"

    source: str = hyperparameter(
        "", max_length=64, marks=Mark.RUN, description="Run whose weights are taken: its id, or `id:stage`."
    )

    def transfer(self, subject: Subject, context: Context) -> Subject:
        return take_over(subject, context, self.source, list(layer_matching.layers(subject.module)))

    def shades(self, layers: int) -> list[float]:
        return [TAKEN] * layers
