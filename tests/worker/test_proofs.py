"""Proofs of a run's exactness: equal where it is exact, different where a bug was planted, nothing uncompared."""

import random
from itertools import count
from typing import Any

import pytest

from backend.domain.run.states import Place
from tests.backend.api.conftest import Api
from tests.worker.engine import harness
from tests.worker.executing import row
from tests.worker.test_forks import MLP, api, checkpoints, fork, hand, spec, submit
from tests.worker.test_matrix import killed_often
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Checkpoints, State
from worker.pipe.messages import Checkpoint, Release

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]


def forget_randomness(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seed, "restore", lambda state: None)


def refuse_most_checkpoints(patch: pytest.MonkeyPatch) -> None:
    """The disk takes every third one within a stage, so that there are points beyond it."""
    whole, turn = Checkpoints.write, count()

    def write(files: Checkpoints, state: State, stage: int, keep: bool = False) -> Checkpoint:
        if not keep and next(turn) % 3:
            raise OSError(28, "No space left on device")
        return whole(files, state, stage, keep)

    patch.setattr(Checkpoints, "write", write)


def proofs(api: Api, run_id: str) -> dict[str, dict[str, Any]]:
    """The proofs of a run by their subject."""
    answer = api.client.get(f"/api/runs/{run_id}/proofs")
    assert answer.status_code == 200, answer.text
    return {proof["about"]: proof for proof in answer.json()}


def test_a_fork_is_compared_with_its_parent(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = submit(api, spec(MLP))
    hand(api).all()
    assert proofs(api, parent) == {}
    ended = next(one for one in checkpoints(api, parent) if one.stage == 0)
    child = fork(api, parent, stage=0)
    assert proofs(api, child) == {}
    hand(api).all()
    (proof,) = proofs(api, child).values()
    assert proof["outcome"] == "equal" and proof["points"] > 12 and proof["first_difference"] is None
    assert proof["title"] == f"Bit-equal to its parent over {proof['points']:,} points"
    assert f"at steps {ended.step + 1} to " in proof["facts"][0]
    assert "Weights after stage 2: the same SHA-256." in proof["facts"]

    harder = {**spec(MLP), "stages": [*spec(MLP)["stages"]]}
    harder["stages"][1] = {**harder["stages"][1], "recover": {"epochs": 1, "optimizer": {"kind": "sgd"}}}
    changed = fork(api, parent, stage=0, spec=harder)
    hand(api).all()
    (proof,) = proofs(api, changed).values()
    assert (proof["outcome"], proof["first_difference"]) == ("changed", ended.step + 1)

    within = next(one for one in checkpoints(api, parent) if one.place is Place.WITHIN)
    forget_randomness(monkeypatch)
    broken = fork(api, parent, checkpoint=within.id)
    hand(api).all()
    (proof,) = proofs(api, broken).values()
    assert proof["outcome"] == "different" and proof["first_difference"] > within.step
    assert proof["title"].startswith(f"Differs from its parent from step {proof['first_difference']}")
    assert any(fact.startswith("The first difference: ") for fact in proof["facts"])


@pytest.mark.parametrize("exact", [True, False])
def test_what_is_computed_again_is_compared_with_what_was_withdrawn(
    api: Api, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exact:
        forget_randomness(monkeypatch)
    monkeypatch.setattr("worker.engine.checkpoints.checkpoint.KEEP", 1_000)
    refuse_most_checkpoints(monkeypatch)
    worker = hand(api)
    killed = submit(api, spec({**MLP, "dropout": 0.5}))
    kills = killed_often(worker, random.Random(3))
    proof = proofs(api, killed)["resume"]
    assert kills and row(api.store, killed).state.terminal
    assert proof["outcome"] == ("equal" if exact else "different"), proof
    assert proof["points"] > 0 and proof["title"].startswith("Resumed ")
    if exact:
        assert f"bit-equal over {proof['points']:,} point" in proof["title"]


def test_a_trainer_that_died_right_after_a_checkpoint_is_told_and_nothing_claimed(api: Api) -> None:
    worker = hand(api)
    submit(api, spec(MLP))
    held = worker.claim()
    assert held
    sent = worker.work(held)
    places = [place for place, said in enumerate(sent) if isinstance(said, Checkpoint) and said.stage == 0]
    killed = submit(api, spec(MLP))
    again = worker.claim()
    assert again
    worker.work(again, kill_at=places[1] + 1)
    again.trainer_ended("Killed.")
    worker.work(again)
    proof = proofs(api, killed)["resume"]
    assert (proof["outcome"], proof["title"], proof["points"]) == ("uncompared", "Resumed 1 time", 0)


def test_a_run_that_was_given_back_at_a_checkpoint_claims_nothing(api: Api) -> None:
    """Nothing is computed again, so that nothing can be compared; and that it was forked then is no resume."""
    document = spec(MLP)
    run_id = submit(api, document)
    worker = hand(api)
    held = worker.claim()
    assert held
    work = held.assignment()
    assert work
    held.begin()
    link = harness.run(work, worker.settings, ask=lambda link: [Release()] if len(link.sent) > 20 else [])
    held.take(link.sent)
    held.flush()
    assert held.over and row(api.store, run_id).state == "queued"
    worker.all()
    proof = proofs(api, run_id)["resume"]
    assert (proof["outcome"], proof["title"], proof["points"]) == ("uncompared", "Resumed 1 time", 0)
    child = fork(api, run_id, stage=0)
    worker.all()
    assert set(proofs(api, child)) == {"parent"}
