"""Data in another unit are the same data: large offsets and tiny scales change neither what is learnt nor what is measured."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.worker.components.registry import make
from worker.contracts.families.losses import Loss
from worker.data.tensors import Array, Corpus, Data, Samples
from worker.engine.evaluate import score
from worker.engine.input.storage import TIERS, Storing, Tier, store

UNITS = [(60.0, 1.7e9), (1e-13, 3e-13), (1e25, -4e25), (-1.0, 0.0)]
"""Factor and offset: seconds since 1970, farads, something huge, something counted down."""
RANDOM = np.random.default_rng(5)
TABLE = RANDOM.normal(3, 5, (90, 4))
NUMBERS = TABLE @ RANDOM.normal(size=(4, 2)) + RANDOM.normal(size=(90, 2))

each_unit = pytest.mark.parametrize("unit", UNITS, ids=str)
each_scaling = pytest.mark.parametrize("kind", ["standardize", "min_max"])


def prepared(
    table: Array, kind: str, folder: Path, numbers: Array = NUMBERS, tier: Tier = "device", augmented: bool = False
) -> Data:
    parts = [Samples(table[rows], numbers[rows]) for rows in np.split(np.arange(90), [60, 75])]
    scaling = make("preparations", kind).fit(parts[0].inputs)  # type: ignore[attr-defined]
    return store(
        Corpus(*parts, "regression", numbers.shape[1]), scaling, Storing(tier, "cpu", folder, augmented=augmented)
    )


def inputs(data: Data) -> NDArray[np.float32]:
    parts = [torch.cat([batch for batch, _ in split.batches(50)]) for split in (data.train, data.validation, data.test)]
    return torch.cat(parts).numpy()


def undirected(values: Array) -> Array:
    """A unit that is counted down mirrors what a scaling makes of it."""
    return np.abs(values - values.mean(axis=0))


@each_unit
@each_scaling
def test_inputs_in_another_unit_are_the_same(unit: tuple[float, float], kind: str, tmp_path: Path) -> None:
    factor, offset = unit
    expected, found = (inputs(prepared(table, kind, tmp_path)) for table in (TABLE, factor * TABLE + offset))
    assert undirected(found) == pytest.approx(undirected(expected), abs=1e-6)


def test_the_check_of_units_catches_float32_before_the_scaling(tmp_path: Path) -> None:
    rounded = (60.0 * TABLE + 1.7e9).astype(np.float32)
    expected, found = (inputs(prepared(table, "standardize", tmp_path)) for table in (TABLE, rounded))
    assert np.abs(found - expected).max() > 0.01


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_scales_wide_numbers_alike(tier: Tier, augmented: bool, tmp_path: Path) -> None:
    table = 60.0 * TABLE + 1.7e9
    expected = inputs(prepared(table, "standardize", tmp_path))
    assert np.array_equal(inputs(prepared(table, "standardize", tmp_path, tier=tier, augmented=augmented)), expected)


@each_unit
def test_numbers_in_another_unit_are_learnt_and_measured_alike(unit: tuple[float, float], tmp_path: Path) -> None:
    factor, offset = unit
    one, other = (prepared(TABLE, "standardize", tmp_path, numbers) for numbers in (NUMBERS, factor * NUMBERS + offset))
    direction = np.sign(factor)
    assert other.train.targets.numpy() == pytest.approx(direction * one.train.targets.numpy(), abs=1e-6)
    guesses = torch.randn(15, 2)
    first = score([guesses], one.test, Loss.choose("mse"), one)
    second = score([guesses * direction], other.test, Loss.choose("mse"), other)
    assert second["r2"] == pytest.approx(first["r2"], abs=1e-6)
    assert second["mae"] == pytest.approx(first["mae"] * abs(factor), rel=1e-6)
    assert second["loss"] == pytest.approx(first["loss"], rel=1e-5)


def test_a_perfect_model_is_measured_against_the_numbers_as_they_were_read(tmp_path: Path) -> None:
    numbers = 1.7e9 + 30 * NUMBERS
    data = prepared(TABLE, "standardize", tmp_path, numbers)
    assert data.test.numbers is not None and np.array_equal(data.test.numbers.numpy(), numbers[75:])
    found = score([data.test.targets], data.test, Loss.choose("mse"), data)
    assert found["r2"] == pytest.approx(1, abs=1e-9) and found["mae"] < 1e-4


@pytest.mark.parametrize("value", [0.0, 0.1, -1.7e9, 3e-13])
@each_scaling
def test_what_is_constant_becomes_zero_whatever_its_size(value: float, kind: str) -> None:
    train = np.full((999, 1), value)
    scaling = make("preparations", kind).fit(train)  # type: ignore[attr-defined]
    assert (scaling(train) == 0).all()
    assert (scaling(train + 1) == 0).all()  # nothing was learnt of it, whatever it is elsewhere


@pytest.mark.parametrize("value", [0.0, -1.7e9, 3e-13])
def test_targets_that_do_not_vary_keep_their_value(value: float, tmp_path: Path) -> None:
    data = prepared(TABLE, "standardize", tmp_path, np.full((90, 1), value))
    assert (data.train.targets == 0).all() and data.zero == (value,) and data.unit == (abs(value) or 1.0,)
    found = score([torch.zeros(15, 1)], data.test, Loss.choose("mse"), data)
    assert (found["r2"], found["mae"]) == (1.0, 0.0)
    assert score([torch.ones(15, 1)], data.test, Loss.choose("mse"), data)["r2"] == 0.0


@settings(max_examples=60, deadline=None)
@given(
    exponent=st.integers(-60, 60),
    offset=st.floats(-1e7, 1e7, allow_subnormal=False),
    kind=st.sampled_from(["standardize", "min_max"]),
    shape=st.sampled_from([(4,), (1, 2, 2), (2, 2, 1)]),
)
def test_any_unit_gives_the_same_inputs(
    tmp_path_factory: pytest.TempPathFactory, exponent: int, offset: float, kind: str, shape: tuple[int, ...]
) -> None:
    """A unit's factor is 2^exponent, so that the numbers themselves stay exact; the offset is in deviations."""
    assume(offset == 0 or abs(offset) > 1e-3)
    table = (TABLE + offset).reshape(90, *shape)
    folder = tmp_path_factory.getbasetemp()
    expected, found = (inputs(prepared(values, kind, folder)) for values in (table, table * 2.0**exponent))
    assert np.array_equal(found, expected)
    assert np.abs(found.mean(axis=0)).max() < 2  # it is centred, not cancelled
