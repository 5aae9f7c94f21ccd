"""Counterfactual runs of runs in which a person ended a training, or changed the stages to come: exact, or refused."""

from typing import Any

import pytest

from backend.domain.run.commands import CommandKind
from backend.domain.run.states import RunState
from backend.store.tables import Event
from tests.backend.api.conftest import Api
from tests.faults.invariants import violations
from tests.worker.executing import hashes, row, sequence
from tests.worker.test_counterfactuals import counterfactual, equal_until
from tests.worker.test_fork_parameters import PRUNE, SPEC, conduct, reported
from tests.worker.test_forks import api, fork, hand, submit

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]

NEXT, SET, STAGES = CommandKind.NEXT, CommandKind.SET, CommandKind.STAGES
HARDER = {**PRUNE, "method": {"kind": "magnitude", "sparsity": 0.9}}
FIRST = 24  # steps of the first stage


def canonical(api: Api, *coming: dict[str, Any]) -> dict[str, Any]:
    """The body of a command that has these stages come after the first."""
    document = {**SPEC, "stages": [SPEC["stages"][0], *coming]}
    checked = api.client.post("/api/specs/check", json={"spec": document}).json()
    return {"stages": checked["experiment"]["stages"][1:]}


def rate(step: int, value: float) -> tuple[int, CommandKind, dict[str, Any]]:
    return step, SET, {"path": "optimizer.lr", "value": value}


def marks(api: Api, run_id: str, kind: CommandKind) -> list[dict[str, Any]]:
    """The events that tell of commands of a kind."""
    happened = api.client.get(f"/api/runs/{run_id}/events").json()
    return [mark for mark in happened if mark["kind"] == "command" and mark["body"]["kind"] == kind]


def seq(api: Api, run_id: str, kind: CommandKind, which: int = 0) -> int:
    return int(marks(api, run_id, kind)[which]["seq"])


def refusal(api: Api, run_id: str, seq: int) -> str:
    answer = api.client.post(f"/api/runs/{run_id}/counterfactuals", json={"seq": seq})
    assert answer.status_code == 409, answer.text
    return str(answer.json()["detail"])


def outcome(api: Api, run_id: str) -> str:
    (proof,) = api.client.get(f"/api/runs/{run_id}/proofs").json()
    return str(proof["outcome"])


def assert_same(api: Api, one: str, other: str) -> None:
    """To the bit, in every point and in what each stage left."""
    assert row(api.store, one).state is row(api.store, other).state is RunState.SUCCEEDED
    assert sequence(api.store, one) == sequence(api.store, other)
    assert hashes(api.store, one) == hashes(api.store, other)
    assert violations(api.store, one) == []


PLANNED = [{"step": 20, "path": "optimizer.lr", "value": 0.5}]


