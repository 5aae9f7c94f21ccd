"""Measures the time of a training step on this device, with a copy of the model.

On a CPU it counts this thread's own time, not wall time. When others share the CPU, wall time would be right only for
steps that fit between two interruptions, and small batches would look several times as fast as they are.
"""

import copy
from statistics import median
from time import perf_counter, thread_time

import torch
from torch import nn

from worker.contracts.families.batches import Probe
from worker.contracts.recipe import Recipe
from worker.data.tensors import Data
from worker.engine import seed

STEPS = 3  # at least, of which the first does not count
SECONDS = 0.1  # for which steps of any size are timed: a shorter look would be luckier than a longer one


def step_seconds(module: nn.Module, data: Data, recipe: Recipe) -> Probe:
    """A probe for `recipe` with this model and data. It leaves the model and all randomness as they were."""

    def measure(size: int) -> float:
        randomness = seed.capture()
        try:
            return _measure(copy.deepcopy(module), data, recipe, size)
        except torch.OutOfMemoryError as error:
            raise MemoryError(str(error)) from error
        finally:
            seed.restore(randomness)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    return measure


def _measure(module: nn.Module, data: Data, recipe: Recipe, size: int) -> float:
    """Median over the steps that fit into the time, after one that does not count."""
    module.train()
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=0.0)
    index = torch.arange(size) % len(data.train)
    parts = max(1, min(recipe.micro_batches, size // 2))
    clock = thread_time if data.train.targets.is_cpu else perf_counter
    times: list[float] = []
    began = perf_counter()
    while len(times) < STEPS or perf_counter() - began < SECONDS:
        start = clock()
        inputs, targets = data.train.batch(index)
        optimizer.zero_grad()
        for part, goal in zip(inputs.tensor_split(parts), targets.tensor_split(parts), strict=True):
            torch.autograd.backward(recipe.loss.loss(module(part), goal) / parts)
        optimizer.step()
        if inputs.is_cuda:
            torch.cuda.synchronize()
        times.append(clock() - start)
    return median(times[1:])
