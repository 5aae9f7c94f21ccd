"""Storage tiers: the same batches bit for bit, from wherever they lie."""

from pathlib import Path

import numpy as np
import pytest
import torch

from worker.data.tensors import Corpus, Samples, Scaling
from worker.engine.input import storage
from worker.engine.input.storage import TIERS, Storing, store
from worker.engine.input.trials import trials

INDEX = torch.tensor([3, 0, 7, 7])


def corpus(count: int = 12, dtype: type = np.uint8) -> Corpus:
    random = np.random.default_rng(0)
    parts = [
        Samples(random.integers(0, 256, (count, 1, 8, 8)).astype(dtype), random.integers(0, 3, count)) for _ in range(3)
    ]
    return Corpus(*parts, "classification", 3)


SCALING = Scaling(np.full((1, 1, 1), 100.0, np.float32), np.full((1, 1, 1), 37.0, np.float32))


@pytest.mark.parametrize("augmented", [False, True])
@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("scaling", [SCALING, None])
def test_every_tier_gives_the_same_batches(
    tier: storage.Tier, scaling: Scaling | None, augmented: bool, tmp_path: Path
) -> None:
    raw = corpus()
    data = store(raw, scaling, Storing(tier, "cpu", tmp_path, augmented))
    inputs, targets = data.train.batch(INDEX)
    expected = raw.train.inputs[INDEX.numpy()].astype(np.float32)
    assert np.array_equal(inputs.numpy(), scaling(expected) if scaling else expected)
    assert targets.tolist() == raw.train.targets[INDEX.numpy()].tolist()
    whole = torch.cat([batch for batch, _ in data.train.batches(5)])
    assert torch.equal(whole[INDEX], inputs)


def test_pixels_are_what_was_read_and_prepare_scales_them(tmp_path: Path) -> None:
    raw = corpus()
    train = store(raw, SCALING, Storing("device", "cpu", tmp_path, augmented=True)).train
    pixels, _ = train.pixels(INDEX)
    assert pixels.min() >= 0 and pixels.max() <= 1
    assert torch.allclose(pixels * 255, torch.from_numpy(raw.train.inputs[INDEX.numpy()]).float(), atol=1e-4)
    assert torch.allclose(train.prepare(pixels), train.batch(INDEX)[0], atol=1e-5)


def test_memory_and_disk_keep_bytes_as_bytes(tmp_path: Path) -> None:
    for tier in ("memory", "disk"):
        train = store(corpus(), SCALING, Storing(tier, "cpu", tmp_path)).train  # type: ignore[arg-type]
        assert train.inputs.dtype == torch.uint8
    assert list(tmp_path.iterdir()) == []  # the file is gone as soon as nobody needs its name


def test_by_itself_the_fastest_that_fits_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = corpus()
    needed = raw.train.inputs.size * 4
    for free, tier in [(needed / 0.4 + 1, "device"), (needed * 0.9, "memory"), (raw.train.inputs.nbytes, "disk")]:
        monkeypatch.setattr(storage, "free_bytes", lambda device, free=free: int(free))
        assert Storing("auto", "cpu", tmp_path).choose(raw) == tier


def test_each_tier_is_measured(tmp_path: Path) -> None:
    found = {trial.tier: trial for trial in trials(corpus(600), SCALING, Storing("auto", "cpu", tmp_path))}
    assert found.keys() == set(TIERS) and all(trial.samples_a_second > 0 for trial in found.values())
    assert [trial.bytes_a_sample for trial in found.values()] == [4 * 64, 64, 64]


def test_numbers_are_learnt_in_units_of_their_deviation(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    parts = [Samples(random.normal(size=(50, 4)), random.normal(150, 80, (50, 1))) for _ in range(3)]
    data = store(Corpus(*parts, "regression", 1), None, Storing("auto", "cpu", tmp_path))
    assert data.train.targets.mean().abs() < 1e-5 and data.train.targets.std(correction=0) == pytest.approx(1, abs=1e-5)
    assert data.unit[0] == pytest.approx(parts[0].targets.std(), rel=1e-5)
