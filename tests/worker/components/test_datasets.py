"""Datasets: published counts, seeded, stratified and disjoint splits, and preparation that never sees the test."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.worker.components.registry import each, make
from worker.data import Data, Split
from worker.datasets import Dataset
from worker.preparation import Fit, part, per_channel, per_feature, prepared

NOWHERE = Path("/nonexistent")  # nothing is read from here: these come with packages, or are generated


@cache
def loaded(component: type[Dataset], seed: int) -> Data:
    return component().load(NOWHERE, seed)


def splits(data: Data) -> tuple[Split, Split, Split]:
    return data.train, data.validation, data.test


@each("datasets")
def test_counts_and_shape_are_the_published_ones(component: type[Dataset]) -> None:
    data = loaded(component, 0)
    measured = {
        "train": len(data.train),
        "validation": len(data.validation),
        "test": len(data.test),
        "shape": list(data.input_shape),
        "classes": data.classes,
    }
    assert {**measured, **component.facts} == measured


@each("datasets")
def test_tensors_are_what_the_engine_expects(component: type[Dataset]) -> None:
    data = loaded(component, 0)
    for split in splits(data):
        assert split.inputs.dtype == torch.float32 and split.targets.dtype == torch.int64
        assert split.inputs.isfinite().all() and split.inputs.is_contiguous()
        assert len(split.inputs) == len(split.targets)
        assert set(split.targets.tolist()) == set(range(data.classes))


@each("datasets")
def test_image_traits_tell_the_truth(component: type[Dataset]) -> None:
    shape = loaded(component, 0).input_shape
    assert ("image" in component.provides) == (len(shape) == 3 and min(shape[1:]) >= 8)
    assert ("image_28" in component.provides) == (len(shape) == 3 and min(shape[1:]) >= 28)


@each("datasets")
def test_the_seed_decides_the_splits(component: type[Dataset]) -> None:
    first, again, other = loaded(component, 0), component().load(NOWHERE, 0), loaded(component, 1)
    for one, two in zip(splits(first), splits(again), strict=True):
        assert torch.equal(one.inputs, two.inputs) and torch.equal(one.targets, two.targets)
    assert not torch.equal(first.validation.inputs, other.validation.inputs)


def is_stratified(split: Split, data: Data) -> bool:
    """Whether each class has the share in `split` that it has in training and `split` together, to one sample."""
    both = torch.cat([data.train.targets, split.targets])
    expected = torch.bincount(both, minlength=data.classes) * len(split) / len(both)
    return bool(((torch.bincount(split.targets, minlength=data.classes) - expected).abs() <= 1.5).all())


@each("datasets")
def test_validation_is_stratified(component: type[Dataset]) -> None:
    data = loaded(component, 0)
    assert is_stratified(data.validation, data)


def test_the_stratification_check_catches_a_plain_random_split() -> None:
    data = loaded(type(make("datasets", "digits")), 0)
    order = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(0))[: len(data.validation)]
    assert not is_stratified(Split(data.train.inputs[order], data.train.targets[order]), data)


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
    data = make("datasets", "synthetic_classification", samples=2000).load(NOWHERE, 4)
    rows = torch.cat([split.inputs for split in splits(data)])
    assert len(torch.unique(rows, dim=0)) == 2000


def leaks(fit: Fit) -> bool:
    """Whether what is held out changes how the training split is prepared."""
    random = np.random.default_rng(0)
    images, targets = random.standard_normal((60, 2, 4, 4)), np.zeros(60, np.int64)
    train = (images[:20], targets[:20])
    calm = prepared(train, (images[20:40], targets[20:40]), (images[40:], targets[40:]), 1, fit)
    wild = prepared(train, (images[20:40] + 1e3, targets[20:40]), (images[40:] * 1e3, targets[40:]), 1, fit)
    return not torch.equal(calm.train.inputs, wild.train.inputs) or bool(wild.test.inputs.std() < 100)


@pytest.mark.parametrize("fit", [per_channel, per_feature])
def test_preparation_is_fitted_on_the_training_split_alone(fit: Fit) -> None:
    assert not leaks(fit)


def test_the_leak_check_catches_a_fit_that_follows_what_it_scales() -> None:
    class Following:
        def __call__(self, inputs: np.ndarray) -> np.ndarray:
            return (inputs - inputs.mean()) / inputs.std()

    assert leaks(lambda train: Following())  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("kind", ["digits", "fashion_mnist", "synthetic_classification"])
def test_training_inputs_have_zero_mean_and_unit_deviation(kind: str) -> None:
    data = loaded(type(make("datasets", kind)), 0)
    inputs = data.train.inputs.double()
    assert inputs.mean().abs() < 1e-5 and abs(inputs.std(correction=0) - 1) < 1e-4
    assert data.test.inputs.double().mean().abs() > 1e-4  # it was not fitted on what is tested


def test_scaling_equals_the_formula() -> None:
    random = np.random.default_rng(1)
    images = random.normal(3, 5, (9000, 2, 3, 3)).astype(np.float32)  # more than one block
    scaling = per_channel(images)
    assert scaling.mean.ravel() == pytest.approx(images.mean(axis=(0, 2, 3), dtype=np.float64), abs=1e-6)
    assert scaling.scale.ravel() == pytest.approx(images.std(axis=(0, 2, 3), dtype=np.float64), rel=1e-6)


def test_a_constant_feature_becomes_zero() -> None:
    table = np.stack([np.full(50, 7.0), np.arange(50.0)], axis=1).astype(np.float32)
    scaled = per_feature(table)(table)
    assert (scaled[:, 0] == 0).all() and np.isfinite(scaled).all()


def test_a_label_beyond_the_classes_is_refused() -> None:
    part_ = (np.zeros((4, 2)), np.array([0, 1, 2, 7]))
    with pytest.raises(ValueError, match="class 7"):
        prepared(part_, part_, part_, 3, per_feature)


def test_runs_of_several_seeds_share_one_generated_problem() -> None:
    def columns(seed: int, problem: int) -> torch.Tensor:
        data = make("datasets", "synthetic_classification", samples=300, problem=problem).load(NOWHERE, seed)
        return data.train.inputs.sort(0).values

    def distance(one: torch.Tensor, other: torch.Tensor) -> float:
        return float((one - other).abs().mean())

    assert distance(columns(0, 0), columns(1, 0)) < 0.5 * distance(columns(0, 0), columns(0, 1))


def test_noise_makes_the_generated_problem_harder() -> None:
    def nearest_neighbour_errors(noise: float) -> float:
        data = make("datasets", "synthetic_classification", samples=1000, noise=noise).load(NOWHERE, 0)
        nearest = torch.cdist(data.test.inputs, data.train.inputs).argmin(1)
        return float((data.train.targets[nearest] != data.test.targets).float().mean())

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
