"""Commands, results, artifacts, workers."""

from datetime import UTC, datetime

import pytest

from backend.domain.catalog import Catalog, CatalogEntry, Family
from backend.domain.run.commands import CommandKind, CommandState
from backend.domain.run.results import StageResult
from backend.domain.run.states import RunState
from backend.store import artifacts, commands, events, experiments, results, runs, workers
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Command
from tests.backend.store.conftest import SPEC, Submit, claim

STAGE = StageResult(
    stage=0, kind="train", label="train: adam", step=10, seconds=1.5, parameters=7, nonzero=7, weights_sha256="0" * 64
)

FLAT = "the loss has flattened · Verlust ≈ 0.1"


def ask(store: Store, run_id: str, kind: CommandKind, by: str = "ann") -> Command:
    with store.begin() as session:
        return commands.ask(session, run_id, kind, {}, by)


def test_a_command_waits_until_it_is_settled_and_stays_so(store: Store, lease: Lease) -> None:
    requested = ask(store, lease.run_id, CommandKind.STOP)
    with store.read() as session:
        assert [command.id for command in commands.pending(session, lease.run_id)] == [requested.id]
    for state, note in ((CommandState.OBEYED, "done"), (CommandState.REFUSED, "too late")):
        with store.begin() as session:
            commands.settle(session, requested.id, state, note)
    with store.read() as session:
        kept = session.get(Command, requested.id)
        assert kept is not None and (kept.state, kept.note) == (CommandState.OBEYED, "done")
        assert commands.pending(session, lease.run_id) == []


def test_asking_twice_is_asking_once(store: Store, lease: Lease) -> None:
    first, second = (ask(store, lease.run_id, CommandKind.CANCEL) for _ in range(2))
    assert first.id == second.id
    assert ask(store, lease.run_id, CommandKind.STOP).id != first.id


