"""Counterfactual runs: equal to their run up to the command to the bit, elsewhere afterwards, and never in the way."""

import json
from typing import Any

import pytest

from backend.domain.run.states import RunState
from backend.store import runs
from tests.backend.api.conftest import Api
from tests.faults.invariants import violations
from tests.worker.executing import curves, hashes, row, sequence
from tests.worker.test_fork_parameters import SPEC, reported, steer
from tests.worker.test_forks import api, checkpoints, hand, submit

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]


def seqs(api: Api, run_id: str) -> list[int]:
    """The numbers of the events that tell of live parameters that were set."""
    marks = api.client.get(f"/api/runs/{run_id}/events").json()
    return [mark["seq"] for mark in marks if mark["kind"] == "command" and "path" in mark["body"]]


def counterfactual(api: Api, run_id: str, seq: int) -> str:
    answer = api.client.post(f"/api/runs/{run_id}/counterfactuals", json={"seq": seq})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runs"][0]["id"])


def equal_until(api: Api, one: str, other: str) -> int:
    """The last step before the first value that both have and that differs."""
    mine, theirs = curves(api.store, one), curves(api.store, other)
    return min(step for (name, step), value in mine.items() if theirs.get((name, step), value) != value) - 1


@pytest.fixture
def steered(api: Api) -> str:
    """A run in which a person turned two live parameters, one after the other."""
    run_id = submit(api, SPEC)
    steer(api, run_id, (8, "optimizer.lr", 0.5), (14, "regularizers[0].strength", 0.01))
    return run_id


def test_a_counterfactual_is_its_run_until_the_command_and_not_beyond(api: Api, steered: str) -> None:
    rate, decay = seqs(api, steered)
    (first, *_), (second, *_) = turned = reported(api, steered)
    made = counterfactual(api, steered, rate)
    other = submit(api, {**SPEC, "name": "asked for later"})
    told_row = api.client.get(f"/api/runs/{made}").json()
    assert (told_row["counterfactual_of"], told_row["counterfactual_seq"], told_row["parent_id"]) == (
        steered,
        rate,
        steered,
    )
    assert 0 < told_row["fork_step"] <= first
    assert f"without optimizer.lr 0.5 at step {first}" in told_row["name"]
    assert hand(api).all() == [other, made]

    assert row(api.store, made).state is RunState.SUCCEEDED and violations(api.store, made) == []
    assert [one[:4] for one in reported(api, made)] == [(second, "regularizers[0].strength", 1e-4, 0.01)]
    assert reported(api, steered) == turned
    assert equal_until(api, made, steered) == first
    assert curves(api.store, made)["learning_rate", first + 1] == 0.05
    assert hashes(api.store, made) != hashes(api.store, steered)
    (proof,) = api.client.get(f"/api/runs/{made}/proofs").json()
    assert (proof["outcome"], proof["first_difference"]) == ("changed", first + 1)

    last = counterfactual(api, steered, decay)
    hand(api).all()
    assert [one[:4] for one in reported(api, last)] == [turned[0][:4]]
    assert equal_until(api, last, steered) == second + 1  # the next step's loss comes before the weights decay


def test_without_a_checkpoint_before_it_a_counterfactual_begins_anew(api: Api, steered: str) -> None:
    for one in checkpoints(api, steered):
        (api.settings.data_dir / one.path).unlink()
    (rate, _), ((step, *_), _) = seqs(api, steered), reported(api, steered)
    made = counterfactual(api, steered, rate)
    told_row = api.client.get(f"/api/runs/{made}").json()
    assert (told_row["parent_id"], told_row["fork_step"], told_row["step"]) == (None, None, 0)
    hand(api).all()
    assert equal_until(api, made, steered) == step
    assert len(reported(api, made)) == 1
    (proof,) = api.client.get(f"/api/runs/{made}/proofs").json()
    assert (proof["outcome"], proof["first_difference"]) == ("changed", step + 1)


