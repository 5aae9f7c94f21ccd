"""Reads, changes, prepares and stores the data of a run, and keeps them for the next run of this process with the same data."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backend.domain.catalog import Provision
from worker.contracts.families.datasets import Dataset, PooledDataset
from worker.contracts.families.distributions import Distribution
from worker.contracts.families.preparations import Preparation
from worker.contracts.recipe import Recipe
from worker.data.array_files import NoRoomError
from worker.data.pool import Block, Pool, Reading
from worker.data.sources import identity
from worker.data.tensors import Corpus, Data, Scaling
from worker.engine.input.storage import Storing, store
from worker.engine.summaries import data_summaries


@dataclass(frozen=True)
class Wanted:
    """Data that a spec asks for. The parts are JSON text, so that equal ones are found again."""

    dataset: str
    preparation: str
    distribution: str
    storage: Literal["auto", "device", "memory", "disk"]
    augmented: bool  # whether a recipe needs the images as they were read

    @classmethod
    def of(cls, spec: Mapping[str, Any], recipes: Sequence[Recipe]) -> "Wanted":
        dataset, preparation, distribution = (
            json.dumps(spec[name], sort_keys=True) for name in ("dataset", "preparation", "distribution")
        )
        augmented = any(recipe.augmentations for recipe in recipes)
        return cls(dataset, preparation, distribution, spec["storage"], augmented)

    @classmethod
    def default(cls, dataset: Mapping[str, Any]) -> "Wanted":
        """A whole dataset with its default preparation."""
        chosen = Dataset.choose(dataset)
        provisions = [item if isinstance(item, Provision) else Provision(trait=item) for item in chosen.provides]
        traits = {provision.trait for provision in provisions if provision.holds(dataset)}
        kinds = (kind for trait, kind in Preparation.default_kinds.items() if trait in traits)
        preparation = {"kind": next(kinds, Preparation.default_kind)}
        return cls(json.dumps(dataset, sort_keys=True), json.dumps(preparation), "[]", "auto", augmented=False)


@lru_cache(maxsize=2)
def load(wanted: Wanted, data_dir: Path, seed: int, device: str) -> Data:
    """The data on the device. Raises ValueError in one sentence when it is missing or damaged."""
    whole = whole_of(wanted, data_dir, seed)
    corpus = transform(whole, wanted, seed)
    scaling = kept_scaling(corpus, wanted, _pool(data_dir))
    storing = Storing(wanted.storage, device, data_dir / "cache", wanted.augmented)
    shown = data_summaries.of_data(whole, corpus, scaling, storing)
    return replace(store(corpus, scaling, storing), shown=shown)


def whole_of(wanted: Wanted, data_dir: Path, seed: int) -> Corpus:
    """The corpus as the dataset reads it."""
    dataset = Dataset.choose(json.loads(wanted.dataset))
    folder = data_dir / "datasets" / dataset.kind
    if isinstance(dataset, PooledDataset):
        reading = replace(dataset.rows(folder), settings=wanted.dataset)
        return dataset.splits(_pool(data_dir).open(reading), seed)
    return dataset.load(folder, seed)


def _pool(data_dir: Path) -> Pool:
    return Pool(data_dir / "cache" / "pool")


def transform(corpus: Corpus, wanted: Wanted, seed: int) -> Corpus:
    """The corpus with its training split changed as the spec says; validation and test stay as they are."""
    for change in json.loads(wanted.distribution):
        corpus = replace(corpus, train=Distribution.choose(change).reshape(corpus, seed))
    return corpus


def fit_scaling(corpus: Corpus, wanted: Wanted) -> Scaling | None:
    """The scaling fitted on what was read of the training split: made-up samples and the other splits play no part."""
    return Preparation.choose(json.loads(wanted.preparation)).fit(corpus.train.read().source)


def kept_scaling(corpus: Corpus, wanted: Wanted, pool: Pool) -> Scaling | None:
    """As `fit_scaling`, but what was fitted before to the same samples of the same file is not fitted again."""
    samples = identity(corpus.train.read().source)
    if samples is None:
        return fit_scaling(corpus, wanted)
    fitted: list[Scaling | None] = []

    def fit() -> Iterator[Block]:
        found = fit_scaling(corpus, wanted)
        fitted.append(found)
        parts = [] if found is None else np.broadcast_arrays(found.mean, found.scale)
        yield np.array(parts), np.zeros(len(parts))

    try:
        found = pool.open(Reading(fit, settings=f"{wanted.preparation} of {samples}"))
    except NoRoomError:
        return fitted[0] if fitted else fit_scaling(corpus, wanted)
    return Scaling(*np.array(found.source)) if len(found) else None
