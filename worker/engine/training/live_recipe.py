"""A recipe that people change while it trains."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from worker.contracts.live_parameters import set_parameter
from worker.contracts.recipe import Recipe
from worker.data.tensors import Data
from worker.engine.training import probe


class LiveRecipe:
    """The recipe that holds `now`, and the one that holds from the next epoch on: another batch size waits for that."""

    def __init__(self, recipe: Recipe) -> None:
        self.now = self._upcoming = recipe
        self._fitted = False  # whether the batch policy is fitted to model and device

    @property
    def waits(self) -> bool:
        """Returns whether something of it holds from the next epoch on."""
        return self._upcoming.batch != self.now.batch

    def fit(self, module: nn.Module, data: Data) -> str | None:
        """Fit the batch policy to the model and the device, unless a checkpoint has told which one it became.

        Returns what is to be said of the choice.
        """
        if self._fitted:
            return None
        seconds = probe.step_seconds(module, data, self.now)
        batch = self.now.batch.fit(len(data.train), seconds)
        self.now = self._upcoming = self.now.model_copy(update={"batch": batch})
        self._fitted = True
        return batch.report()

    def turn(self, path: str, value: Any) -> Any:
        """Set the live parameter at `path`; returns what it was. Raises ValueError in one sentence when it is none, or
        the value is out of its bounds."""
        self._upcoming, old = set_parameter(self._upcoming, path, value)
        self.now = self._upcoming.model_copy(update={"batch": self.now.batch})
        return old

    def enter_epoch(self) -> None:
        """Let the changes that waited for the start of an epoch hold from here on."""
        self.now = self._upcoming

    def state(self) -> list[dict[str, Any]]:
        return [recipe.model_dump(mode="json") for recipe in (self.now, self._upcoming)]

    def load(self, state: list[Mapping[str, Any]]) -> None:
        self.now, self._upcoming = (type(self.now).model_validate(recipe) for recipe in state)
        self._fitted = True
