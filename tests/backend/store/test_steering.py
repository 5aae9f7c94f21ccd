"""Live changes are read back from the events as people made them."""

from typing import Any

from backend.domain.run.commands import THE_SPEC, PlannedCommand
from backend.domain.run.events import EventKind, NewEvent
from backend.store import runs, steering
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Run
from tests.backend.store.conftest import rewind


def said(kind: str, step: int, state: str = "obeyed", by: str = "ann", **more: Any) -> NewEvent:
    body = {"command": "c", "kind": kind, "by": by, "step": step, "state": state, **more}
    return NewEvent(kind=EventKind.COMMAND, body=body)


def turned(step: int, value: float, path: str = "optimizer.lr", **more: Any) -> NewEvent:
    return said("set", step, path=path, old=0.0, new=value, **more)


def write(store: Store, lease: Lease, *events: NewEvent) -> None:
    with store.begin() as session:
        runs.write(session, lease, events)


def began(stage: int) -> NewEvent:
    return NewEvent(kind=EventKind.STAGE_BEGAN, body={"stage": stage, "kind": "train", "label": "train", "step": 0})


def test_live_parameters_that_were_turned_are_told_once_each_in_order(store: Store, lease: Lease) -> None:
    write(store, lease, turned(9, 0.3, "optimizer.momentum"), turned(5, 0.1), turned(7, 0.2, state="refused"))
    write(store, lease, rewind(4), turned(5, 0.1), turned(5, 0.4))
    with store.read() as session:
        found = steering.effective_commands(session, lease.run_id)
    assert found == [
        PlannedCommand(step=5, path="optimizer.lr", value=0.4),
        PlannedCommand(step=9, path="optimizer.momentum", value=0.3),
    ]


def test_a_live_parameter_stands_where_it_was_turned_to_in_this_stage(store: Store, lease: Lease) -> None:
    write(store, lease, began(0), turned(5, 0.1), turned(6, 0.2))
    with store.read() as session:
        assert steering.changed_parameters(session, session.get_one(Run, lease.run_id)) == {"optimizer.lr": 0.2}
    write(store, lease, began(1))
    with store.read() as session:
        assert steering.changed_parameters(session, session.get_one(Run, lease.run_id)) == {}


def test_a_replay_is_the_spec_with_what_was_done(store: Store, lease: Lease) -> None:
    write(store, lease, turned(5, 0.1))
    with store.read() as session:
        run = session.get_one(Run, lease.run_id)
        spec = steering.replay(session, run)
        assert spec["commands"] == [{"kind": "set", "path": "optimizer.lr", "value": 0.1, "step": 5}]
        assert {**spec, "commands": [], "name": ""} == {
            **run.spec,
            "commands": [],
            "name": "",
            "seed": run.seed,
        }


def test_only_a_person_steers(store: Store, lease: Lease) -> None:
    write(store, lease, turned(5, 0.1, by=THE_SPEC), said("pause", 5), turned(6, 0.1, state="refused"))
    with store.read() as session:
        assert not steering.was_steered(session, lease.run_id)
    write(store, lease, said("next", 7))
    with store.read() as session:
        assert steering.was_steered(session, lease.run_id)


def test_a_run_rests_until_it_is_to_go_on_whatever_happened_in_between(store: Store, lease: Lease) -> None:
    def rests(*events: NewEvent) -> bool:
        write(store, lease, *events)
        with store.read() as session:
            return steering.rests(session, lease.run_id)

    assert not rests(said("pause", 4, state="refused"))
    assert rests(said("pause", 5), rewind(4))
    assert rests(said("checkpoint", 5), turned(5, 0.1))
    assert not rests(said("resume", 5), rewind(4))
    assert rests(said("pause", 6))
    forked = NewEvent(kind=EventKind.FORKED, body={"parent": "p", "artifact": "a", "step": 6})
    assert not rests(forked)  # as its parent did
    assert rests(said("pause", 7))
