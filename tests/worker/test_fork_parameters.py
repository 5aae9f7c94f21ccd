"""A fork within a training that turns its live parameters: from there on, told, and the same as if it had been asked for at first."""

from typing import Any

import pytest

from backend.domain.run.commands import THE_SPEC, CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.states import Place, RunState
from backend.store import commands, events
from backend.store.tables import Artifact
from tests.backend.api.conftest import Api
from tests.faults.invariants import violations
from tests.worker.engine.harness import MemoryLink, run, steps_done
from tests.worker.executing import curves, hashes, row, sequence
from tests.worker.test_forks import TRAIN, api, checkpoints, fork, hand, submit
from worker.engine.checkpoints import checkpoint
from worker.pipe.messages import Command, Release

pytestmark = pytest.mark.usefixtures("processes")

__all__ = ["api"]

STEPS = 12  # of an epoch
LIVELY = {
    **TRAIN,
    "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    "schedule": {"kind": "constant"},
    "regularizers": [{"kind": "l2", "strength": 1e-4}],
}
PRUNE = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 2}}
SPEC: dict[str, Any] = {
    "name": "parent",
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp", "hidden": [16], "dropout": 0.3},
    "stages": [LIVELY, PRUNE],
    "measure": {"batch_sizes": [1], "repeats": 5},
}


@pytest.fixture(autouse=True)
def every_checkpoint_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "KEEP", 1_000)


def within(api: Api, run_id: str, stage: int, step: int) -> Artifact:
    """The first checkpoint in the midst of the stage at this step or beyond."""
    found = [one for one in checkpoints(api, run_id) if one.place is Place.WITHIN and one.stage == stage]
    return min((one for one in found if one.step >= step), key=lambda one: one.step)


def start(api: Api, run_id: str, at: Artifact) -> dict[str, Any]:
    answer = api.client.get(f"/api/runs/{run_id}/fork", params={"checkpoint": at.id})
    assert answer.status_code == 200, answer.text
    spec: dict[str, Any] = answer.json()["spec"]
    return spec


def reported(api: Api, run_id: str) -> list[tuple[int, str, Any, Any, str]]:
    """The live parameters that were set: step, path, old, new, by whom."""
    with api.store.read() as session:
        marks = [mark.body for mark in events.marks(session, run_id) if mark.kind == EventKind.COMMAND]
    return [(body["step"], body["path"], body["old"], body["new"], body["by"]) for body in marks if "path" in body]


def steer(api: Api, run_id: str, *settings: tuple[int, str, Any]) -> None:
    """Take the run to its end; a person turns these live parameters after at least so many steps."""
    conduct(api, run_id, *((step, CommandKind.SET, {"path": path, "value": value}) for step, path, value in settings))


def conduct(api: Api, run_id: str, *requested: tuple[int, CommandKind | None, dict[str, Any]]) -> None:
    """Take the run to its end, or until it is given back: None. A person asks this after at least so many steps."""
    worker = hand(api)
    held = worker.claim()
    assert held and held.id == run_id
    work = held.assignment()
    assert work
    waiting = list(requested)

    def ask(link: MemoryLink) -> list[Command | Release]:
        if not waiting or steps_done(link) < waiting[0][0]:
            return []
        _, kind, body = waiting.pop(0)
        if kind is None:
            return [Release()]
        with api.store.begin() as session:
            command = commands.ask(session, run_id, kind, body, "ann")
            return [Command(command.id, kind, command.body, command.by)]

    held.begin()
    held.take(run(work, worker.settings, ask=ask, requested=True).sent)
    held.flush()
    assert not waiting


@pytest.mark.parametrize(("stage", "step"), [(0, 7), (1, 2 * STEPS + 8)], ids=["train", "recover"])
def test_a_fork_that_turns_live_parameters_is_what_a_run_with_these_commands_is(
    api: Api, stage: int, step: int
) -> None:
    parent = submit(api, SPEC)
    hand(api).all()
    at = within(api, parent, stage, step)
    spec = start(api, parent, at)
    recipe = spec["stages"][stage].get("recover") or spec["stages"][stage]
    recipe["optimizer"]["lr"], recipe["regularizers"][0]["strength"] = 0.01, 0.0
    child = fork(api, parent, checkpoint=at.id, spec=spec)
    hand(api).all()
    assert row(api.store, child).state is RunState.SUCCEEDED and violations(api.store, child) == []
    assert reported(api, child) == [
        (at.step, "optimizer.lr", 0.05, 0.01, THE_SPEC),
        (at.step, "regularizers[0].strength", 1e-4, 0.0, THE_SPEC),
    ]
    mine, theirs = curves(api.store, child), curves(api.store, parent)
    assert {key: value for key, value in mine.items() if key[1] <= at.step} == {
        key: value for key, value in theirs.items() if key[1] <= at.step
    }
    assert (mine["learning_rate", at.step], mine["learning_rate", at.step + 1]) == (0.05, 0.01)
    assert hashes(api.store, child)[-1] != hashes(api.store, parent)[-1]

    alone = submit(api, api.client.get(f"/api/runs/{child}").json()["spec"])
    hand(api).all()
    assert (hashes(api.store, alone), sequence(api.store, alone)) == (
        hashes(api.store, child),
        sequence(api.store, child),
    )


def test_live_parameters_that_a_person_had_turned_stand_where_they_stood(api: Api) -> None:
    """The spec that a fork begins with has them; left alone nothing is turned, turned back it is."""
    parent = submit(api, SPEC)
    steer(api, parent, (5, "optimizer.lr", 0.01))
    at = within(api, parent, 0, reported(api, parent)[0][0])
    spec = start(api, parent, at)
    assert spec["stages"][0]["optimizer"]["lr"] == 0.01
    child = fork(api, parent, checkpoint=at.id, spec=spec)
    spec["stages"][0]["optimizer"]["lr"] = 0.05
    back = fork(api, parent, checkpoint=at.id, spec=spec)
    hand(api).all()
    assert sequence(api.store, child) == sequence(api.store, parent)
    assert reported(api, child) == reported(api, parent)
    assert reported(api, back)[1:] == [(at.step, "optimizer.lr", 0.01, 0.05, THE_SPEC)]
    assert curves(api.store, back)["learning_rate", at.step + 1] == 0.05


def test_what_a_fork_turns_survives_its_trainer(api: Api) -> None:
    parent = submit(api, SPEC)
    hand(api).all()
    at = within(api, parent, 0, 7)
    spec = start(api, parent, at)
    spec["stages"][0]["optimizer"]["lr"] = 0.01
    undisturbed = fork(api, parent, checkpoint=at.id, spec=spec)
    hand(api).all()
    killed = fork(api, parent, checkpoint=at.id, spec=spec)
    worker = hand(api)
    held = worker.claim()
    assert held
    worker.work(held, kill_at=4)  # after it was turned, before the first checkpoint
    held.trainer_ended("Killed.")
    worker.work(held)
    assert sequence(api.store, killed) == sequence(api.store, undisturbed)
    assert reported(api, killed) == reported(api, undisturbed)
