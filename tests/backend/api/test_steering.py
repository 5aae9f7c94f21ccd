"""A person at the wheel: what is offered, what is taken, what is refused, and how it is done again."""

import json
from typing import Any

import pytest
import yaml

from backend.domain.catalog import Catalog
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import RunState
from backend.store import commands
from tests.backend.api.conftest import Api
from tests.backend.api.making import claimed, queued, stage, write

STAGES = [
    {"kind": "train", "optimizer": {"kind": "sgd", "lr": 0.1}, "regularizers": [{"kind": "l2", "strength": 1e-4}]},
    {"kind": "prune", "recover": {"epochs": 1}},
]


@pytest.fixture
def running(api_on_each: Api, catalog: Catalog) -> str:
    answer = api_on_each.client.post("/api/experiments", json={"spec": spec()})
    assert answer.status_code == 201, answer.text
    write(api_on_each.store, claimed(api_on_each.store), stage=0, step=7, state=RunState.RUNNING)
    return str(answer.json()["runs"][0]["id"])


def spec() -> dict[str, Any]:
    return {"name": "Steered", "dataset": {"kind": "digits"}, "model": {"kind": "mlp"}, "stages": STAGES}


def ask(api: Api, run_id: str, kind: str, **body: Any) -> Any:
    return api.client.post(f"/api/runs/{run_id}/commands", json={"kind": kind, "body": body})


def test_the_live_parameters_of_what_trains_now_are_offered(api_on_each: Api, running: str) -> None:
    found = {row["path"]: row for row in api_on_each.client.get(f"/api/runs/{running}/live-parameters").json()}
    assert {"optimizer.lr", "optimizer.momentum", "regularizers[0].strength", "batch.size"} <= found.keys()
    assert "optimizer.nesterov" not in found and "epochs" not in found
    rate = found["optimizer.lr"]
    assert (rate["component"], rate["planned"], rate["value"]) == ("sgd", 0.1, 0.1)
    assert rate["bounds"]["exclusiveMinimum"] == 0 and rate["bounds"]["description"]


def test_a_turned_live_parameter_shows_its_value(api_on_each: Api, catalog: Catalog) -> None:
    api_on_each.client.post("/api/experiments", json={"spec": spec()})
    lease = claimed(api_on_each.store)
    write(
        api_on_each.store,
        lease,
        stage(0, "train: sgd", 0),
        command(path="optimizer.lr", old=0.1, new=0.02),
        command(path="optimizer.lr", state="refused", note="No."),
        command(kind="next", step=9),
        stage=0,
        state=RunState.RUNNING,
    )
    rows = api_on_each.client.get(f"/api/runs/{lease.run_id}/live-parameters").json()
    assert {row["path"]: row["value"] for row in rows}["optimizer.lr"] == 0.02
    replay = api_on_each.client.get(f"/api/runs/{lease.run_id}/replay")
    again = yaml.safe_load(replay.text)
    assert again["commands"] == [
        {"kind": "set", "path": "optimizer.lr", "step": 5, "value": 0.02},
        {"kind": "next", "path": None, "step": 9, "value": None},
    ]
    assert api_on_each.client.post("/api/experiments", json={"spec": again}).status_code == 201


def command(**more: Any) -> NewEvent:
    body = {"command": "c", "kind": "set", "by": "ann", "step": 5, "state": "obeyed", **more}
    return NewEvent(kind=EventKind.COMMAND, body=body)


REFUSED = [
    ("set", {"path": "optimizer.rate", "value": 1}, "body.path", "optimizer.lr"),
    ("set", {"path": "optimizer.lr", "value": -1}, "body.value", "more than 0"),
    ("set", {"path": "optimizer.lr", "value": "fast"}, "body.value", "number"),
    ("set", {"path": "optimizer.lr"}, "body.value", "required"),
    ("set", {}, "body.path", "required"),
    ("pause", {"now": True}, "body.now", "not permitted"),
    ("stages", {"stages": [{"kind": "melt"}]}, "body.stages[0].kind", "melt"),
    ("stages", {"stages": [{"kind": "quantize"}, {"kind": "prune"}]}, "body.stages[1]", "have not been quantized"),
    ("stages", {"stages": [{"kind": "soup", "sources": ["abc"]}]}, "body.stages[0].sources[0]", "fork this run"),
]