def test_why_it_was_asked_stands_in_its_event(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        requested, again = (
            commands.ask(session, lease.run_id, CommandKind.STOP, {}, "ann", why) for why in (FLAT, "No.")
        )
    assert requested.id == again.id
    other = ask(store, lease.run_id, CommandKind.CHECKPOINT)
    with store.begin() as session:
        runs.finish(session, lease, RunState.FAILED, "It broke.")
    with store.read() as session:
        reported = {
            mark.body["command"]: mark.body for mark in events.marks(session, lease.run_id) if "by" in mark.body
        }
        kept = session.get_one(Command, requested.id)
    assert (kept.why, reported[requested.id]["why"], reported[requested.id]["state"]) == (FLAT, FLAT, "refused")
    assert "why" not in reported[other.id]


def test_a_queued_run_obeys_a_cancel_at_once(store: Store, submit: Submit) -> None:
    (run_id,) = submit()
    requested = ask(store, run_id, CommandKind.CANCEL)
    assert requested.state is CommandState.OBEYED
    with store.read() as session:
        command, state = events.marks(session, run_id)
        assert (command.body["by"], command.body["state"]) == ("ann", "obeyed")
        assert state.body == {"state": "cancelled", "reason": "Cancelled by ann."}


@pytest.mark.parametrize("back", ["release", "reap"])
def test_a_cancel_is_obeyed_when_the_run_comes_back_to_the_queue(store: Store, lease: Lease, back: str) -> None:
    requested = ask(store, lease.run_id, CommandKind.CANCEL)
    with store.begin() as session:
        if back == "release":
            runs.release(session, lease, "Shutting down.")
        else:
            ((run_id, epoch, heartbeat),) = runs.leases(session)
            assert runs.reap(session, run_id, epoch, heartbeat, "Not heard of.")
    with store.begin() as session:
        assert runs.claim(session, "other") is None
        run = runs.get(session, lease.run_id)
        assert run is not None and run.state is RunState.CANCELLED
        kept = session.get(Command, requested.id)
        assert kept is not None and kept.state is CommandState.OBEYED


def test_a_run_that_is_over_takes_no_commands(store: Store, lease: Lease) -> None:
    with store.begin() as session:
        runs.finish(session, lease, RunState.STOPPED)
    with pytest.raises(commands.RunOver, match="The run has been stopped: it takes no commands") as refused:
        ask(store, lease.run_id, CommandKind.CANCEL)
    assert refused.value.state is RunState.STOPPED
    with pytest.raises(commands.RunMissing):
        ask(store, "nobody", CommandKind.CANCEL)


def test_a_repeated_stage_replaces_its_result(store: Store, lease: Lease) -> None:
    for seconds in (1.5, 2.5):
        with store.begin() as session:
            runs.write(session, lease)
            results.put(session, lease.run_id, STAGE.model_copy(update={"seconds": seconds}))
            results.put(session, lease.run_id, STAGE.model_copy(update={"stage": 1}))
    with store.read() as session:
        found = results.of(session, [lease.run_id, "nobody"])
    assert found["nobody"] == []
    assert [(result.stage, result.seconds) for result in found[lease.run_id]] == [(0, 2.5), (1, 1.5)]


def register(store: Store, run_id: str, id: str, kind: str = artifacts.CHECKPOINT, step: int = 1) -> None:
    with store.begin() as session:
        file = {"path": f"runs/{id}", "bytes": 10, "sha256": "0" * 64}
        artifacts.register(session, run_id, id=id, kind=kind, stage=0, step=step, **file)


def test_checkpoints_come_newest_first_even_when_the_clock_is_set_back(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(store, lease.run_id, "a", step=100)
    register(store, lease.run_id, "onnx", kind="onnx")
    monkeypatch.setattr(artifacts, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    register(store, lease.run_id, "b", step=50)
    with store.read() as session:
        assert [file.id for file in artifacts.checkpoints(session, lease.run_id)] == ["b", "a"]
        assert [file.id for file in artifacts.of(session, lease.run_id)] == ["a", "onnx", "b"]


def test_a_forgotten_file_does_not_exist(store: Store, lease: Lease) -> None:
    register(store, lease.run_id, "a")
    with store.begin() as session:
        artifacts.forget(session, "a")
        artifacts.forget(session, "a")
    with store.read() as session:
        assert artifacts.get(session, "a") is None


def catalog_with(kind: str, unavailable: str | None = None) -> Catalog:
    entry = CatalogEntry(family="models", kind=kind, summary="", description="", parameters={}, unavailable=unavailable)
    return Catalog(families=[Family(name="models", summary="", default="")], entries=[entry])


def announce(store: Store, id: str, catalog: Catalog) -> None:
    with store.begin() as session:
        workers.announce(session, id, f"worker {id}", {"kind": "cpu"}, catalog)


def test_the_catalog_is_what_the_workers_can_do_together(store: Store) -> None:
    def kinds() -> list[str]:
        with store.read() as session:
            return workers.catalog(session).kinds("models")

    assert kinds() == []
    announce(store, "a", catalog_with("mlp"))
    announce(store, "b", catalog_with("cnn"))
    assert kinds() == ["cnn", "mlp"]
    with store.begin() as session:
        workers.depart(session, "b")
    assert kinds() == ["mlp"]
    with store.begin() as session:
        workers.depart(session, "a")
    assert kinds() in (["mlp"], ["cnn"])  # nobody is there: what the last one could
    announce(store, "b", catalog_with("cnn"))
    assert kinds() == ["cnn"]


def test_a_worker_beats_until_it_is_gone(store: Store) -> None:
    announce(store, "a", Catalog())
    with store.begin() as session:
        workers.beat(session, "a", "some run")
    with store.read() as session:
        (worker,) = workers.all(session)
        ((_, heartbeat, _),) = workers.beats(session)
    assert (worker.run_id, worker.heartbeat, heartbeat) == ("some run", 1, 1)
    with store.begin() as session:
        workers.lose(session, "a", heartbeat - 1)
        assert workers.beats(session)
        workers.lose(session, "a", heartbeat)
        assert workers.beats(session) == []
        workers.beat(session, "a", None)  # it was only slow
        assert workers.beats(session)


def test_equal_specs_have_equal_fingerprints(store: Store) -> None:
    with store.begin() as session:
        ids = [experiments.create(session, SPEC, [0])[0] for _ in range(2)]
        first, second = (experiments.get(session, id) for id in ids)
        assert first is not None and second is not None
        assert first.fingerprint == second.fingerprint
    claim(store)