@pytest.mark.parametrize("plan", [[], PLANNED], ids=["unsteered", "planned"])
def test_without_its_end_a_stage_trains_to_its_plan(
    api: Api, plan: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.engine.checkpoints.checkpoint.KEEP", 1_000)  # also the one that was taken when it ended
    document = {**SPEC, "commands": plan}
    ended = submit(api, document)
    conduct(api, ended, (8, NEXT, {}))
    (mark,) = marks(api, ended, NEXT)
    step = mark["body"]["step"]
    made, undisturbed = counterfactual(api, ended, mark["seq"]), submit(api, document)
    about = api.client.get(f"/api/runs/{made}").json()
    assert 0 < about["fork_step"] < step and about["name"] == f"parent · without ending train at step {step}"
    assert hand(api).all() == [undisturbed, made]
    assert_same(api, made, undisturbed)
    assert equal_until(api, made, ended) == step
    assert hashes(api.store, made)[0] != hashes(api.store, ended)[0]
    assert outcome(api, made) == "changed"


def test_the_checkpoint_before_an_end_stays(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.engine.checkpoints.checkpoint.KEEP", 1)
    ended = submit(api, SPEC)
    conduct(api, ended, (8, NEXT, {}))
    made = counterfactual(api, ended, seq(api, ended, NEXT))
    assert api.client.get(f"/api/runs/{made}").json()["fork_step"] > 0


def test_what_was_turned_before_the_end_is_turned_and_what_came_after_is_refused(api: Api) -> None:
    ended = submit(api, SPEC)
    conduct(api, ended, rate(5, 0.5), (14, NEXT, {}))
    turned = reported(api, ended)
    made = counterfactual(api, ended, seq(api, ended, NEXT))
    alone = submit(api, {**SPEC, "commands": [{"step": turned[0][0], "path": "optimizer.lr", "value": 0.5}]})
    unturned = counterfactual(api, ended, seq(api, ended, SET))
    (mark,) = marks(api, ended, NEXT)
    cut = submit(api, {**SPEC, "commands": [{"kind": "next", "step": mark["body"]["step"]}]})
    hand(api).all()
    assert_same(api, made, alone)
    assert_same(api, unturned, cut)
    assert hashes(api.store, unturned)[0] != hashes(api.store, ended)[0]

    later = submit(api, SPEC)
    conduct(api, later, (8, NEXT, {}), rate(30, 0.5))
    assert "would begin at another step or not at all" in refusal(api, later, seq(api, later, NEXT))


def test_two_ends_are_one_too_many(api: Api) -> None:
    run_id = submit(api, SPEC)
    conduct(api, run_id, (8, NEXT, {}), (20, NEXT, {}))
    assert "A person ended a training at step" in refusal(api, run_id, seq(api, run_id, NEXT))


def test_without_other_stages_it_is_a_run_with_the_first_ones(api: Api) -> None:
    changed = submit(api, SPEC)
    conduct(api, changed, (8, STAGES, canonical(api, HARDER)))
    (mark,) = marks(api, changed, STAGES)
    assert mark["body"]["old"] == canonical(api, PRUNE)["stages"]
    assert mark["body"]["new"] == canonical(api, HARDER)["stages"] == mark["body"]["stages"][1:]
    made, undisturbed = counterfactual(api, changed, mark["seq"]), submit(api, SPEC)
    about = api.client.get(f"/api/runs/{made}").json()
    assert (about["fork_stage"], about["fork_step"]) == (1, FIRST)
    assert f"without stages prune → prune at step {mark['body']['step']}" in about["name"]
    assert hand(api).all() == [undisturbed, made]
    assert_same(api, made, undisturbed)
    assert row(api.store, made).spec["stages"] == row(api.store, undisturbed).spec["stages"]
    assert outcome(api, made) == "changed"
    assert hashes(api.store, made)[1] != hashes(api.store, changed)[1]


def test_stages_that_were_put_in_are_left_out_while_the_stage_before_trains(api: Api) -> None:
    changed = submit(api, {**SPEC, "stages": SPEC["stages"][:1]})
    conduct(api, changed, (6, STAGES, canonical(api, PRUNE)), rate(10, 0.5), (16, None, {}))
    (mark,) = marks(api, changed, STAGES)
    made = counterfactual(api, changed, mark["seq"])
    about = api.client.get(f"/api/runs/{made}").json()
    assert about["fork_step"] > mark["body"]["step"] and "without stages none → prune at step" in about["name"]
    assert hand(api).all() == [changed, made]
    assert len(hashes(api.store, changed)) == 2
    assert hashes(api.store, made) == hashes(api.store, changed)[:1]
    assert row(api.store, made).state is RunState.SUCCEEDED and violations(api.store, made) == []


def test_without_a_stage_that_was_put_in_at_once_the_training_ends_all_the_same(api: Api) -> None:
    changed = submit(api, SPEC)
    conduct(api, changed, (8, STAGES, canonical(api, HARDER, PRUNE)), (8, NEXT, {}))
    made = counterfactual(api, changed, seq(api, changed, STAGES))
    sibling = fork(api, changed, stage=0, spec=SPEC)
    hand(api).all()
    assert_same(api, made, sibling)
    without_end = counterfactual(api, changed, seq(api, changed, NEXT))
    alone = submit(api, {**SPEC, "stages": [SPEC["stages"][0], HARDER, PRUNE]})
    hand(api).all()
    assert_same(api, without_end, alone)


def test_stages_that_others_took_the_place_of_at_once_changed_nothing(api: Api) -> None:
    changed = submit(api, SPEC)
    conduct(api, changed, (6, STAGES, canonical(api, HARDER, PRUNE)), (10, STAGES, canonical(api, HARDER)))
    without_first, without_last = (counterfactual(api, changed, seq(api, changed, STAGES, which)) for which in (0, 1))
    alone = submit(api, {**SPEC, "stages": [SPEC["stages"][0], HARDER, PRUNE]})
    hand(api).all()
    assert_same(api, without_first, changed)
    assert outcome(api, without_first) == "equal"
    assert_same(api, without_last, alone)


def test_what_cannot_be_left_out_exactly_is_refused(api: Api) -> None:
    again = submit(api, SPEC)
    conduct(api, again, (8, STAGES, canonical(api, HARDER, PRUNE)), (30, STAGES, {"stages": []}))
    assert "changed once more at step" in refusal(api, again, seq(api, again, STAGES))
    counterfactual(api, again, seq(api, again, STAGES, 1))

    turned = submit(api, SPEC)
    conduct(api, turned, (8, STAGES, canonical(api, HARDER)), rate(30, 0.5))
    stages = seq(api, turned, STAGES)
    assert "would begin at another step or not at all" in refusal(api, turned, stages)
    child = fork(api, turned, stage=0)
    assert "before this run was forked" in refusal(api, child, seq(api, child, STAGES))

    with api.store.begin() as session:
        event = session.get_one(Event, (turned, stages))
        event.body = {name: value for name, value in event.body.items() if name not in ("old", "new")}
    assert "The earlier stages are not known" in refusal(api, turned, stages)
