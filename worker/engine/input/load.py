"""Reads, changes, prepares and stores the data of a run, and keeps them for the next run of this process with the same data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from backend.domain.catalog import Provision
from worker.contracts.families.datasets import Dataset
from worker.contracts.families.distributions import Distribution
from worker.contracts.families.preparations import Preparation
from worker.contracts.recipe import Recipe
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
    scaling = fit_scaling(corpus, wanted)
    storing = Storing(wanted.storage, device, data_dir / "cache", wanted.augmented)
    shown = data_summaries.of_data(whole, corpus, scaling, storing)
    return replace(store(corpus, scaling, storing), shown=shown)


def whole_of(wanted: Wanted, data_dir: Path, seed: int) -> Corpus:
    """The corpus as the dataset reads it."""
    dataset = Dataset.choose(json.loads(wanted.dataset))
    return dataset.load(data_dir / "datasets" / dataset.kind, seed)


def transform(corpus: Corpus, wanted: Wanted, seed: int) -> Corpus:
    """The corpus with its training split changed as the spec says; validation and test stay as they are."""
    for change in json.loads(wanted.distribution):
        corpus = replace(corpus, train=Distribution.choose(change).reshape(corpus, seed))
    return corpus


def fit_scaling(corpus: Corpus, wanted: Wanted) -> Scaling | None:
    """The scaling fitted on what was read of the training split: made-up samples and the other splits play no part."""
    train = corpus.train
    return Preparation.choose(json.loads(wanted.preparation)).fit(train.inputs[: len(train) - train.generated])
