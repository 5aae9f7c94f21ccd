"""Datasets: published counts, seeded, stratified and disjoint splits."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.worker.components.published_files import FUSIONS
from tests.worker.components.registry import every, make
from worker.contracts.families.datasets import Dataset
from worker.data.splits import check, part, strata
from worker.data.tensors import Array, Corpus, Samples

PUBLISHED = [dataset for dataset in every("datasets") if dataset.provides]  # what an upload is only its file tells
NOWHERE = Path("/nonexistent")  # nothing is read from here: these come with packages, or are generated


def folder_of(component: type[Dataset]) -> Path:
    """A folder with files in the published format, for what would be downloaded otherwise."""
    return FUSIONS[component.kind]() if component.kind in FUSIONS else NOWHERE


def loaded(component: type[Dataset], seed: int) -> Corpus:
    return component().load(folder_of(component), seed)


@pytest.fixture(scope="module", params=PUBLISHED, ids=lambda component: component.kind)
def component(request: pytest.FixtureRequest, small_cifar10: None) -> type[Dataset]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def corpus(component: type[Dataset]) -> Corpus:
    """Its samples for seed 0. One at a time is kept, for all tests of it."""
    return loaded(component, 0)


def splits(corpus: Corpus) -> tuple[Samples, Samples, Samples]:
    return corpus.train, corpus.validation, corpus.test


def test_counts_and_shape_are_the_published_ones(component: type[Dataset], corpus: Corpus) -> None:
    measured = {
        "train": len(corpus.train),
        "validation": len(corpus.validation),
        "test": len(corpus.test),
        "shape": list(corpus.input_shape),
        "outputs": corpus.outputs,
        "task": corpus.task,
        "bytes": sum(samples.inputs.nbytes for samples in splits(corpus)),
    }
    assert {**measured, **component.facts} == measured


def test_samples_are_what_the_engine_expects(corpus: Corpus) -> None:
    for samples in splits(corpus):
        assert len(samples.inputs) == len(samples.targets) > 0
        assert np.isfinite(samples.inputs).all() and np.isfinite(samples.targets).all()
        if corpus.task == "classification":
            assert set(samples.targets.tolist()) == set(range(corpus.outputs))
        elif corpus.task == "regression":
            assert samples.targets.shape == (len(samples), corpus.outputs)
        else:
            assert samples.inputs.dtype == np.int64 and samples.inputs.shape == samples.targets.shape
            assert 0 <= samples.inputs.min() <= samples.targets.max() < corpus.outputs
    assert len(corpus.names) in (0, corpus.outputs)


def test_traits_tell_the_truth(component: type[Dataset], corpus: Corpus) -> None:
    provides, shape = set(component.provides), corpus.input_shape
    assert ("image" in provides) == (len(shape) == 3 and min(shape[1:]) >= 8)
    assert ("image_28" in provides) == (len(shape) == 3 and min(shape[1:]) >= 28)
    assert ("tokens" in provides) == (corpus.task == "language")
    assert ("text" in provides) == bool(corpus.vocabulary)
    assert ("real" in provides) == (provides.isdisjoint({"tokens", "text"}))
    assert ("numbers" in provides) == (corpus.task == "regression") == ("classes" not in provides)
    assert ("sequence" in provides) == (len(shape) == 3 or "real" not in provides)
    if len(shape) == 3:
        assert corpus.train.inputs.min() >= 0 and corpus.train.inputs.max() <= corpus.white


def equal(one: Samples, other: Samples) -> bool:
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.targets, other.targets)


def test_the_seed_decides_the_splits(component: type[Dataset], corpus: Corpus) -> None:
    assert all(equal(one, two) for one, two in zip(splits(corpus), splits(loaded(component, 0)), strict=True))
    assert not equal(corpus.validation, loaded(component, 1).validation)


def is_stratified(samples: Samples, corpus: Corpus) -> bool:
    """True when the share of each stratum in `samples` is that in training and `samples` together, to one or two samples."""
    both: Array = strata(np.concatenate([corpus.train.targets, samples.targets]))
    expected = np.bincount(both) * len(samples) / len(both)
    found = np.bincount(both[len(corpus.train) :], minlength=len(expected))
    return bool((np.abs(found - expected) <= 2.5).all())


def test_validation_is_stratified(corpus: Corpus) -> None:
    if corpus.task != "language":
        assert is_stratified(corpus.validation, corpus)


def test_the_stratification_check_catches_a_plain_random_split() -> None:
    corpus = loaded(type(make("datasets", "digits")), 0)
    rows = np.random.default_rng(0).permutation(len(corpus.train))[: len(corpus.validation)]
    assert not is_stratified(corpus.train.take(rows), corpus)


def test_digits_are_those_of_scikit_learn() -> None:
    corpus = loaded(type(make("datasets", "digits")), 0)
    ours = sorted(
        (target, sample.tobytes())
        for part in splits(corpus)
        for target, sample in zip(part.targets, part.inputs, strict=True)
    )
    images, targets = load_digits(return_X_y=True)
    theirs = images.reshape(-1, 1, 8, 8).astype(corpus.train.inputs.dtype)
    assert ours == sorted((target, sample.tobytes()) for target, sample in zip(targets, theirs, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_disjoint_complete_and_stratified(seed: int) -> None:
    targets = np.random.default_rng(seed).integers(0, 7, 1000)
    parts = part(targets, (100, 33), seed)
    assert [len(rows) for rows in parts] == [867, 100, 33]
    assert sorted(np.concatenate(parts)) == list(range(1000))
    for rows in parts:
        expected = np.bincount(targets) * len(rows) / 1000
        assert (np.abs(np.bincount(targets[rows], minlength=7) - expected) < 2).all()


@pytest.mark.parametrize("kind", ["synthetic_classification", "synthetic_regression"])
def test_splits_of_generated_points_share_none(kind: str) -> None:
    corpus = make("datasets", kind, samples=2000).load(NOWHERE, 4)
    rows = np.concatenate([samples.inputs for samples in splits(corpus)])
    assert len(np.unique(rows, axis=0)) == 2000


def test_a_label_beyond_the_classes_is_refused() -> None:
    samples = Samples(np.zeros((4, 2)), np.array([0, 1, 2, 7]))
    with pytest.raises(ValueError, match="class 7"):
        check(Corpus(samples, samples, samples, "classification", 3))


@pytest.mark.parametrize("kind", ["synthetic_classification", "synthetic_regression"])
def test_runs_of_several_seeds_share_one_generated_problem(kind: str) -> None:
    def points(seed: int, problem: int) -> set[bytes]:
        corpus = make("datasets", kind, samples=300, problem=problem).load(NOWHERE, seed)
        return {row.tobytes() for samples in splits(corpus) for row in samples.inputs}

    assert points(0, 0) == points(1, 0) and points(0, 0).isdisjoint(points(0, 1))


def test_noise_makes_the_generated_problem_harder() -> None:
    def nearest_neighbour_errors(noise: float) -> float:
        corpus = make("datasets", "synthetic_classification", samples=1000, noise=noise).load(NOWHERE, 0)
        apart = np.linalg.norm(corpus.test.inputs[:, None] - corpus.train.inputs, axis=-1)
        return float((corpus.train.targets[apart.argmin(1)] != corpus.test.targets).mean())

    errors = [nearest_neighbour_errors(noise) for noise in (0.01, 0.3, 3.0)]
    assert errors[0] == 0 and errors[0] < errors[1] < errors[2]


def shared(one: Samples, other: Samples) -> int:
    """Number of samples, with inputs and targets, that are in both."""

    def rows(samples: Samples) -> set[bytes]:
        parts = (samples.inputs.reshape(len(samples), -1), samples.targets.reshape(len(samples), -1))
        return {row.tobytes() for row in np.concatenate([part.astype(np.float64) for part in parts], axis=1)}

    return len(rows(one) & rows(other))


def test_splits_are_disjoint(component: type[Dataset], corpus: Corpus) -> None:
    if component.kind in FUSIONS or component.kind in ("fashion_mnist", "characters", "docstrings"):
        return  # the published files repeat a few images, texts a few lines and words: their splits are of positions
    assert shared(corpus.train, corpus.validation) == shared(corpus.train, corpus.test) == 0
    assert shared(corpus.validation, corpus.test) == 0


def test_the_disjointness_check_catches_a_sample_in_two_splits() -> None:
    corpus = loaded(type(make("datasets", "wine")), 0)
    assert shared(corpus.train, corpus.train.take(np.arange(3))) == 3


def test_the_noise_of_the_generated_regression_leaves_what_it_says() -> None:
    quiet, noisy = (
        make("datasets", "synthetic_regression", samples=20_000, noise=noise).load(NOWHERE, 0).train.targets
        for noise in (0, 3)
    )
    assert quiet.std() == pytest.approx(4.88, abs=0.05)
    assert noisy.var() - quiet.var() == pytest.approx(9, rel=0.1)


def test_diabetes_is_read_in_its_own_units() -> None:
    """The package's scaled data use the mean and the deviation of the held-out samples too."""
    train = make("datasets", "diabetes").load(NOWHERE, 0).train
    assert 40 < train.inputs[:, 0].mean() < 60 and set(np.unique(train.inputs[:, 1])) == {1, 2}
