"""Datasets: published counts, seeded, stratified and disjoint splits."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.worker.components.registry import each, make
from worker.data import Array, Corpus, Samples
from worker.datasets import Dataset
from worker.splits import checked, part, strata

NOWHERE = Path("/nonexistent")  # nothing is read from here: these come with packages, or are generated


@cache
def loaded(component: type[Dataset], seed: int) -> Corpus:
    return component().load(NOWHERE, seed)


def splits(corpus: Corpus) -> tuple[Samples, Samples, Samples]:
    return corpus.train, corpus.validation, corpus.test


@each("datasets")
def test_counts_and_shape_are_the_published_ones(component: type[Dataset]) -> None:
    corpus = loaded(component, 0)
    measured = {
        "train": len(corpus.train),
        "validation": len(corpus.validation),
        "test": len(corpus.test),
        "shape": list(corpus.input_shape),
        "outputs": corpus.outputs,
    }
    assert {**measured, **component.facts} == measured


@each("datasets")
def test_samples_are_what_the_engine_expects(component: type[Dataset]) -> None:
    corpus = loaded(component, 0)
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


@each("datasets")
def test_traits_tell_the_truth(component: type[Dataset]) -> None:
    corpus, provides = loaded(component, 0), set(component.provides)
    shape = corpus.input_shape
    assert ("image" in provides) == (len(shape) == 3 and min(shape[1:]) >= 8)
    assert ("image_28" in provides) == (len(shape) == 3 and min(shape[1:]) >= 28)
    assert ("real" in provides) == (corpus.task != "language") == ("tokens" not in provides)
    assert ("numbers" in provides) == (corpus.task == "regression") == ("classes" not in provides)
    assert ("sequence" in provides) == (len(shape) == 3 or corpus.task == "language")
    if len(shape) == 3:
        assert corpus.train.inputs.min() >= 0 and corpus.train.inputs.max() <= corpus.white


def equal(one: Samples, other: Samples) -> bool:
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.targets, other.targets)


@each("datasets")
def test_the_seed_decides_the_splits(component: type[Dataset]) -> None:
    first, again, other = loaded(component, 0), component().load(NOWHERE, 0), loaded(component, 1)
    assert all(equal(one, two) for one, two in zip(splits(first), splits(again), strict=True))
    assert not equal(first.validation, other.validation)


def is_stratified(samples: Samples, corpus: Corpus) -> bool:
    """Whether each stratum has the share in `samples` that it has in training and `samples` together, to one or two."""
    both: Array = strata(np.concatenate([corpus.train.targets, samples.targets]))
    expected = np.bincount(both) * len(samples) / len(both)
    found = np.bincount(both[len(corpus.train) :], minlength=len(expected))
    return bool((np.abs(found - expected) <= 2.5).all())


@each("datasets")
def test_validation_is_stratified(component: type[Dataset]) -> None:
    corpus = loaded(component, 0)
    if corpus.task != "language":
        assert is_stratified(corpus.validation, corpus)


def test_the_stratification_check_catches_a_plain_random_split() -> None:
    corpus = loaded(type(make("datasets", "digits")), 0)
    rows = np.random.default_rng(0).permutation(len(corpus.train))[: len(corpus.validation)]
    assert not is_stratified(corpus.train.take(rows), corpus)


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_disjoint_complete_and_stratified(seed: int) -> None:
    targets = np.random.default_rng(seed).integers(0, 7, 1000)
    parts = part(targets, (100, 33), seed)
    assert [len(rows) for rows in parts] == [867, 100, 33]
    assert sorted(np.concatenate(parts)) == list(range(1000))
    for rows in parts:
        expected = np.bincount(targets) * len(rows) / 1000
        assert (np.abs(np.bincount(targets[rows], minlength=7) - expected) < 2).all()


def test_splits_of_generated_points_share_none() -> None:
    corpus = make("datasets", "synthetic_classification", samples=2000).load(NOWHERE, 4)
    rows = np.concatenate([samples.inputs for samples in splits(corpus)])
    assert len(np.unique(rows, axis=0)) == 2000


def test_a_label_beyond_the_classes_is_refused() -> None:
    samples = Samples(np.zeros((4, 2)), np.array([0, 1, 2, 7]))
    with pytest.raises(ValueError, match="class 7"):
        checked(Corpus(samples, samples, samples, "classification", 3))


def test_runs_of_several_seeds_share_one_generated_problem() -> None:
    def columns(seed: int, problem: int) -> Array:
        corpus = make("datasets", "synthetic_classification", samples=300, problem=problem).load(NOWHERE, seed)
        return np.sort(corpus.train.inputs, axis=0)

    def distance(one: Array, other: Array) -> float:
        return float(np.abs(one - other).mean())

    assert distance(columns(0, 0), columns(1, 0)) < 0.5 * distance(columns(0, 0), columns(0, 1))


def test_noise_makes_the_generated_problem_harder() -> None:
    def nearest_neighbour_errors(noise: float) -> float:
        corpus = make("datasets", "synthetic_classification", samples=1000, noise=noise).load(NOWHERE, 0)
        apart = np.linalg.norm(corpus.test.inputs[:, None] - corpus.train.inputs, axis=-1)
        return float((corpus.train.targets[apart.argmin(1)] != corpus.test.targets).mean())

    errors = [nearest_neighbour_errors(noise) for noise in (0.01, 0.3, 3.0)]
    assert errors[0] == 0 and errors[0] < errors[1] < errors[2]


def test_fashion_mnist_reads_files_put_into_the_data_folder(tmp_path: Path) -> None:
    system = Path("/usr/share/datasets/fashion-mnist")
    for file in system.glob("*.gz"):
        (tmp_path / file.name).symlink_to(file)
    damaged = tmp_path / "t10k-labels-idx1-ubyte.gz"
    damaged.unlink()
    damaged.write_bytes((system / damaged.name).read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte\.gz is damaged"):
        make("datasets", "fashion_mnist").load(tmp_path, 0)
