"""The stages of a run, and what is known of them before they have run."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from worker.contracts.families.losses import Loss, default
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Training
from worker.contracts.recipe import Recipe
from worker.data.tensors import Task
from worker.engine.input.draw import planned_steps


class Route:
    """`stages` in order; those that have not begun may be replaced."""

    def __init__(self, stages: Sequence[dict[str, Any]]) -> None:
        self.stages = [Stage.choose(stage) for stage in stages]

    def restage(self, begun: int, stages: Sequence[dict[str, Any]]) -> None:
        """Let `stages` come after the first `begun` ones. Raises ValueError when one of them is none."""
        self.stages = [*self.stages[:begun], *(Stage.choose(stage) for stage in stages)]

    def dump(self) -> list[dict[str, Any]]:
        """The stages as a spec has them."""
        return [stage.model_dump(mode="json") for stage in self.stages]

    def recipes(self, first: int = 0, last: int | None = None) -> list[Recipe]:
        """The recipes of the trainings, and of those that a stage tries, from stage number `first` up to number `last`."""
        stages = self.stages[first:] if last is None else self.stages[first : last + 1]
        return [phase.recipe for stage in stages for phase in stage.phases() if phase.recipe]

    def planned_steps(self, samples: int, run_seed: int, first: int = 0) -> int:
        """Optimizer steps from stage number `first` on."""
        phases = [phase for stage in self.stages[first:] for phase in stage.phases()]
        trainings = [phase for phase in phases if isinstance(phase, Training)]
        return sum(planned_steps(training.recipe, samples, run_seed) for training in trainings)

    def loss(self, index: int, task: Task) -> Loss:
        """The loss of the last recipe up to stage `index`; before any, the default for the data."""
        recipes = self.recipes(last=index) or self.recipes()
        return recipes[-1].loss if recipes else default(task)

    def validate_for(self, module: nn.Module) -> None:
        """Ask the stages before any work is wasted on one that cannot be, as far as layers keep the shapes of `module`."""
        for index, stage in enumerate(self.stages):
            try:
                stage.validate_for(module)
            except ValueError as error:
                raise ValueError(f"Nothing was trained, because stage {index + 1} is not possible: {error}") from error
            if not stage.keeps_shapes:
                return
