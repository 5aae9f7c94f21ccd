"""Trials of the storage tiers: the speed of each on this machine."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import cycle
from math import prod
from time import perf_counter

import numpy as np
import torch

from worker.data.tensors import Corpus, Scaling, Split
from worker.engine.input.storage import TIERS, Storing, Tier, on_tier

BATCH, BATCH_BYTES, BATCHES = 256, 4 << 20, 8  # samples of a batch, bytes of their floats, and batches that differ
SECONDS = 0.015


@dataclass(frozen=True)
class Trial:
    """Speed of a tier on this machine, and the bytes of each sample there."""

    tier: Tier
    samples_a_second: float
    bytes_a_sample: float


def trials(corpus: Corpus, scaling: Scaling | None, storing: Storing) -> Iterator[Trial]:
    """Each tier in turn, tried with random batches of a few samples from all over the training split."""
    size = max(1, min(BATCH, BATCH_BYTES // (4 * max(1, prod(corpus.input_shape)))))
    count = min(len(corpus.train), BATCHES * size)
    few = corpus.train.take(np.linspace(0, len(corpus.train) - 1, count).astype(np.int64))
    for tier in TIERS:
        split = on_tier(few, corpus, scaling, replace(storing, tier=tier))
        yield Trial(tier, _samples_a_second(split, size, storing.device), split.inputs.nbytes / len(split))


def _samples_a_second(split: Split, size: int, device: str) -> float:
    """Samples a second in batches of `size`, fetched as a training fetches them."""
    random = torch.Generator().manual_seed(0)
    orders = [torch.randint(len(split), (min(size, len(split)),), generator=random) for _ in range(BATCHES)]
    with closing(split.fetch(cycle(orders))) as batches:
        next(batches).prepared()
        _wait(device)
        began, taken = perf_counter(), 0
        while perf_counter() - began < SECONDS:
            _, targets = next(batches).prepared()
            _wait(device)  # after each batch, so that a busy machine cannot stretch the trial
            taken += len(targets)
        return taken / (perf_counter() - began)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
