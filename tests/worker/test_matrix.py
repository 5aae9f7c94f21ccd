"""Resumed and forked to the bit: each optimizer on each model, killed at random steps, forked at a random checkpoint.

Compared are the hash of the final weights and every value of every metric, as bits. The state that a checkpoint holds
within a training is left out piece by piece, to see that each piece is needed and that the comparison notices.
"""

import random
from typing import Any

import pytest

from backend.domain.run.states import Place, RunState
from tests import matrix
from tests.backend.api.conftest import Api
from tests.faults.invariants import violations
from tests.worker.executing import Hand, Sequence, hashes, row, sequence
from tests.worker.test_forks import api, checkpoints, fork, hand, submit
from worker.engine import reporter
from worker.engine.checkpoints import checkpoint
from worker.engine.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]

EPOCH = 12  # steps


@pytest.fixture(autouse=True)
def every_checkpoint_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "KEEP", 1_000)


def outcome(api: Api, run_id: str) -> tuple[list[str], Sequence]:
    assert row(api.store, run_id).state is RunState.SUCCEEDED
    assert violations(api.store, run_id) == []
    return hashes(api.store, run_id), sequence(api.store, run_id)


def killed_often(worker: Hand, dice: random.Random) -> list[int]:
    """Kill the next run at random messages until it gets through; the steps from which it went on."""
    held, resumed, patience = worker.claim(), [], 12
    assert held
    while not held.over:
        kill_at = dice.randint(6, patience)
        worker.work(held, kill_at)
        if not held.over:
            held.trainer_ended("Killed.")
            resumed.append(row(worker.store, held.id).step)
            patience += 4
    return resumed


@pytest.mark.parametrize(("optimizer", "model"), matrix.CELLS, ids=map("-".join, matrix.CELLS))
def test_resumed_and_forked_to_the_bit(api: Api, optimizer: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(f"{optimizer} {model}")
    if optimizer in matrix.WHOLE:
        monkeypatch.setattr(reporter, "MOST_STEPS", 2)  # and a checkpoint with each flush
    undisturbed = submit(api, matrix.spec(optimizer, model))
    worker = hand(api)
    worker.all()
    expected = outcome(api, undisturbed)
    assert len(expected[1]) > 60

    killed = submit(api, matrix.spec(optimizer, model))
    kills = killed_often(worker, dice)
    assert len(kills) >= 2
    assert outcome(api, killed) == expected

    within = [one for one in checkpoints(api, undisturbed) if one.place is Place.WITHIN and one.step]
    if optimizer not in matrix.WHOLE:
        within = [one for one in within if one.step % EPOCH]
    child = fork(api, undisturbed, checkpoint=dice.choice(within).id)
    worker.all()
    assert outcome(api, child) == expected


# ---- negative controls


PIECES = ["optimizer", "randomness", "history", "mean", "best"]


@pytest.mark.parametrize("piece", [None, *PIECES])
def test_each_piece_of_the_state_is_needed(api: Api, piece: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trainer that begins with one piece afresh ends elsewhere; with none of them, where the undisturbed one does."""
    document: dict[str, Any] = matrix.spec("adamw", "mlp-dropout", epochs=3)
    if piece == "best":
        growing = {"optimizer": {"kind": "sgd", "lr": 8.0}, "schedule": {"kind": "constant", "warmup_steps": 200}}
        document["stages"][0] |= {**growing, "epochs": 4, "average": None}  # so that the last epoch is not the best
    parent = submit(api, document)
    hand(api).all()
    expected = outcome(api, parent)
    within = [one for one in checkpoints(api, parent) if one.place is Place.WITHIN]
    place = min((one for one in within if one.step > 2.5 * EPOCH), key=lambda one: one.step)
    whole = Trainer.resume

    def forgetful(self: Trainer, state: dict[str, Any]) -> None:
        whole(self, state if piece is None else {**state, piece: self.state()[piece]})

    monkeypatch.setattr(Trainer, "resume", forgetful)
    child = fork(api, parent, checkpoint=place.id)
    hand(api).all()
    assert (outcome(api, child) == expected) == (piece is None)
