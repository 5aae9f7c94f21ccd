"""Sources: whatever they are made of, they read what an array of the same would hold."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.data import sources
from worker.data.scaling import extremes, moments
from worker.data.sources import Arranged, Array, At, Cast, Joined, Source, at, blocks, identity, on_disk
from worker.data.tensors import Samples

PICTURES = np.random.default_rng(0).integers(0, 256, (20, 4, 5, 3), dtype=np.uint8)
ROWS = np.array([7, 3, 19, 3])

MADE: dict[str, tuple[Callable[[Array], Source], Array]] = {
    "an array": (lambda pictures: pictures, PICTURES),
    "rows": (lambda pictures: at(pictures, ROWS), PICTURES[ROWS]),
    "rows of rows": (lambda pictures: at(at(pictures, ROWS), np.array([2, 0])), PICTURES[[19, 7]]),
    "a range": (lambda pictures: at(pictures, slice(5, 9)), PICTURES[5:9]),
    "a range of rows": (lambda pictures: at(at(pictures, ROWS), slice(1, 3)), PICTURES[[3, 19]]),
    "channels first": (
        lambda pictures: Arranged(pictures, (0, 3, 1, 2), (3, 4, 5)),
        PICTURES.transpose(0, 3, 1, 2),
    ),
    "in a shape": (lambda pictures: Arranged(pictures, (0, 1, 2, 3), (60,)), PICTURES.reshape(20, 60)),
    "floats": (lambda pictures: Cast(pictures, np.dtype(np.float32)), PICTURES.astype(np.float32)),
    "joined": (lambda pictures: Joined(at(pictures, ROWS), PICTURES[:2]), PICTURES[[*ROWS, 0, 1]]),
    "rows of joined": (
        lambda pictures: at(Joined(at(pictures, ROWS), PICTURES[:2]), np.array([5, 0, 4])),
        PICTURES[[1, 7, 0]],
    ),
    "the first of joined": (lambda pictures: at(Joined(at(pictures, ROWS), PICTURES[:2]), slice(4)), PICTURES[ROWS]),
}
each = pytest.mark.parametrize("name", MADE)


def mapped(folder: Path, array: Array = PICTURES) -> Array:
    np.save(folder / "pictures.npy", array)
    found: Array = np.load(folder / "pictures.npy", mmap_mode="r")
    return found


@each
@pytest.mark.parametrize("where", ["memory", "file"])
def test_a_source_reads_what_an_array_would_hold(name: str, where: str, tmp_path: Path) -> None:
    make, expected = MADE[name]
    source = make(PICTURES if where == "memory" else mapped(tmp_path))
    assert (source.shape, source.dtype, len(source)) == (expected.shape, expected.dtype, len(expected))
    assert (source.ndim, source.size, source.nbytes) == (expected.ndim, expected.size, expected.nbytes)
    assert np.array_equal(np.asarray(source), expected)
    assert np.array_equal(source[np.array([1, 0])], expected[[1, 0]])
    assert np.array_equal(source[1:3], expected[1:3])
    assert np.array_equal(np.concatenate(list(blocks(source, 3))), expected)
    assert on_disk(source) == (where == "file")


@each
def test_samples_of_any_source_are_taken_without_a_copy(name: str, tmp_path: Path) -> None:
    make, expected = MADE[name]
    samples = Samples(make(mapped(tmp_path)), np.arange(len(expected)))
    taken = samples.take(np.array([1, 0])).take(np.array([1]))
    assert isinstance(taken.source, At) and not isinstance(taken.source.source, At)
    assert np.array_equal(taken.inputs, expected[[0]]) and taken.targets.tolist() == [0]


@each
def test_scalings_of_any_source_are_those_of_the_array(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, expected = MADE[name]
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1000)  # several blocks
    for found, wanted in zip(extremes(make(PICTURES)), (expected.min(axis=0), expected.max(axis=0)), strict=True):
        assert np.array_equal(found, wanted)
    scaling = moments(make(PICTURES), axis=(0,))
    assert np.allclose(scaling.mean, expected.mean(axis=0, dtype=np.float64), rtol=1e-12)
    assert np.array_equal(scaling(make(PICTURES)), scaling(expected))


def test_large_rows_come_in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK_BYTES", 8 * 60 * 6)
    assert [len(block) for block in blocks(PICTURES)] == [6, 6, 6, 2]
    monkeypatch.setattr(sources, "BLOCK_BYTES", 1)
    assert [len(block) for block in blocks(PICTURES[:2])] == [1, 1]


def test_an_identity_stands_for_the_rows_the_type_and_the_file(tmp_path: Path) -> None:
    whole = mapped(tmp_path)
    chosen = [
        whole,
        whole[:10],
        whole[10:],
        whole[::2],
        at(whole, ROWS),
        at(whole, ROWS[::-1]),
        Cast(whole, np.dtype(np.float32)),
        Cast(whole, np.dtype(np.float64)),
        Arranged(whole, (0, 3, 1, 2), (3, 4, 5)),
        Arranged(whole, (0, 1, 2, 3), (60,)),
    ]
    names = [identity(source) for source in chosen]
    assert None not in names and len(set(names)) == len(chosen)
    again = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    assert identity(at(again, ROWS)) == names[4]
    other = mapped(tmp_path, PICTURES + 1)
    assert identity(at(other, ROWS)) != names[4]


def test_what_is_computed_from_a_file_lies_in_memory(tmp_path: Path) -> None:
    for computed in (mapped(tmp_path).astype(np.float32), mapped(tmp_path) + 1, mapped(tmp_path)[ROWS]):
        assert not on_disk(computed) and identity(computed) is None


@each
def test_what_lies_in_memory_has_no_identity(name: str) -> None:
    assert identity(MADE[name][0](PICTURES)) is None
