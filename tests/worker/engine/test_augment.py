"""Training with augmentations: exact, on every tier of storage, with mixed targets."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import chunks
from tests.worker.components.registry import components
from tests.worker.engine.harness import Ledger, MemoryLink, assignment, run
from tests.worker.engine.test_exactness import killed_often, undisturbed
from tests.worker.engine.test_storage import INDEX, SCALING, corpus
from worker.contracts.families.augmentations import Augmentation
from worker.engine import seed
from worker.engine.input import draw
from worker.engine.input.augment import augment
from worker.engine.input.storage import TIERS, Storing, Tier, store
from worker.pipe.messages import Finished, Points

EVERY = [{"kind": kind} for kind in sorted(components("augmentations"))]
SHIFTS = [{"kind": "random_crop", "padding": 1}, {"kind": "rotation"}]
MIXED = [*SHIFTS, {"kind": "mixup", "alpha": 1.0}]


def spec(augmentations: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    train = {"kind": "train", "epochs": 2, "batch": {"kind": "fixed", "size": 64}, "augmentations": augmentations}
    model = {"kind": "mlp", "hidden": [16], "dropout": 0.3}
    return {"dataset": {"kind": "digits"}, "model": model, "stages": [train], **more}


def columns(link: MemoryLink, name: str) -> list[float]:
    found = [chunks.decode(points.chunk).metrics.get(name, np.empty(0)) for points in link.all(Points)]
    values: list[float] = np.concatenate(found).tolist()
    return values


@pytest.mark.parametrize("augmentations", [EVERY[::2], EVERY[1::2]], ids=["one half", "the other"])
def test_killed_runs_end_like_undisturbed_ones(
    augmentations: list[dict[str, Any]], catalog: Catalog, eager: Settings
) -> None:
    expected = undisturbed(assignment(spec(augmentations), catalog), eager)
    work = assignment(spec(augmentations), catalog, run_id="killed")
    ledger, kills = killed_often(work, eager, random.Random(str(augmentations)))
    assert kills >= 2
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points
    assert ledger.doubled == []


def test_pixels_that_depend_on_what_ran_before_are_caught(
    catalog: Catalog, eager: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: augmentations drawn from a generator that runs on do not survive a kill."""
    calls = iter(range(10**6))
    monkeypatch.setattr(
        draw, "augment", lambda batch, outputs, chain, number: augment(batch, outputs, chain, next(calls))
    )
    expected = undisturbed(assignment(spec(MIXED), catalog), eager)
    ledger, kills = killed_often(assignment(spec(MIXED), catalog, run_id="killed"), eager, random.Random(3))
    assert kills >= 2 and ledger.hashes != expected.hashes


def test_every_tier_trains_alike(catalog: Catalog, settings: Settings) -> None:
    ledgers: list[Ledger] = [
        undisturbed(assignment(spec(MIXED, storage=tier), catalog, run_id=tier), settings) for tier in TIERS
    ]
    assert ledgers[0].hashes == ledgers[1].hashes == ledgers[2].hashes
    assert ledgers[0].points == ledgers[1].points == ledgers[2].points
    plain = undisturbed(assignment(spec([]), catalog, run_id="plain"), settings)
    assert plain.hashes != ledgers[0].hashes


@pytest.mark.parametrize("tier", TIERS)
def test_a_batch_is_scaled_after_it_was_changed(tier: Tier, tmp_path: Path) -> None:
    raw = corpus()
    data = store(raw, SCALING, Storing(tier, "cpu", tmp_path, augmented=True))
    (flip,) = chain("horizontal_flip", p=1)
    inputs, targets = augment(data.train.pick(INDEX), data.outputs, [flip], 5)
    pixels = raw.train.inputs[INDEX.numpy()][..., ::-1].astype(np.float32)
    assert torch.allclose(inputs, torch.from_numpy(SCALING(pixels)), atol=1e-5)
    assert targets.tolist() == raw.train.targets[INDEX.numpy()].tolist()


def chain(kind: str, **fields: Any) -> list[Augmentation]:
    return [Augmentation.choose({"kind": kind, **fields})]


def test_classes_become_shares_only_when_something_mixes(tmp_path: Path) -> None:
    data = store(corpus(), SCALING, Storing("device", "cpu", tmp_path, augmented=True))
    assert augment(data.train.pick(INDEX), data.outputs, chain("noise"), 1)[1].shape == (4,)
    shares = augment(data.train.pick(INDEX), data.outputs, chain("mixup", alpha=1), 1)[1]
    assert shares.shape == (4, 3) and torch.allclose(shares.sum(1), torch.ones(4))


def test_mixed_targets_train_and_accuracy_counts_the_larger_share(catalog: Catalog, settings: Settings) -> None:
    work = spec([{"kind": "cutmix", "p": 0.5}, {"kind": "mixup", "alpha": 0.4}])
    work["stages"][0] |= {"epochs": 12, "optimizer": {"kind": "adam", "lr": 0.01}}
    link = run(assignment(work, catalog), settings)
    assert link.finished == Finished(RunState.SUCCEEDED)
    loss, accuracy = columns(link, "train/loss"), columns(link, "train/accuracy")
    assert np.mean(loss[-20:]) < np.mean(loss[:5]) - 0.5
    assert 0.4 < np.mean(accuracy[-20:]) < 1
    assert columns(link, "validation/accuracy")[-1] > 0.9


def test_the_pixels_of_a_step_depend_on_its_place_alone(tmp_path: Path) -> None:
    data = store(corpus(), SCALING, Storing("device", "cpu", tmp_path, augmented=True))
    place = seed.derive(0, "augment", 0, 0, 1, 7)
    first = augment(data.train.pick(INDEX), data.outputs, chain("noise"), place)[0]
    torch.rand(5)
    assert torch.equal(first, augment(data.train.pick(INDEX), data.outputs, chain("noise"), place)[0])
    assert not torch.equal(
        first, augment(data.train.pick(INDEX), data.outputs, chain("noise"), seed.derive(0, "augment", 0, 0, 1, 8))[0]
    )
