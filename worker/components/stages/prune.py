"""Prune the model."""

from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from backend.domain.catalog import Conflict
from worker.compression.recovery import recovering
from worker.contracts.component import choice, hyperparameter
from worker.contracts.context import Context
from worker.contracts.drawing import Picture
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.pruning_schedules import PruningSchedule
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Transform
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject
from worker.nn import layer_matching
from worker.nn.freezing import find_frozen


class Prune(Stage):
    """Removes weights or channels, then trains the rest to recover the accuracy.

    Without `recover` the model is left as the method leaves it. With `rewind` the weights that stay go back to what they
    were before the first stage, so that the recovery, or the training after the stage, shows whether the sparse
    network could have been trained from the beginning: a lottery ticket. Frozen layers are not rewound.
    """

    formula = "θ ← m ⊙ θ, m ∈ {0, 1}; then train θ with m held; rewound: θ ← m ⊙ θ₀ first"
    reference = "Han, Pool, Tran, Dally: Learning both Weights and Connections (2015), arXiv:1506.02626; rewound: Frankle, Carbin: The Lottery Ticket Hypothesis (2019), arXiv:1803.03635"  # fmt: skip

    conflicts = (
        Conflict(
            path="schedule",
            when={"method": "open", "schedule": "spread"},
            message="The share that {method} removes is not known in advance, so it cannot be spread over time: use "
            "`schedule: one_shot`.",
        ),
        Conflict(
            path="schedule",
            when={"method": "structured", "schedule": "grows"},
            message="{method} changes the shapes of layers, which {schedule} would need during a training: use "
            "`schedule: iterative`.",
        ),
        Conflict(
            path="recover",
            when={"recover": None, "schedule": "grows"},
            message="{schedule} masks weights while the model trains: give the stage `recover`, with the epochs for it.",
        ),
        Conflict(
            path="rewind",
            when={"method": "structured", "rewind": True},
            message="The layers after {method} have other shapes than the initial weights, so they cannot be rewound: use a "
            "method that masks weights.",
        ),
        Conflict(
            path="rewind",
            when={"schedule": "grows", "rewind": True},
            message="{schedule} prunes during the training, so there is no later training to rewind for: use "
            "`schedule: iterative`.",
        ),
    )

    method: Pruner = choice(Pruner, description="Method that chooses the weights or channels to remove.")
    schedule: PruningSchedule = choice(
        PruningSchedule, description="Timing of the pruning: at once, in rounds, or gradually."
    )
    recover: Recovery | None = hyperparameter(
        None, description="Fine-tuning after the pruning, or during it; null: none."
    )
    rewind: bool = hyperparameter(
        False, description="Set the remaining weights back to their initial values after each pruning."
    )

    def phases(self) -> Sequence[Phase]:
        if self.schedule.grows:
            assert self.recover
            return recovering([], self.recover, self.method.growing(self.schedule.grow))
        phases: list[Phase] = []
        for method in self._rounds():
            rewinding = [Transform(_rewound)] if self.rewind else []
            phases += recovering([*method.phases(), *rewinding], self.recover)
        return phases

    @property
    def keeps_shapes(self) -> bool:
        return not self.method.structured

    def validate_for(self, module: nn.Module) -> None:
        self.method.validate_for(module)

    def drawing(self) -> Picture:
        left = [[0.9 * ((x * 5 + y * 3) % 7 < 2) for x in range(12)] for y in range(6)]
        return {"cells": [[[0.9] * 12] * 6, left]}

    def label(self) -> str:
        when = "" if self.schedule.at_once else f", {self.schedule.kind.replace('_', ' ')}"
        return f"prune: {self.method.label()}{when}{', rewound' if self.rewind else ''}"

    def _rounds(self) -> list[Pruner]:
        """The method of each round."""
        share = self.method.share
        if share is None or self.schedule.at_once:
            return [self.method]
        return [self.method.step(before, after) for before, after in pairwise([0.0, *self.schedule.shares(share)])]


def _rewound(subject: Subject, context: Context) -> Subject:
    """The subject with its initial weights where it is neither masked nor frozen."""
    resting = find_frozen(subject.module)
    layers = [layer for layer in layer_matching.layers(subject.module) if layer not in resting]
    for layer, why in layer_matching.copy(subject.module, context.fresh(), layers).items():
        raise ValueError(
            f"The layer `{layer}` cannot be rewound to its initial weights, {why}: leave out the stage that changed its "
            "shape, or `rewind`"
        )
    subject.apply_masks()
    return subject
