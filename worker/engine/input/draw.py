"""Draws the samples of each step: a pure function of the run's seed, the position in the run, and the losses so far."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing

import torch
from torch import Tensor

from worker.contracts.recipe import Recipe
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.input.augment import augment
from worker.engine.input.shuffle import order

Place = tuple[int, int, int]  # stage, phase, epoch


def planned_steps(recipe: Recipe, samples: int, run_seed: int, first: int = 0, history: Sequence[float] = ()) -> int:
    """Steps that `recipe` takes over `samples` training samples from epoch `first` on, as far as `history` tells."""
    epochs = range(first, recipe.epochs)
    if recipe.optimizer.whole:
        return len(epochs)
    return sum(recipe.batch.steps(samples, run_seed, epoch, history) for epoch in epochs)


def batches(
    data: Data, recipe: Callable[[], Recipe], run_seed: int, place: Place, history: Sequence[float], skip: int
) -> Generator[tuple[Tensor, Tensor], None, None]:
    """The epoch's batches without the first `skip`: inputs [batch, …], targets [batch, …].

    `recipe` is asked again for each batch, as augmentations may be changed on the way; the sizes are the epoch's.
    """
    places = order(data.train, seed.generator(run_seed, "shuffle", *place))
    sizes = _sizes(recipe(), len(data.train), run_seed, place[-1], history)
    with closing(data.train.fetch(torch.split(places, sizes)[skip:])) as drawn:
        for number, batch in enumerate(drawn, skip):
            if augmentations := recipe().augmentations:
                yield augment(batch, data.outputs, augmentations, seed.derive(run_seed, "augment", *place, number))
            else:
                yield batch.prepared()


def _sizes(recipe: Recipe, samples: int, run_seed: int, epoch: int, history: Sequence[float]) -> list[int]:
    return [samples] if recipe.optimizer.whole else list(recipe.batch.sizes(samples, run_seed, epoch, history))
