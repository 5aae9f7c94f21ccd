"""Forks, through the API and in the hands of the engine: exact, independent of their parent, and never half-made."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import Place, RunState
from backend.store import artifacts, events, results, summaries
from backend.store.forks import find_prefix
from backend.store.tables import Artifact, Run
from tests.backend.api.conftest import Api, publish, running
from tests.faults.invariants import violations
from tests.worker.engine.harness import MEASURED
from tests.worker.executing import Hand, curves, hashes, row
from worker.engine import reporter
from worker.engine.measurement import measure

pytestmark = pytest.mark.usefixtures("processes")

MLP = {"kind": "mlp", "hidden": [16], "dropout": 0.3}
CNN = {"kind": "cnn", "width": 4, "norm": "batch"}
TRAIN = {
    "kind": "train", "epochs": 2, "batch": {"kind": "fixed", "size": 128},
    "optimizer": {"kind": "adam", "lr": 3e-3}, "schedule": {"kind": "cosine", "warmup_steps": 5},
}  # fmt: skip
PRUNE = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.6}, "recover": {"epochs": 1}}


def spec(model: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "parent", "dataset": {"kind": "digits"}, "model": model, "stages": [TRAIN, PRUNE],
        "measure": {"batch_sizes": [1], "repeats": 5},
    }  # fmt: skip


@pytest.fixture
def api(migrated_sqlite: Path, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """An API whose engine flushes every five steps and takes a checkpoint with each flush.

    What files cost is measured in no process of its own here: that takes a second a stage, and forks only copy it.
    """
    monkeypatch.setattr(measure, "run_clean", lambda *_: MEASURED)
    monkeypatch.setattr(reporter, "FLUSH_SECONDS", 1e6)
    monkeypatch.setattr(reporter, "MOST_STEPS", 5)
    url = f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path)}"
    publish(url, catalog)
    with running(url, tmp_path) as api:
        yield api


def hand(api: Api) -> Hand:
    return Hand(api.store, api.settings.model_copy(update={"threads": 1, "checkpoint_seconds": 1e-9}))


def submit(api: Api, document: dict[str, Any]) -> str:
    answer = api.client.post("/api/experiments", json={"spec": document})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runs"][0]["id"])


def fork(api: Api, parent: str, **body: Any) -> str:
    answer = api.client.post(f"/api/runs/{parent}/fork", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["runs"][0]["id"])


def checkpoints(api: Api, run_id: str) -> list[Artifact]:
    with api.store.read() as session:
        return artifacts.checkpoints(session, run_id)


@pytest.mark.parametrize("model", [MLP, CNN], ids=["mlp-dropout", "cnn-batch-norm"])
def test_a_fork_without_a_change_ends_bit_equal_to_its_parent(api: Api, model: dict[str, Any]) -> None:
    parent = submit(api, spec(model))
    hand(api).all()
    places = [one.place for one in checkpoints(api, parent)]
    assert {Place.END, Place.WITHIN} == set(places)
    within = next(one for one in checkpoints(api, parent) if one.place is Place.WITHIN)
    children = [fork(api, parent, stage=0), fork(api, parent, checkpoint=within.id), fork(api, parent)]
    assert hand(api).all() == children
    for child in children:
        assert row(api.store, child).state is RunState.SUCCEEDED
        assert hashes(api.store, child) == hashes(api.store, parent)
        assert curves(api.store, child) == curves(api.store, parent)
        assert violations(api.store, child) == []
        assert row(api.store, child).latest == row(api.store, parent).latest
    assert row(api.store, children[1]).fork_step == within.step


def test_a_fork_has_its_parents_past_and_outlives_it(api: Api) -> None:
    parent = submit(api, spec(MLP))
    hand(api).all()
    child = fork(api, parent, stage=0)
    reported = api.client.get(f"/api/runs/{child}").json()
    assert (reported["state"], reported["parent_id"], reported["fork_stage"]) == ("queued", parent, 1)
    assert reported["relatives"][0] | {"color": ""} == {
        "id": parent, "name": "parent", "state": "succeeded", "color": "", "relation": "parent",
        "stage": 1, "step": reported["fork_step"],
    }  # fmt: skip
    assert api.client.get(f"/api/runs/{parent}").json()["relatives"][0]["id"] == child
    (kept,) = reported["results"]
    mine = {one["id"]: one for one in reported["artifacts"]}
    assert {measure["artifact"] for measure in kept["measures"]} <= set(mine)
    with api.store.read() as session:
        assert not mine.keys() & {one.id for one in artifacts.of(session, parent)}
        marks = events.marks(session, child)
        assert summaries.of(session, child)
    (forked,) = [mark.body for mark in marks if mark.kind == EventKind.FORKED]
    assert forked["parent"] == parent and forked["artifact"] in mine
    assert [mark.kind for mark in marks[-2:]] == [EventKind.FORKED, EventKind.STATE]

    assert api.client.delete(f"/api/runs/{parent}").status_code == 204
    assert row(api.store, child).parent_id is None
    assert all(api.client.get(f"/api/artifacts/{one}").status_code == 200 for one in mine)
    hand(api).all()
    assert row(api.store, child).state is RunState.SUCCEEDED and len(hashes(api.store, child)) == 2


def test_a_fork_counts_its_own_time_and_tells_its_parents_apart(api: Api) -> None:
    parent = submit(api, spec(MLP))
    hand(api).all()
    reported = api.client.get(f"/api/runs/{parent}").json()
    assert reported["active_seconds"] > 0 and reported["inherited_seconds"] == 0
    child = fork(api, parent, stage=0)
    reported = api.client.get(f"/api/runs/{child}").json()
    inherited = reported["inherited_seconds"]
    assert reported["active_seconds"] == 0 and inherited > 0 and reported["measuring_seconds"] is None
    hand(api).all()
    reported = api.client.get(f"/api/runs/{child}").json()
    with api.store.read() as session:
        ends = [mark.body for mark in events.marks(session, child) if mark.kind == EventKind.CHECKPOINT]
    assert 0 < reported["active_seconds"] <= ends[-1]["seconds"] - inherited + 1e-9
    assert reported["inherited_seconds"] == inherited and reported["measuring_seconds"] > 0
    assert reported["measuring_seconds"] == reported["results"][1]["measuring_seconds"]  # not the parent's too
    report = api.client.get(f"/api/runs/{child}/report").text
    assert f"trained {reported['active_seconds']:,.1f} s + {inherited:,.1f} s before the fork · measured for" in report
    grandchild = fork(api, child)
    reported = api.client.get(f"/api/runs/{grandchild}").json()
    assert reported["inherited_seconds"] > inherited and reported["active_seconds"] == 0


def test_stages_after_the_fork_may_be_others(api: Api) -> None:
    parent = submit(api, spec(MLP))
    hand(api).all()
    harder = {**PRUNE, "method": {**PRUNE["method"], "sparsity": 0.9}}
    longer = {**spec(MLP), "name": "child", "stages": [TRAIN, harder, {"kind": "quantize"}]}
    child, short = (
        fork(api, parent, stage=0, spec=longer),
        fork(api, parent, spec={**spec(MLP), "stages": [TRAIN]}, stage=0),
    )
    worker = hand(api)
    worker.all()
    assert row(api.store, child).experiment.name == "child"
    alone = submit(api, longer)
    hand(api).all()
    assert hashes(api.store, child) == hashes(api.store, alone)
    assert hashes(api.store, short) == hashes(api.store, parent)[:1]
    assert worker.steps == row(api.store, child).step - row(api.store, child).fork_step


def test_a_damaged_or_vanished_checkpoint_is_refused_and_leaves_nothing(api: Api) -> None:
    parent = submit(api, spec(MLP))
    hand(api).all()
    before = set((api.settings.data_dir / "runs").iterdir())
    with api.store.read() as session:
        ended = artifacts.checkpoints(session, parent)[0]
        (result, *_) = results.of(session, [parent])[parent]
    file = api.settings.data_dir / ended.path
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    answer = api.client.post(f"/api/runs/{parent}/fork", json={"checkpoint": ended.id})
    assert answer.status_code == 409 and "its hash differs from the registered one" in answer.json()["detail"]
    with api.store.read() as session:
        assert artifacts.get(session, ended.id) is None
        earlier = find_prefix(session, session.get_one(Run, parent)).checkpoint
    assert not file.exists()
    file = api.settings.data_dir / earlier.path
    content = file.read_bytes()
    file.unlink()
    answer = api.client.post(f"/api/runs/{parent}/fork")
    assert (answer.status_code, answer.json()["error"]) == (409, "Conflict")
    file.write_bytes(content)  # its folder came back
    with api.store.read() as session:
        lost = artifacts.get(session, result.measures[0].artifact)
    assert lost is not None
    (api.settings.data_dir / lost.path).unlink()
    answer = api.client.post(f"/api/runs/{parent}/fork", json={"stage": 0})
    assert answer.status_code == 409 and "is gone" in answer.json()["detail"]
    assert set((api.settings.data_dir / "runs").iterdir()) == before
    assert api.client.get("/api/runs").json()["counts"]["queued"] == 0
