"""Every tensor comes back bit by bit, in the coding that suits it."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.codec import grid, tensors
from worker.codec.arithmetic import Decoder, Encoder
from worker.codec.graph import Place
from worker.codec.tensors import Kind

RANDOM = np.random.default_rng(5)


def masked(values: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    return np.where(RANDOM.random(values.shape) < share, values, np.float32(0))


def picked(levels: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    return RANDOM.normal(size=levels).astype(np.float32)[RANDOM.integers(levels, size=shape)]


def floats(*shape: int) -> NDArray[np.float32]:
    return RANDOM.normal(size=shape).astype(np.float32)


ODD = np.array([0.0, -0.0, np.nan, -np.nan, np.inf, 5e-324, 1.0, 1.0], np.float64).reshape(2, 4)

TENSORS: dict[str, tuple[NDArray[Any], Kind | None, float]] = {
    "dense floats": (floats(200, 50), Kind.PLANES, 1.1),
    "masked floats": (masked(floats(200, 50), 0.05), Kind.SPARSE, 14.0),
    "masked and shared": (masked(picked(16, (200, 50)), 0.05), Kind.CODEBOOK, 50.0),
    "shared, without a mask": (picked(16, (100, 50)), Kind.CODEBOOK, 7.0),
    "shared, without a mask, large": (picked(16, (400, 200)), Kind.SYMBOLS, 7.0),
    "8-bit integers": (RANDOM.normal(0, 20, (400, 200)).astype(np.int8), None, 1.1),
    "16-bit floats": (masked(floats(60, 50), 0.1).astype(np.float16), Kind.SPARSE, 5.0),
    "zeros": (np.zeros((300, 100), np.float32), None, 900.0),
    "ones": (np.ones((7, 1), np.float32), None, 1.0),
    "one value": (np.full((1, 1), np.float32(3)), None, 0.1),
    "a row": (floats(1, 300), Kind.PLANES, 1.0),
    "nothing but odd numbers": (ODD, None, 0.5),
}


def place_of(values: NDArray[np.generic]) -> Place:
    return Place(0, values.shape[0], values.shape[1], values.itemsize)


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_comes_back_bit_by_bit_and_small(name: str) -> None:
    values, kind, ratio = TENSORS[name]
    raw, place = values.tobytes(), place_of(values)
    code = tensors.encode(raw, place)
    assert tensors.decode(code, place) == raw
    assert kind is None or code.kind is kind
    assert len(raw) > ratio * len(code.payload + code.book)


def test_a_signed_zero_is_another_zero() -> None:
    values = np.zeros((50, 40), np.float32)
    values[RANDOM.random(values.shape) < 0.5] = -0.0
    raw = values.tobytes()
    code = tensors.encode(raw, place_of(values))
    assert tensors.decode(code, place_of(values)) == raw
    assert len(code) > 200  # each sign is a bit


def coded(symbols: NDArray[np.int64], lag: int, depth: int) -> bytes:
    encoder = Encoder()
    rows, columns = symbols.shape
    grid.code(encoder, grid.Shape(rows, columns, lag, depth), symbols)
    return encoder.finish()


def test_a_grid_is_written_and_read_by_the_same_walk() -> None:
    symbols = np.array([[0, 3, 0, 0], [1, 0, 0, 2], [0, 0, 0, 4]])
    data = coded(symbols, lag=2, depth=2)
    assert np.array_equal(grid.code(Decoder(data), grid.Shape(3, 4, 2, 2)), symbols)
    assert len(data) < 8


def test_full_columns_cost_less_than_scattered_weights() -> None:
    scattered = (RANDOM.random((100, 60)) < 0.1).astype(np.int64)
    gathered = np.sort(scattered.ravel()).reshape(60, 100).T
    assert gathered.sum() == scattered.sum()
    assert len(coded(gathered, 2, 0)) < 0.3 * len(coded(scattered, 2, 0))


def test_the_width_of_the_picture_is_found_and_worth_it() -> None:
    """Rows of 12 × 12 pixels in which vertical strokes stand."""
    pictures = np.zeros((80, 12, 12), np.int64)
    for picture in pictures:
        picture[3:9, RANDOM.integers(12)] = 1
    rows = pictures.reshape(80, -1)
    assert grid.best_lag(rows > 0) == 12
    assert len(coded(rows, 12, 0)) < 0.8 * len(coded(rows, 5, 0))


@pytest.mark.parametrize("shape", [(1, 1), (5, 1), (1, 2), (3, 3)])
def test_small_grids_have_a_lag_too(shape: tuple[int, int]) -> None:
    symbols = np.ones(shape, np.int64)
    lag = grid.best_lag(symbols > 0)
    data = coded(symbols, lag, 0)
    assert np.array_equal(grid.code(Decoder(data), grid.Shape(*shape, lag, 0)), symbols)
