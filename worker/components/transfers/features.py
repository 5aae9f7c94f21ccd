"""Transfer of features."""

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.transfers import FROZEN, OWN, Transfer, take_over
from worker.contracts.subject import Subject
from worker.nn import layer_matching
from worker.nn.layer_matching import LayerName


class Features(Transfer):
    """Keeps another run's layers unchanged and trains a new head on their features; fast, and good with little data.

    All layers but the head are copied and frozen: neither their weights nor their running statistics move, in no later
    stage's training, until a stage `unfreeze`. The head is reinitialized. A layer that does not match the other run's by
    name and shape cannot be copied: it trains with the head, and the run's log says so.
    """

    formula = "z = W h(x; θ') + b, θ' fixed, W and b trained"
    reference = "Razavian et al.: CNN Features off-the-shelf (2014), arXiv:1403.6382"

    source: str = hyperparameter(
        "", max_length=64, marks=Mark.RUN, description="Run whose layers are kept: its id, or `id:stage`."
    )
    head: list[LayerName] = hyperparameter(
        [], max_length=64, description="Layers that start again and train; when empty, the last layer alone."
    )

    def transfer(self, subject: Subject, context: Context) -> Subject:
        layers = list(layer_matching.layers(subject.module))
        head = layer_matching.find_layers(subject.module, self.head) or layers[-1:]
        kept = [layer for layer in layers if layer not in head]
        return take_over(subject, context, self.source, kept, renewed=head, frozen=kept)

    def shades(self, layers: int) -> list[float]:
        return [FROZEN] * (layers - 1) + [OWN]
