"""Forks and orders on the wire: what is refused and why, retried and swept. What they compute is the worker's tests'."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from backend.api.staging import MARK
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import Place, RunState
from backend.store import artifacts, events, files, results, runs
from backend.store.clock import new_id
from tests.backend.api.conftest import Api, running
from tests.backend.api.making import SPEC, claimed, event, points, queued, result, write
from tests.backend.api.test_errors import shape

TRAIN, QUANTIZE = SPEC["stages"]


def checkpoint(api: Api, lease: runs.Lease, stage: int, step: int, place: Place) -> str:
    """A file, its row and its event, as a worker leaves them."""
    identity, content = new_id(), os.urandom(100)
    path = f"runs/{lease.run_id}/checkpoints/{identity}.pt"
    file = api.settings.data_dir / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    write(api.store, lease, event(EventKind.CHECKPOINT, step=step, stage=stage, artifact=identity, seconds=1.0))
    with api.store.begin() as session:
        artifacts.register(
            session, lease.run_id, id=identity, kind="checkpoint", stage=stage, step=step, place=place, path=path,
            bytes=len(content), sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
    return identity


def parent(api: Api, catalog: Catalog, *, stopped: bool = False) -> tuple[str, str, str]:
    """A run that trained for 24 steps: its id, its checkpoint at step 12 and the one at the end of the stage."""
    (run_id,) = queued(api.store, catalog)
    lease = claimed(api.store)
    write(api.store, lease, points(1, 24, loss=1.0), step=24, latest={"train/loss": 1.0})
    within = checkpoint(api, lease, 0, 12, Place.STOPPING if stopped else Place.WITHIN)
    with api.store.begin() as session:
        made = result(0, "train: adam", "none", accuracy=0.9, size=1000, p50=0.1)
        results.put(session, run_id, made.model_copy(update={"measures": []}))
        runs.write(session, lease)
    end = checkpoint(api, lease, 0, 24, Place.STOPPED if stopped else Place.END)
    with api.store.begin() as session:
        runs.finish(session, lease, RunState.STOPPED if stopped else RunState.FAILED)
    return run_id, within, end


def spec(**changes: Any) -> dict[str, Any]:
    return {**SPEC, **changes}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (spec(dataset="iris"), "dataset.kind"),
        (spec(model={"kind": "mlp", "hidden": [7]}), "model.hidden"),
        (spec(preparation="none"), "preparation.kind"),
        (spec(storage="disk"), "storage"),
        (spec(seed=7), "seed"),
        (spec(stages=[{**TRAIN, "epochs": 3}, QUANTIZE]), "stages[0].epochs"),
        (spec(stages=[{**TRAIN, "optimizer": "sgd"}, QUANTIZE]), "stages[0].optimizer.kind"),
        (spec(stages=[QUANTIZE]), "stages[0].kind"),
        (spec(stages=[]), "stages"),
    ],
)
def test_a_spec_that_leaves_the_past_is_refused(api: Api, catalog: Catalog, document: Any, path: str) -> None:
    run_id, *_ = parent(api, catalog)
    answer = api.client.post(f"/api/runs/{run_id}/fork", json={"spec": document})
    assert (answer.status_code, shape(answer).path) == (422, path)
    assert api.client.get("/api/runs").json()["counts"]["queued"] == 0


def lr(rate: float, **more: Any) -> dict[str, Any]:
    return {**TRAIN, "optimizer": {"kind": "adam", "lr": rate}, **more}


@pytest.mark.parametrize(
    ("document", "path", "reported"),
    [
        (
            spec(stages=[lr(1e-4, epochs=3), QUANTIZE]),
            "stages[0].epochs",
            "as a new run. What can be changed there:",
        ),
        (spec(stages=[lr(-1.0), QUANTIZE]), "stages[0].optimizer.lr", "must be more than 0"),
        (spec(stages=[{**TRAIN, "optimizer": "sgd"}, QUANTIZE]), "stages[0].optimizer.kind", "stages[0].optimizer.lr"),
        (spec(model={"kind": "mlp", "hidden": [7]}), "model.hidden", "only later stages may differ"),
        (
            spec(commands=[{"step": 5, "path": "optimizer.lr", "value": 0.1}]),
            "commands[0].step",
            "the fork starts at step 12",
        ),
    ],
)
def test_within_a_stage_what_is_not_live_is_refused_with_the_remedy(
    api: Api, catalog: Catalog, document: Any, path: str, reported: str
) -> None:
    run_id, within, _ = parent(api, catalog)
    answer = api.client.post(f"/api/runs/{run_id}/fork", json={"spec": document, "checkpoint": within})
    assert (answer.status_code, shape(answer).path) == (422, path)
    assert reported in shape(answer).detail


def test_a_live_parameter_of_the_stage_becomes_an_command_where_the_fork_begins(api: Api, catalog: Catalog) -> None:
    run_id, within, end = parent(api, catalog)
    start = api.client.get(f"/api/runs/{run_id}/fork", params={"checkpoint": within}).json()
    assert (start["step"], start["ended"], start["within"]) == (12, 0, 0)
    assert "stages[0].optimizer.lr" in start["live"] and "stages[0].epochs" not in start["live"]
    document = start["spec"]
    document["stages"][0]["optimizer"]["lr"] = 1e-4
    document["measure"]["repeats"] = 5
    answer = api.client.post(f"/api/runs/{run_id}/fork", json={"spec": document, "checkpoint": within})
    assert answer.status_code == 201, answer.text
    made = api.client.get(f"/api/runs/{answer.json()['runs'][0]['id']}").json()["spec"]
    assert made["commands"] == [{"kind": "set", "step": 12, "path": "optimizer.lr", "value": 1e-4}]
    assert made["stages"][0] == api.client.get(f"/api/runs/{run_id}").json()["spec"]["stages"][0]
    assert (made["name"], made["measure"]["repeats"]) == ("A run · fork", 5)

    start = api.client.get(f"/api/runs/{run_id}/fork", params={"checkpoint": end}).json()
    assert (start["step"], start["ended"], start["within"], start["live"]) == (24, 1, None, [])
    refused = api.client.post(f"/api/runs/{run_id}/fork", json={"spec": document, "checkpoint": end})
    assert (refused.status_code, shape(refused).path) == (422, "stages[0].optimizer.lr")
    both = api.client.get(f"/api/runs/{run_id}/fork", params={"checkpoint": end, "stage": 0})
    assert (both.status_code, shape(both).path) == (422, "stage")


def test_a_stage_that_was_not_training_there_is_taken_as_it_was(api: Api, catalog: Catalog) -> None:
    """At a checkpoint of a worker that was given back while it measured, nothing of the stage can be changed."""
    run_id, within, _ = parent(api, catalog)
    with api.store.begin() as session:
        reported = next(one for one in events.marks(session, run_id) if one.body.get("artifact") == within)
        reported.body = {**reported.body, "trains": False}
    answer = api.client.post(
        f"/api/runs/{run_id}/fork", json={"spec": spec(stages=[lr(1e-4), QUANTIZE]), "checkpoint": within}
    )
    assert (answer.status_code, shape(answer).path) == (422, "stages[0].optimizer.lr")
    assert "was not training at this checkpoint" in shape(answer).detail


@pytest.mark.parametrize("stages", [[TRAIN], [TRAIN, {"kind": "prune"}, QUANTIZE]], ids=["fewer", "more"])
def test_what_comes_later_may_differ(api: Api, catalog: Catalog, stages: list[Any]) -> None:
    run_id, *_ = parent(api, catalog)
    answer = api.client.post(f"/api/runs/{run_id}/fork", json={"spec": spec(name="b", stages=stages), "stage": 0})
    assert answer.status_code == 201
    child = api.client.get(f"/api/runs/{answer.json()['runs'][0]['id']}").json()
    assert (child["name"], len(child["stages"]), len(child["results"])) == ("b", len(stages), 1)


def test_what_is_not_there_is_a_404(api: Api, catalog: Catalog) -> None:
    run_id, *_ = parent(api, catalog)
    (other,) = queued(api.store, catalog)
    for path, body in [
        ("/api/runs/nothing/fork", {}),
        (f"/api/runs/{run_id}/fork", {"checkpoint": "nothing"}),
        (f"/api/runs/{run_id}/fork", {"stage": 1}),
        (f"/api/runs/{other}/fork", {}),
    ]:
        answer = api.client.post(path, json=body)
        assert answer.status_code == 404
        shape(answer)
    answer = api.client.post(f"/api/runs/{run_id}/fork", json={"checkpoint": "a", "stage": 0})
    assert (answer.status_code, shape(answer).path) == (422, "stage")


def test_nothing_follows_the_moment_of_a_stop_but_what_it_left_can_be_forked(api: Api, catalog: Catalog) -> None:
    run_id, within, end = parent(api, catalog, stopped=True)
    answer = api.client.post(f"/api/runs/{run_id}/fork", json={"checkpoint": within})
    assert answer.status_code == 409 and "while its stage was ending" in shape(answer).detail
    for body in ({"checkpoint": end}, {"stage": 0}, {}):
        answer = api.client.post(f"/api/runs/{run_id}/fork", json=body)
        assert answer.status_code == 201
        with api.store.read() as session:
            (copied,) = artifacts.checkpoints(session, answer.json()["runs"][0]["id"])
        assert copied.place is Place.END


def test_a_retried_fork_is_one_fork(api_on_each: Api, catalog: Catalog) -> None:
    api = api_on_each
    another, *_ = parent(api, catalog)
    run_id, within, _ = parent(api, catalog)
    key = {"Idempotency-Key": "mine"}
    first, second = (api.client.post(f"/api/runs/{run_id}/fork", json={}, headers=key) for _ in range(2))
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    other = api.client.post(f"/api/runs/{run_id}/fork", json={"checkpoint": within}, headers=key)
    assert other.status_code == 409
    assert api.client.post(f"/api/runs/{another}/fork", json={}, headers=key).status_code == 409
    child = api.client.get(f"/api/runs/{first.json()['runs'][0]['id']}").json()
    assert (child["step"], child["latest"], child["last_seq"]) == (24, {"train/loss": 1.0}, 6)
    curve = api.client.get(f"/api/runs/{child['id']}/points?metrics=train/loss").json()["series"][0]
    assert curve["steps"] == list(range(1, 25))
    assert sorted(folder.name for folder in (api.settings.data_dir / "runs").iterdir()) == sorted(
        [run_id, another, child["id"]]
    )


def test_a_server_that_died_over_a_fork_leaves_nothing(api: Api, catalog: Catalog, published: Path) -> None:
    run_id, *_ = parent(api, catalog)
    child = api.client.post(f"/api/runs/{run_id}/fork").json()["runs"][0]["id"]
    root = api.settings.data_dir / "runs"
    for name in ("unborn", child):
        (root / name).mkdir(exist_ok=True)
        (root / name / MARK).touch()
    (root / "not ours").mkdir()
    with running(api.settings.database_url, api.settings.data_dir):
        pass
    assert sorted(folder.name for folder in root.iterdir()) == sorted([run_id, child, "not ours"])
    assert not (root / child / MARK).exists() and list((root / child / "checkpoints").iterdir())


def test_a_database_that_fails_at_the_end_leaves_nothing(
    api: Api, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, *_ = parent(api, catalog)
    monkeypatch.setattr("backend.store.inheritance.queue", _fails)
    with pytest.raises(RuntimeError):
        api.client.post(f"/api/runs/{run_id}/fork")
    assert [folder.name for folder in (api.settings.data_dir / "runs").iterdir()] == [run_id]
    assert api.client.get("/api/runs").json()["counts"]["queued"] == 0


def _fails(*_: Any) -> None:
    raise RuntimeError


def test_where_links_are_impossible_files_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    source, target = tmp_path / "a.pt", tmp_path / "folder" / "b.pt"
    source.write_bytes(b"weights")
    files.share(source, target)
    assert target.stat().st_ino == source.stat().st_ino
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    files.share(source, target)
    assert target.stat().st_ino != source.stat().st_ino and target.read_bytes() == b"weights"
    assert [file.name for file in target.parent.iterdir()] == ["b.pt"]


def explored(api: Api, orders: list[int], stages: list[Any], **more: Any) -> Any:
    return api.client.post("/api/experiments", json={"spec": spec(stages=stages), "orders": orders, **more})


PRUNES = [{"kind": "prune", "method": {"kind": "magnitude", "sparsity": share / 10}} for share in range(1, 6)]


@pytest.mark.parametrize(
    ("orders", "stages", "more", "reported"),
    [
        ([1, 1], [TRAIN, QUANTIZE], {}, "two different stages"),
        ([1, 2], [TRAIN, QUANTIZE], {}, "names stage 2"),
        ([1, 2, 3, 4, 5], [TRAIN, *PRUNES], {}, "120 runs"),
        ([1, 2, 3, 4], [TRAIN, *PRUNES], {"seeds": [0, 1, 2]}, "72 runs"),
        (
            [0, 1],
            [{"kind": "quantize"}, {"kind": "quantize", "method": {"kind": "static_int8"}}],
            {},
            "no valid order",
        ),
        ([0, 1], [TRAIN, QUANTIZE], {"variants": [{"name": "a", "changes": {}}]}, "cannot be combined"),
    ],
)
def test_orders_that_cannot_be_explored(
    api: Api, orders: list[int], stages: list[Any], more: dict[str, Any], reported: str
) -> None:
    answer = explored(api, orders, stages, **more)
    assert (answer.status_code, shape(answer).path) == (422, "orders")
    assert reported in answer.json()["detail"]


def test_orders_become_one_group_and_a_retry_answers_the_same(api: Api) -> None:
    key = {"Idempotency-Key": "mine"}
    body = {"spec": spec(stages=[TRAIN, *PRUNES[:2], QUANTIZE]), "orders": [1, 2, 3], "seeds": [0, 1]}
    first, second = (api.client.post("/api/experiments", json=body, headers=key) for _ in range(2))
    assert first.status_code == 201 and first.json() == second.json()
    created = first.json()
    assert created["left_out"][0]["name"] == "prune (magnitude) → quantize → prune (magnitude)"
    assert (len(created["runs"]), len(created["left_out"])) == (4, 4)
    rows = api.client.get("/api/runs", params={"group": created["id"], "descending": "false"}).json()["runs"]
    assert [(row["seed"], row["waits_stage"]) for row in rows] == [(0, None), (0, 0), (1, None), (1, 0)]
    assert [row["waits_for"] for row in rows] == [None, rows[0]["id"], None, rows[2]["id"]]
    refused = api.client.delete(f"/api/runs/{rows[0]['id']}")
    assert refused.status_code == 409


def test_equal_stages_make_no_orders_of_their_own(api: Api) -> None:
    answer = explored(api, [0, 1, 2], [TRAIN, TRAIN, PRUNES[0]])
    assert (answer.status_code, len(answer.json()["runs"])) == (201, 3)
