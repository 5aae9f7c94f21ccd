"""A run that was killed, however often and wherever, ends exactly where an undisturbed one ends."""

import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import Ledger, assignment, run, settings_for
from worker.components.pruners.movement import Moving
from worker.compression.gradual_masking import Growing
from worker.contracts.component import discover
from worker.engine import seed
from worker.engine.training.trainer import Trainer
from worker.pipe.messages import Assignment, Checkpoint, Finished, FromTrainer

MLP = {"kind": "mlp", "hidden": [16], "dropout": 0.3}
CNN = {"kind": "cnn", "width": 4, "norm": "batch"}
ADAM = {"kind": "adam", "lr": 3e-3}
TRAIN = {"kind": "train", "epochs": 2, "batch": {"kind": "fixed", "size": 64}}
PRUNE = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.6}, "recover": {"epochs": 1}}


def spec(model: dict[str, Any], optimizer: dict[str, Any], *more: dict[str, Any]) -> dict[str, Any]:
    schedule = {"kind": "cosine", "warmup_steps": 5}
    train = {**TRAIN, "optimizer": optimizer, "schedule": schedule}
    return {"dataset": {"kind": "digits"}, "model": model, "stages": [train, *more]}


def undisturbed(work: Assignment, settings: Settings) -> Ledger:
    ledger = Ledger()
    link = run(work, settings)
    assert link.finished == Finished(RunState.SUCCEEDED)
    ledger.take(link.sent)
    return ledger


def killed_often(work: Assignment, settings: Settings, dice: random.Random) -> tuple[Ledger, int]:
    """Kill at a random message, resume from the last checkpoint, until the run gets through; and the kills.

    A life that left no checkpoint is followed by a longer one: how many messages a slow machine sends between two
    checkpoints has no bound.
    """
    ledger, kills, patience = Ledger(), 0, 10
    while True:
        before = ledger.resume
        link = run(replace(work, resume=before), settings, kill_at=dice.randint(2, patience))
        ledger.take(link.sent)
        if link.all(Finished):
            return ledger, kills
        kills += 1
        patience = 10 if ledger.resume != before else 2 * patience


def test_killed_in_the_middle_of_a_compressed_pipeline(catalog: Catalog, eager: Settings) -> None:
    channels = {"kind": "prune", "method": {"kind": "channels", "ratio": 0.5}, "recover": {"epochs": 1}}
    stages = [channels, PRUNE, {"kind": "fold", "method": {"kind": "batch_norm"}}]
    expected = undisturbed(assignment(spec(CNN, ADAM, *stages), catalog), eager)
    work = assignment(spec(CNN, ADAM, *stages), catalog, run_id="killed")
    ledger, kills = killed_often(work, eager, random.Random(1))
    assert kills >= 4
    assert len(expected.hashes) == 4
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points
    assert ledger.doubled == []


GRADUAL = {"schedule": {"kind": "gradual", "every": 5, "share": 0.8}}
MOVEMENT = {"method": {"kind": "movement", "sparsity": 0.6, "training": {"epochs": 1}}}
OVER_TIME: dict[str, dict[str, Any]] = {
    "movement": {**PRUNE, **MOVEMENT},
    "gradual movement": {**PRUNE, **GRADUAL, **MOVEMENT},
    "gradual taylor": {**PRUNE, **GRADUAL, "method": {"kind": "taylor", "sparsity": 0.6, "batches": 2}},
    "lottery ticket": {**PRUNE, "schedule": {"kind": "iterative", "rounds": 2}, "rewind": True},
}


@pytest.mark.parametrize("stage", OVER_TIME.values(), ids=OVER_TIME)
def test_killed_while_masks_grow(stage: dict[str, Any], catalog: Catalog, eager: Settings) -> None:
    first = {**TRAIN, "epochs": 1, "optimizer": ADAM, "regularizers": [{"kind": "early_stopping"}]}
    work = {"dataset": {"kind": "digits"}, "model": MLP, "stages": [first, stage]}
    expected = undisturbed(assignment(work, catalog), eager)
    ledger, kills = killed_often(assignment(work, catalog, run_id="killed"), eager, random.Random(str(stage)))
    assert kills >= 2
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points
    assert ledger.doubled == []


