"""Transfer to another task."""

from worker.contracts.component import Mark, hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.transfers import OWN, TAKEN, Transfer, take_over
from worker.contracts.subject import Subject
from worker.nn import layer_matching
from worker.nn.layer_matching import LayerName


class Task(Transfer):
    """Takes chosen layers of a model that learnt another data set or loss, and trains chosen layers for this one.

    Layers that are not copied are reinitialized and always train. Copied ones that are not to train are frozen:
    neither their weights nor their running statistics move, until a stage `unfreeze`.
    """

    formula = "θ_l ← θ'_l for l ∈ copied, else θ_l ~ initial; trained: l ∈ trained or l ∉ copied"
    reference = "Pan, Yang: A Survey on Transfer Learning (2010), doi:10.1109/TKDE.2009.191"

    source: str = hyperparameter(
        "", max_length=64, marks=Mark.RUN, description="Run whose layers are taken: its id, or `id:stage`."
    )
    copied: list[LayerName] = hyperparameter(
        [], max_length=64, description="Layers that are taken over; when empty, all but the last."
    )
    trained: list[LayerName] = hyperparameter(
        [], max_length=64, description="Layers that train; when empty, all of them."
    )

    def transfer(self, subject: Subject, context: Context) -> Subject:
        layers = list(layer_matching.layers(subject.module))
        copied = layer_matching.find_layers(subject.module, self.copied) or layers[:-1] or layers
        trained = layer_matching.find_layers(subject.module, self.trained) or layers
        renewed = [layer for layer in layers if layer not in copied]
        frozen = [layer for layer in copied if layer not in trained]
        return take_over(subject, context, self.source, copied, renewed=renewed, frozen=frozen)

    def shades(self, layers: int) -> list[float]:
        return [TAKEN] * (layers - 2) + [OWN] * 2
