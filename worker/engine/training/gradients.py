"""The gradient of one batch: the loss, what goes along with it, and every penalty."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from worker.contracts.callback import Callback
from worker.contracts.families.regularizers import overriding
from worker.contracts.recipe import Recipe
from worker.engine.training.closure import Differentiated

MOST_AT_ONCE = 8192  # samples that pass through the model together when a step sees the whole training split


class Gradients:
    """Fills `.grad` of `parameters`, as the recipe that it `follow`s says."""

    def __init__(self, module: nn.Module, parameters: Sequence[Tensor], callback: Callback) -> None:
        self._module, self._parameters, self._callback = module, parameters, callback

    def follow(self, recipe: Recipe) -> None:
        """Applies this recipe from here on."""
        self._recipe = recipe
        self._on_outputs = overriding(recipe.regularizers, "output_penalty")
        self._on_gradients = overriding(recipe.regularizers, "limit_gradients")

    def take(self, inputs: Tensor, targets: Tensor, create_graph: bool = False) -> Differentiated:
        """The batch's gradient, penalties included."""
        parts = self._recipe.micro_batches
        if self._recipe.optimizer.whole or self._recipe.batch.whole:
            parts = max(parts, -(-len(targets) // MOST_AT_ONCE))
        parts = max(1, min(parts, len(targets) // 2))  # batch normalization cannot train on one sample
        if parts == 1:
            found = self._backward(inputs, targets, create_graph)
        else:
            found = self._in_parts(inputs, targets, parts, create_graph)
        for regularizer in self._recipe.regularizers:
            regularizer.add_gradients(self._parameters)
        for regularizer in self._on_gradients:
            regularizer.limit_gradients(self._parameters)
        self._callback.gradients()
        return found

    def _in_parts(self, inputs: Tensor, targets: Tensor, parts: int, create_graph: bool) -> Differentiated:
        """The mean over the batch as the weighted sum over its parts."""
        done = []
        for part, goal in zip(inputs.tensor_split(parts), targets.tensor_split(parts), strict=True):
            done.append(self._backward(part, goal, create_graph, share=len(goal) / len(targets)))
        losses, outputs, totals = zip(*done, strict=True)
        return torch.stack(losses).sum(), torch.cat(outputs), torch.stack(totals).sum()

    def _backward(self, inputs: Tensor, targets: Tensor, create_graph: bool, share: float = 1.0) -> Differentiated:
        outputs = self._module(inputs)
        loss = self._recipe.loss.loss(outputs, targets)
        total = self._callback.objective(inputs, outputs, targets, loss)
        for regularizer in self._on_outputs:
            penalty = regularizer.output_penalty(outputs, targets)
            total = total if penalty is None else total + penalty
        if share != 1.0:
            loss, total = loss * share, total * share
        torch.autograd.backward(total, create_graph=create_graph)
        return loss, outputs.detach(), total.detach()