def test_a_counterfactual_of_what_the_spec_turned_and_one_that_changes_nothing(api: Api) -> None:
    """The control: a counterfactual run without a command that turned nothing is its run to the bit."""
    plan = [{"step": 8, "path": "optimizer.lr", "value": 0.5}, {"step": 14, "path": "optimizer.lr", "value": 0.5}]
    parent = submit(api, {**SPEC, "commands": plan})
    hand(api).all()
    first, second = seqs(api, parent)
    changed, same = counterfactual(api, parent, first), counterfactual(api, parent, second)
    hand(api).all()
    assert equal_until(api, changed, parent) == 8
    assert [one[0] for one in reported(api, changed)] == [14] and [one[0] for one in reported(api, same)] == [8]
    assert sequence(api.store, same) == sequence(api.store, parent)


def test_the_checkpoint_before_an_command_stays(api: Api, steered: str) -> None:
    """All but two within a stage go, but those that a counterfactual run begins with."""
    (first, *_), (second, *_) = reported(api, steered)
    with_kept = {one.step for one in checkpoints(api, steered)}
    assert max(step for step in with_kept if step <= first) > first - 6
    assert max(step for step in with_kept if step <= second) > second - 6


def test_counterfactuals_are_not_among_the_runs_but_beside_theirs(api: Api, steered: str) -> None:
    seq = seqs(api, steered)[0]
    made = counterfactual(api, steered, seq)
    listed = api.client.get("/api/runs").json()
    assert [one["id"] for one in listed["runs"]] == [steered] and listed["counts"]["queued"] == 0
    beside = api.client.get("/api/runs", params={"counterfactuals_of": steered}).json()["runs"]
    assert [one["id"] for one in beside] == [made]
    assert [(one["id"], one["relation"]) for one in relatives(api, steered)] == [(made, "counterfactual")]
    assert [(one["id"], one["relation"]) for one in relatives(api, made)] == [(steered, "original")]
    assert beside[0]["color"] == api.client.get(f"/api/runs/{steered}").json()["color"]
    with api.store.read() as session:
        assert runs.counts(session)[RunState.QUEUED] == 1


def relatives(api: Api, run_id: str) -> list[dict[str, Any]]:
    return list(api.client.get(f"/api/runs/{run_id}").json()["relatives"])


def test_a_counterfactual_is_drawn_dotted_in_its_runs_colour(api: Api, steered: str) -> None:
    made = counterfactual(api, steered, seqs(api, steered)[0])
    hand(api).all()
    figure = api.client.get("/api/figures/loss", params={"runs": f"{steered},{made}"}).json()
    lines = {(line["meta"]["run"], line["meta"]["metric"]): line for line in figure["data"]}
    own, other = (lines[run_id, "validation/loss"] for run_id in (steered, made))
    assert own["line"]["color"] == other["line"]["color"]
    assert (own["line"]["dash"], other["line"]["dash"]) == ("solid", "dot")
    assert (own["name"], other["name"].startswith("without optimizer.lr 0.5 at step ")) == ("validation", True)
    alone = api.client.get("/api/figures/loss", params={"runs": made}).json()
    assert all(line["line"]["dash"] == "solid" for line in alone["data"])
    assert json.dumps(figure["layout"]["shapes"]) != "[]"  # the stages of the one run


def test_what_has_no_counterfactual_is_refused(api: Api, steered: str) -> None:
    seq = seqs(api, steered)[0]
    answer = api.client.post(f"/api/runs/{steered}/counterfactuals", json={"seq": 1})
    assert (answer.status_code, answer.json()["path"]) == (422, "seq")
    assert api.client.post("/api/runs/nothing/counterfactuals", json={"seq": 1}).status_code == 404
    made = counterfactual(api, steered, seq)
    again = api.client.post(f"/api/runs/{steered}/counterfactuals", json={"seq": seq})
    assert again.status_code == 409 and "has a counterfactual run without this command" in again.json()["detail"]
    assert api.client.post(f"/api/runs/{made}/commands", json={"kind": "cancel"}).status_code == 202
    assert counterfactual(api, steered, seq) != made
