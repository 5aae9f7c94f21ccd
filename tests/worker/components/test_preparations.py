"""Preparations: the formula by hand, and nothing but the training split is looked at."""

import numpy as np
import pytest

from tests.worker.components.registry import each, make
from worker.contracts.families.preparations import Preparation
from worker.data.sources import BLOCK
from worker.data.tensors import Corpus, Samples, Scaling
from worker.engine.input.storage import Storing, store


def images(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(3, 5, (count, 2, 3, 3)).astype(np.float32)


def test_per_channel_equals_the_formula() -> None:
    train = images(2 * BLOCK + 5)
    scaling = make("preparations", "per_channel").fit(train)
    assert scaling.mean.ravel() == pytest.approx(train.mean(axis=(0, 2, 3), dtype=np.float64), abs=1e-6)
    assert scaling.scale.ravel() == pytest.approx(train.std(axis=(0, 2, 3), dtype=np.float64), rel=1e-6)


def test_standardize_and_min_max_equal_their_formulas() -> None:
    table = np.random.default_rng(2).normal(3, 5, (100, 4))
    assert make("preparations", "standardize").fit(table)(table.astype(np.float32)) == pytest.approx(
        (table - table.mean(0)) / table.std(0), abs=1e-5
    )
    assert make("preparations", "min_max").fit(table)(table.astype(np.float32)) == pytest.approx(
        (table - table.min(0)) / (table.max(0) - table.min(0)), abs=1e-6
    )


@pytest.mark.parametrize("kind", ["standardize", "min_max"])
def test_a_constant_feature_becomes_zero(kind: str) -> None:
    table = np.stack([np.full(50, 7.0), np.arange(50.0)], axis=1).astype(np.float32)
    scaled = make("preparations", kind).fit(table)(table)
    assert (scaled[:, 0] == 0).all() and np.isfinite(scaled).all()


def leaks(fit: Preparation) -> bool:
    """True when the held-out samples change the preparation of the training split."""
    train, targets = images(20), np.zeros(20, np.int64)

    def prepared(held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        samples = Samples(held_out, targets)
        corpus = Corpus(Samples(train, targets), samples, samples, "classification", 1)
        data = store(corpus, fit.fit(train), Storing("device", "cpu", None))  # type: ignore[arg-type]
        return data.train.inputs.numpy(), data.test.inputs.numpy()

    calm, wild = prepared(images(20, 2)), prepared(images(20, 2) * 1e3)
    return not np.array_equal(calm[0], wild[0]) or bool(wild[1].std() < 100)


@each("preparations")
def test_is_fitted_on_the_training_split_alone(component: type[Preparation]) -> None:
    assert not leaks(component())


def test_the_leak_check_catches_a_fit_that_follows_what_it_scales() -> None:
    class Following(Scaling):
        def __init__(self) -> None:
            pass

        def __call__(self, inputs: np.ndarray) -> np.ndarray:
            return ((inputs - inputs.mean()) / inputs.std()).astype(np.float32)

    class Leaking:
        def fit(self, train: np.ndarray) -> Scaling:
            return Following()

    assert leaks(Leaking())  # type: ignore[arg-type]
