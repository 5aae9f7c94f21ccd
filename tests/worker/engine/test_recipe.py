"""Recipes work in real runs on digits: sizes, rates, the end of the training, and exact resuming."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import chunks
from tests.worker.engine.harness import Ledger, MemoryLink, assignment, run
from tests.worker.engine.test_exactness import killed_often, undisturbed
from worker.contracts.families.batches import Probe
from worker.engine.training import probe
from worker.pipe.messages import Finished, Points, Progress

MLP = {"kind": "mlp", "hidden": [16]}
ADAM = {"kind": "adam", "lr": 3e-3}
SAMPLES = 1439


def spec(model: dict[str, Any] = MLP, **train: Any) -> dict[str, Any]:
    stage = {"kind": "train", "epochs": 2, "batch": {"kind": "fixed", "size": 64}, "optimizer": ADAM, **train}
    return {"dataset": {"kind": "digits"}, "model": model, "stages": [stage]}


def finished(work: dict[str, Any], catalog: Catalog, settings: Settings, **more: Any) -> MemoryLink:
    link = run(assignment(work, catalog, **more), settings)
    assert link.finished == Finished(RunState.SUCCEEDED)
    return link


def curve(link: MemoryLink, name: str) -> list[float]:
    """The metric at each of its steps."""
    parts = [chunks.decode(points.chunk).metrics for points in link.all(Points)]
    return np.concatenate([metrics[name] for metrics in parts if name in metrics]).tolist()


def planned(link: MemoryLink) -> list[tuple[int, int]]:
    return [(progress.step, progress.total_steps) for progress in link.all(Progress)]


# ---- batch sizes


def test_growing_batches_grow_by_schedule(catalog: Catalog, settings: Settings) -> None:
    link = finished(
        spec(epochs=3, batch={"kind": "growing", "size": 200, "epochs": 1, "largest": 700}), catalog, settings
    )
    assert curve(link, "batch_size") == [200.0] * 7 + [39.0] + [400.0] * 3 + [239.0] + [700.0, 700.0, 39.0]
    assert planned(link)[0] == (0, 15) and planned(link)[-1] == (15, 15)


def test_growing_batches_grow_on_a_plateau(catalog: Catalog, settings: Settings) -> None:
    """A rate so low that nothing improves enough: every second epoch is a plateau."""
    growing = {"kind": "growing", "size": 360, "when": "plateau", "epochs": 2, "min_delta": 10.0, "largest": 720}
    link = finished(spec(epochs=5, batch=growing), catalog, settings)
    # the first epoch's loss is an improvement on none at all; the next two are the plateau
    assert curve(link, "batch_size") == [360.0, 360.0, 360.0, 359.0] * 3 + [720.0, 719.0] * 2
    assert planned(link)[0] == (0, 20) and planned(link)[-1] == (16, 16)


def test_random_batches_differ_and_follow_the_seed(catalog: Catalog, settings: Settings) -> None:
    work = spec(batch={"kind": "random", "lowest": 50, "highest": 150})
    first, again, other = (
        curve(finished(work, catalog, settings, seed=seed, run_id=name), "batch_size")
        for seed, name in [(1, "first"), (1, "again"), (2, "other")]
    )
    assert first == again != other
    assert len(set(first)) > 10 and sum(first) == 2 * SAMPLES


def test_the_full_batch_is_one_step_an_epoch(catalog: Catalog, settings: Settings) -> None:
    assert curve(finished(spec(batch={"kind": "full"}), catalog, settings), "batch_size") == [SAMPLES] * 2


def device(limit: int) -> Any:
    """In place of measuring: a device on which batches are faster up to `limit` samples."""

    def step_seconds(*_: object) -> Probe:
        return lambda size: 1.0 if size <= limit else size / limit

    return step_seconds


def test_an_automatic_batch_is_told_and_kept_when_the_run_resumes(
    catalog: Catalog, eager: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "step_seconds", device(32))
    work = assignment(spec(batch={"kind": "auto", "least_steps": 4}, epochs=1), catalog)
    link = run(work, eager, kill_at=12)
    texts = [body["text"] for body in link.happened(EventKind.LOG)]
    assert texts == ["Batches of 32, 32 samples/s in training: larger ones are not faster here."]
    ledger = Ledger()
    ledger.take(link.sent)
    assert ledger.resume is not None and ledger.resume.step > 0
    monkeypatch.setattr(probe, "step_seconds", device(8))  # the same run would now be given another size
    resumed = run(replace(work, resume=ledger.resume), eager)
    ledger.take(resumed.sent)
    assert resumed.happened(EventKind.LOG) == []
    sizes = [value for (name, _), value in sorted(ledger.points.items()) if name == "batch_size"]
    assert sizes == [32.0] * 44 + [31.0]
    assert planned(resumed)[-1] == (45, 45)


def test_an_automatic_batch_is_really_measured(catalog: Catalog, settings: Settings) -> None:
    link = finished(spec(batch={"kind": "auto", "least_steps": 1}, epochs=1), catalog, settings)
    sizes = curve(link, "batch_size")
    assert sum(sizes) == SAMPLES
    assert 16 <= sizes[0] <= 1024 and sizes[0].is_integer() and int(sizes[0]).bit_count() == 1
    (reported,) = (body["text"] for body in link.happened(EventKind.LOG))
    assert reported.startswith(f"Batches of {int(sizes[0]):,}, ")


# ---- rates and the end


def test_a_plateau_really_lowers_the_rate(catalog: Catalog, settings: Settings) -> None:
    schedule = {"kind": "reduce_on_plateau", "gamma": 0.5, "patience": 1, "min_delta": 10.0, "warmup_steps": 2}
    batch = {"kind": "fixed", "size": 720}
    rates = curve(finished(spec(epochs=4, batch=batch, schedule=schedule), catalog, settings), "learning_rate")
    shares = [0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    assert rates == pytest.approx([3e-3 * share for share in shares])


def test_early_stopping_ends_and_leaves_the_best_epoch(catalog: Catalog, settings: Settings) -> None:
    """At a rate as high as this the loss jumps about; the rest of the epochs is called off."""
    wild = {"optimizer": {"kind": "sgd", "lr": 1.5, "momentum": 0.0}, "epochs": 60}
    losses: dict[bool, list[float]] = {}
    for keep in (True, False):
        stopping = {"kind": "early_stopping", "patience": 2, "keep_best": keep}
        link = finished(spec(**wild, regularizers=[stopping]), catalog, settings, run_id=f"keep-{keep}")
        losses[keep] = curve(link, "validation/loss")
        left = link.done()[-1].result.validation["loss"]
        assert left == pytest.approx(min(losses[keep]) if keep else losses[keep][-1], rel=1e-6)
    history = losses[True]
    assert history == losses[False]
    assert len(history) < 60 and history.index(min(history)) == len(history) - 3
    steps = 23 * len(history)
    assert planned(link)[-1] == (steps, steps)


# ---- exactness

CASES: dict[str, dict[str, Any]] = {
    "dropout": {"regularizers": [{"kind": "dropout", "share": 0.4}]},
    "smoothing-clipping-norm": {
        "regularizers": [
            "label_smoothing",
            {"kind": "gradient_clipping", "limit": 0.5},
            {"kind": "max_norm", "limit": 1.0},
        ]
    },
    "l1-decay-swa": {
        "regularizers": [{"kind": "l1", "method": "proximal"}, "elastic_net", "decoupled_weight_decay"],
        "average": {"kind": "swa", "start": 0.2, "every": 3},
    },
    "stopping-plateau-ema": {
        "epochs": 4,
        "regularizers": [{"kind": "early_stopping", "patience": 1, "min_delta": 0.3}],
        "schedule": {"kind": "reduce_on_plateau", "patience": 1, "min_delta": 10.0},
        "average": "ema",
    },
    "growing": {
        "epochs": 4,
        "batch": {"kind": "growing", "size": 48, "when": "plateau", "epochs": 1, "min_delta": 10.0},
        "schedule": "one_cycle",
    },
    "all-on-batch-norm": {
        "model": {"kind": "cnn", "width": 4},
        "micro_batches": 3,
        "regularizers": [
            "l1",
            "dropout",
            "label_smoothing",
            "gradient_clipping",
            "max_norm",
            "decoupled_weight_decay",
            {"kind": "early_stopping", "patience": 1},
        ],
        "average": {"kind": "swa", "start": 0.5, "every": 2},
        "schedule": "warmup_stable_decay",
        "loss": "bce",
    },
    "random-focal": {"batch": "random", "loss": "focal", "schedule": {"kind": "cyclic", "warmup_steps": 3}},
}


@pytest.mark.parametrize("case", CASES)
def test_killed_runs_end_like_undisturbed_ones(case: str, catalog: Catalog, eager: Settings) -> None:
    work = spec(**CASES[case])
    expected = undisturbed(assignment(work, catalog), eager)
    ledger, kills = killed_often(assignment(work, catalog, run_id="killed"), eager, random.Random(case))
    assert kills >= 1
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points
    assert ledger.doubled == []


@pytest.mark.parametrize("case", ["dropout", "l1-decay-swa", "stopping-plateau-ema", "growing", "random-focal"])
def test_each_case_is_one_of_its_own(case: str, catalog: Catalog, eager: Settings) -> None:
    """Negative control: what the case names changes the run, so that forgetting it would show."""
    plain = undisturbed(assignment(spec(epochs=CASES[case].get("epochs", 2)), catalog), eager)
    assert undisturbed(assignment(spec(**CASES[case]), catalog, run_id="case"), eager).hashes != plain.hashes