@pytest.mark.parametrize(("kind", "body", "path", "word"), REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_asked(
    api: Api, catalog: Catalog, kind: str, body: dict[str, Any], path: str, word: str
) -> None:
    api.client.post("/api/experiments", json={"spec": spec()})
    lease = claimed(api.store)
    write(api.store, lease, stage=0, state=RunState.RUNNING)
    answer = ask(api, lease.run_id, kind, **body)
    assert answer.status_code == 422
    error = answer.json()
    assert (error["path"] or error["problems"][0]["path"]).startswith(path)
    assert word in answer.text


def test_a_state_that_cannot_take_it_is_named(api_on_each: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api_on_each.store, catalog)
    for kind in set(CommandKind) - {CommandKind.STOP, CommandKind.CANCEL, CommandKind.SET, CommandKind.STAGES}:
        answer = ask(api_on_each, run_id, kind)
        assert answer.status_code == 409 and "The run is queued" in answer.json()["detail"]
    write(api_on_each.store, claimed(api_on_each.store), stage=0, state=RunState.RUNNING)
    assert "while it is paused" in ask(api_on_each, run_id, "resume").json()["detail"]


def test_stages_to_come_are_sent_in_full(api_on_each: Api, running: str) -> None:
    """Defaults are filled in and recipes inherited, as if they had been in the spec from the beginning."""
    answer = ask(api_on_each, running, "stages", stages=[{"kind": "prune", "recover": {"epochs": 2}}])
    assert answer.status_code == 202
    with api_on_each.store.read() as session:
        (command,) = commands.pending(session, running)
    (stage,) = command.body["stages"]
    assert stage["method"]["kind"] == "magnitude" and stage["recover"]["optimizer"]["kind"] == "sgd"


def test_two_people_are_both_in_the_record(api_on_each: Api, running: str) -> None:
    first = ask(api_on_each, running, "set", path="optimizer.lr", value=0.01).json()
    second = ask(api_on_each, running, "set", path="optimizer.lr", value=0.02).json()
    assert first["id"] != second["id"] and {first["state"], second["state"]} == {"pending"}


@pytest.mark.parametrize(
    ("why", "kept"),
    [(" the loss has\nflattened ", "the loss has\nflattened"), ("é" * 500, "é" * 500), (" \n", None), (None, None)],
)
def test_why_is_kept_as_it_was_said(api_on_each: Api, running: str, why: str | None, kept: str | None) -> None:
    wanted = {"kind": "set", "body": {"path": "optimizer.lr", "value": 0.01}, "why": why}
    answer = api_on_each.client.post(f"/api/runs/{running}/commands", json=wanted)
    assert (answer.status_code, answer.json()["why"]) == (202, kept)


@pytest.mark.parametrize("why", ["x" * 501, "a\x00b", "\x1b[2J", "\ud800", 7, ["x"]])
def test_why_is_a_short_plain_text(api: Api, catalog: Catalog, why: Any) -> None:
    queued(api.store, catalog)
    lease = claimed(api.store)
    write(api.store, lease, stage=0, state=RunState.RUNNING)
    content = json.dumps({"kind": "pause", "why": why})
    answer = api.client.post(
        f"/api/runs/{lease.run_id}/commands", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["path"]) == (422, "why")
    with api.store.read() as session:
        assert commands.pending(session, lease.run_id) == []


def test_events_tell_why(api_on_each: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api_on_each.store, catalog)
    api_on_each.client.post(f"/api/runs/{run_id}/commands", json={"kind": "cancel", "why": "wrong data"})
    reported = api_on_each.client.get(f"/api/runs/{run_id}/events").json()
    assert [mark["body"].get("why") for mark in reported if mark["kind"] == "command"] == ["wrong data"]


@pytest.mark.parametrize(
    ("what", "place"),
    [
        ({"path": "optimizer.rate", "value": 0.1}, "commands[0].path"),
        ({"path": "optimizer.lr", "value": -1.0}, "commands[0].value"),
        ({"path": "optimizer.lr"}, "commands[0].value"),
        ({"value": 0.1}, "commands[0].path"),
        ({"kind": "next", "value": 0.1}, "commands[0].value"),
        ({"kind": "stop"}, "commands[0].kind"),
    ],
)
def test_an_command_that_no_stage_could_make_is_refused(
    api: Api, catalog: Catalog, what: dict[str, Any], place: str
) -> None:
    wanted = {**spec(), "commands": [{"step": 5, **what}]}
    answer = api.client.post("/api/experiments", json={"spec": wanted})
    assert (answer.status_code, answer.json()["problems"][0]["path"]) == (422, place)