@pytest.mark.parametrize("method", [{"kind": "qat_int8"}, {"kind": "mixed", "bits": 3.0}], ids=["qat", "mixed"])
def test_killed_while_the_model_acts_quantized(method: dict[str, Any], catalog: Catalog, eager: Settings) -> None:
    work = spec(CNN, ADAM, {"kind": "quantize", "method": method, "recover": {"epochs": 1}})
    work["stages"][0]["epochs"] = 1
    expected = undisturbed(assignment(work, catalog), eager)
    ledger, kills = killed_often(assignment(work, catalog, run_id="killed"), eager, random.Random(5))
    assert kills >= 2
    assert (ledger.hashes, ledger.points) == (expected.hashes, expected.points)
    assert graphs(ledger, eager.data_dir) == graphs(expected, eager.data_dir)


def graphs(ledger: Ledger, folder: Path) -> dict[int, bytes]:
    """The graph of each stage's file, without the figures that the file tells: no two measurements are the same."""
    return {stage: onnx.load(folder / path).graph.SerializeToString() for stage, path in ledger.models.items()}


# beside those of tests/matrix.py
MORE = [("sam", MLP), ("schedule_free", CNN), ("soap", CNN), ("sophia", MLP)]


@pytest.mark.parametrize(("optimizer", "model"), MORE, ids=[row[0] for row in MORE])
def test_so_do_those_of_optimizers_with_closures_modes_and_unusual_state(
    optimizer: str, model: dict[str, Any], catalog: Catalog, eager: Settings
) -> None:
    work = spec(model, {"kind": optimizer})
    expected = undisturbed(assignment(work, catalog), eager)
    ledger, kills = killed_often(assignment(work, catalog, run_id="killed"), eager, random.Random(optimizer))
    assert kills >= 1
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points
    assert ledger.doubled == []


def executed_elsewhere(work: Assignment, folder: Path) -> list[FromTrainer]:
    """Runs in a fresh process, where nothing of the first one's state is left."""
    discover()
    return run(work, settings_for(folder)).sent


def test_resumed_in_a_fresh_process(catalog: Catalog, eager: Settings) -> None:
    expected = undisturbed(assignment(spec(MLP, ADAM), catalog), eager)
    work = assignment(spec(MLP, ADAM), catalog, run_id="killed")
    ledger = Ledger()
    ledger.take(run(work, eager, kill_at=12).sent)
    assert ledger.resume is not None
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        job = pool.submit(executed_elsewhere, replace(work, resume=ledger.resume), eager.data_dir)
        ledger.take(job.result())
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points


def test_equal_seeds_give_equal_runs_and_others_do_not(catalog: Catalog, settings: Settings) -> None:
    first, again, other = (
        undisturbed(assignment(spec(MLP, ADAM), catalog, seed=number, run_id=name), settings)
        for number, name in [(0, "first"), (0, "again"), (1, "other")]
    )
    assert (first.hashes, first.points) == (again.hashes, again.points)
    assert first.hashes != other.hashes


# ---- negative controls: each plants a bug that the comparison above must catch


def forget_randomness(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seed, "restore", lambda state: None)


def forget_the_optimizer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Trainer, "resume", lambda self, state: None)


def shuffle_by_chance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seed, "generator", lambda *place: torch.Generator().manual_seed(random.getrandbits(60)))


def test_a_callback_that_forgets_is_caught(catalog: Catalog, eager: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    stages = [{**TRAIN, "epochs": 1}, OVER_TIME["gradual movement"]]
    work = assignment({"dataset": {"kind": "digits"}, "model": MLP, "stages": stages}, catalog)
    whole = run(work, eager).sent
    places = [place for place, one in enumerate(whole) if isinstance(one, Checkpoint) and one.stage == 1]
    expected, ledger = Ledger(), Ledger()
    expected.take(whole)
    ledger.take(run(work, eager, kill_at=places[1] + 1).sent)
    monkeypatch.setattr(Growing, "load", lambda self, state: None)
    monkeypatch.setattr(Moving, "load", lambda self, state: None)
    ledger.take(run(replace(work, resume=ledger.resume), eager).sent)
    assert ledger.hashes != expected.hashes


@pytest.mark.parametrize("plant", [forget_randomness, forget_the_optimizer, shuffle_by_chance])
def test_a_planted_bug_is_caught(
    plant: Any, catalog: Catalog, eager: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(assignment(spec(MLP, ADAM), catalog), eager)
    plant(monkeypatch)
    work = assignment(spec(MLP, ADAM), catalog, run_id="killed")
    ledger = Ledger()
    ledger.take(run(work, eager, kill_at=12).sent)
    ledger.take(run(replace(work, resume=ledger.resume), eager).sent)
    assert ledger.hashes != expected.hashes
    assert ledger.points != expected.points
