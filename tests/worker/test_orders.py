"""The order explorer, through the API and in the hands of the engine: exact, and nothing is computed twice."""

import os
from typing import Any

import pytest

from backend.domain.run.states import RunState
from backend.store import artifacts, runs
from tests.backend.api.conftest import Api
from tests.faults.invariants import violations
from tests.worker.executing import curves, hashes, row
from tests.worker.test_forks import MLP, PRUNE, TRAIN, api, hand, spec, submit

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]

MILDER = {**PRUNE, "method": {"kind": "magnitude", "sparsity": 0.3}}
STAGES = [{**TRAIN, "epochs": 1}, {**TRAIN, "epochs": 1, "optimizer": {"kind": "sgd"}}, PRUNE, MILDER]


def document(*stages: dict[str, Any]) -> dict[str, Any]:
    return {**spec(MLP), "name": "orders", "stages": list(stages)}


def explore(api: Api, stages: list[int], *pipeline: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = api.client.post("/api/experiments", json={"spec": document(*pipeline), "orders": stages, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def ids(created: dict[str, Any]) -> list[str]:
    return [run["id"] for run in created["runs"]]


def distinct_steps(api: Api, made: list[str]) -> int:
    """Steps of the distinct beginnings of all pipelines."""
    steps: dict[str, int] = {}
    for run_id in made:
        reported = api.client.get(f"/api/runs/{run_id}").json()
        before = 0
        for index, result in enumerate(reported["results"]):
            steps[str(reported["spec"]["stages"][: index + 1])] = result["step"] - before
            before = result["step"]
    return sum(steps.values())


def test_common_beginnings_are_computed_once_and_nothing_changes_by_it(api: Api) -> None:
    made = ids(explore(api, [1, 2, 3], *STAGES))
    assert len(made) == 6
    waiting = api.client.get(f"/api/runs/{made[1]}").json()
    assert (waiting["waits_for"], waiting["waits_stage"]) == (made[0], 1)
    assert waiting["relatives"][0]["relation"] == "awaited"
    worker = hand(api)
    assert worker.all() == made
    assert worker.steps == distinct_steps(api, made) < sum(row(api.store, one).step for one in made)
    for run_id in made:
        assert row(api.store, run_id).state is RunState.SUCCEEDED
        assert violations(api.store, run_id) == []
    for run_id in (made[1], made[5]):
        reported = api.client.get(f"/api/runs/{run_id}").json()
        alone = submit(api, reported["spec"])
        hand(api).all()
        assert hashes(api.store, run_id) == hashes(api.store, alone)
        assert curves(api.store, run_id) == curves(api.store, alone)


def test_what_was_damaged_meanwhile_is_computed_anew(api: Api) -> None:
    first, second = ids(explore(api, [1, 2], *STAGES[:1], *STAGES[2:]))
    assert hand(api).next() == first
    with api.store.read() as session:
        ended = [one for one in artifacts.checkpoints(session, first) if one.stage == 0]
    for one in ended:
        (api.settings.data_dir / one.path).write_bytes(os.urandom(one.bytes))
    worker = hand(api)
    assert worker.next() == second
    assert worker.steps == row(api.store, second).step and violations(api.store, second) == []
    assert hashes(api.store, first)[0] == hashes(api.store, second)[0]


def test_a_worker_that_dies_over_the_past_has_done_no_harm(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = ids(explore(api, [1, 2], *STAGES[:1], *STAGES[2:]))
    assert hand(api).next() == first
    dead = hand(api).claim()
    assert dead is not None
    with monkeypatch.context() as patched:
        patched.setattr("backend.store.inheritance.inherit", _killed)
        with pytest.raises(KeyboardInterrupt):
            dead.assignment()
    reaped = row(api.store, second)
    with api.store.begin() as session:
        assert runs.reap(session, second, reaped.epoch, reaped.heartbeat, "gone")
    worker = hand(api)
    assert worker.next() == second
    assert row(api.store, second).fork_stage == 1 and violations(api.store, second) == []
    with api.store.read() as session:
        registered = {api.settings.data_dir / one.path for one in artifacts.of(session, second)}
    assert set((api.settings.data_dir / "runs" / second / "artifacts").iterdir()) <= registered


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_orders_that_do_not_fit_are_left_out_with_their_reason(api: Api) -> None:
    quantize = {"kind": "quantize", "method": {"kind": "dynamic_int8"}}
    created = explore(api, [1, 2], TRAIN, PRUNE, quantize)
    assert len(created["runs"]) == 1
    (left_out,) = created["left_out"]
    assert left_out["name"] == "quantize → prune" and "stages[2]" in left_out["reason"]
