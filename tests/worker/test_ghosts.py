"""Ghosts: equal to their run up to the intervention to the bit, elsewhere afterwards, and never in the way."""

import json
from typing import Any

import pytest

from backend.domain.run.states import RunState
from backend.store import runs
from tests.backend.api.conftest import Api
from tests.faults.invariants import violations
from tests.worker.executing import curves, hashes, row, sequence
from tests.worker.test_fork_knobs import SPEC, steer, told
from tests.worker.test_forks import api, checkpoints, hand, submit

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]


def seqs(api: Api, run_id: str) -> list[int]:
    """The numbers of the events that tell of knobs that were turned."""
    marks = api.client.get(f"/api/runs/{run_id}/events").json()
    return [mark["seq"] for mark in marks if mark["kind"] == "command" and "path" in mark["body"]]


def ghost(api: Api, run_id: str, seq: int) -> str:
    answer = api.client.post(f"/api/runs/{run_id}/ghosts", json={"seq": seq})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runs"][0]["id"])


def equal_until(api: Api, one: str, other: str) -> int:
    """The last step before the first value that both have and that differs."""
    mine, theirs = curves(api.store, one), curves(api.store, other)
    return min(step for (name, step), value in mine.items() if theirs.get((name, step), value) != value) - 1


@pytest.fixture
def steered(api: Api) -> str:
    """A run in which a person turned two knobs, one after the other."""
    run_id = submit(api, SPEC)
    steer(api, run_id, (8, "optimizer.lr", 0.5), (14, "regularizers[0].strength", 0.01))
    return run_id


def test_a_ghost_is_its_run_until_the_intervention_and_not_beyond(api: Api, steered: str) -> None:
    rate, decay = seqs(api, steered)
    (first, *_), (second, *_) = turned = told(api, steered)
    made = ghost(api, steered, rate)
    other = submit(api, {**SPEC, "name": "asked for later"})
    told_row = api.client.get(f"/api/runs/{made}").json()
    assert (told_row["ghost_of"], told_row["ghost_seq"], told_row["parent_id"]) == (steered, rate, steered)
    assert 0 < told_row["fork_step"] <= first
    assert f"without optimizer.lr 0.5 at step {first}" in told_row["name"]
    assert hand(api).all() == [other, made]

    assert row(api.store, made).state is RunState.SUCCEEDED and violations(api.store, made) == []
    assert [one[:4] for one in told(api, made)] == [(second, "regularizers[0].strength", 1e-4, 0.01)]
    assert told(api, steered) == turned
    assert equal_until(api, made, steered) == first
    assert curves(api.store, made)["learning_rate", first + 1] == 0.05
    assert hashes(api.store, made) != hashes(api.store, steered)
    (proof,) = api.client.get(f"/api/runs/{made}/proofs").json()
    assert (proof["verdict"], proof["first_difference"]) == ("changed", first + 1)

    last = ghost(api, steered, decay)
    hand(api).all()
    assert [one[:4] for one in told(api, last)] == [turned[0][:4]]
    assert equal_until(api, last, steered) == second + 1  # the next step's loss comes before the weights decay


def test_without_a_checkpoint_before_it_a_ghost_begins_anew(api: Api, steered: str) -> None:
    for one in checkpoints(api, steered):
        (api.settings.data_dir / one.path).unlink()
    (rate, _), ((step, *_), _) = seqs(api, steered), told(api, steered)
    made = ghost(api, steered, rate)
    told_row = api.client.get(f"/api/runs/{made}").json()
    assert (told_row["parent_id"], told_row["fork_step"], told_row["step"]) == (None, None, 0)
    hand(api).all()
    assert equal_until(api, made, steered) == step
    assert len(told(api, made)) == 1
    (proof,) = api.client.get(f"/api/runs/{made}/proofs").json()
    assert (proof["verdict"], proof["first_difference"]) == ("changed", step + 1)


def test_a_ghost_of_what_the_spec_turned_and_one_that_changes_nothing(api: Api) -> None:
    """The control: a ghost without an intervention that turned nothing is its run to the bit."""
    plan = [{"step": 8, "path": "optimizer.lr", "value": 0.5}, {"step": 14, "path": "optimizer.lr", "value": 0.5}]
    parent = submit(api, {**SPEC, "interventions": plan})
    hand(api).all()
    first, second = seqs(api, parent)
    changed, same = ghost(api, parent, first), ghost(api, parent, second)
    hand(api).all()
    assert equal_until(api, changed, parent) == 8
    assert [one[0] for one in told(api, changed)] == [14] and [one[0] for one in told(api, same)] == [8]
    assert sequence(api.store, same) == sequence(api.store, parent)


def test_the_checkpoint_before_an_intervention_stays(api: Api, steered: str) -> None:
    """All but two within a stage go, but those that a ghost begins with."""
    (first, *_), (second, *_) = told(api, steered)
    with_kept = {one.step for one in checkpoints(api, steered)}
    assert max(step for step in with_kept if step <= first) > first - 6
    assert max(step for step in with_kept if step <= second) > second - 6


def test_ghosts_are_not_among_the_runs_but_beside_theirs(api: Api, steered: str) -> None:
    seq = seqs(api, steered)[0]
    made = ghost(api, steered, seq)
    listed = api.client.get("/api/runs").json()
    assert [one["id"] for one in listed["runs"]] == [steered] and listed["counts"]["queued"] == 0
    beside = api.client.get("/api/runs", params={"ghosts_of": steered}).json()["runs"]
    assert [one["id"] for one in beside] == [made]
    assert [(one["id"], one["relation"]) for one in relatives(api, steered)] == [(made, "ghost")]
    assert [(one["id"], one["relation"]) for one in relatives(api, made)] == [(steered, "original")]
    assert beside[0]["color"] == api.client.get(f"/api/runs/{steered}").json()["color"]
    with api.store.read() as session:
        assert runs.counts(session)[RunState.QUEUED] == 1


def relatives(api: Api, run_id: str) -> list[dict[str, Any]]:
    return list(api.client.get(f"/api/runs/{run_id}").json()["relatives"])


def test_a_ghost_is_drawn_dotted_in_its_runs_colour(api: Api, steered: str) -> None:
    made = ghost(api, steered, seqs(api, steered)[0])
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


def test_what_has_no_ghost_is_refused(api: Api, steered: str) -> None:
    seq = seqs(api, steered)[0]
    answer = api.client.post(f"/api/runs/{steered}/ghosts", json={"seq": 1})
    assert (answer.status_code, answer.json()["path"]) == (422, "seq")
    assert api.client.post("/api/runs/nothing/ghosts", json={"seq": 1}).status_code == 404
    made = ghost(api, steered, seq)
    again = api.client.post(f"/api/runs/{steered}/ghosts", json={"seq": seq})
    assert again.status_code == 409 and "has a ghost without this intervention" in again.json()["detail"]
    assert api.client.post(f"/api/runs/{made}/commands", json={"kind": "cancel"}).status_code == 202
    assert ghost(api, steered, seq) != made
