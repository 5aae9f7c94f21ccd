"""Runs as handles: listed, found, looked at, steered, forked, deleted."""

from collections.abc import Iterator

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from client import Lathe, LatheError
from client.events import Commanded, StageEnded
from client.runs import listing
from tests.backend.api.making import claimed, finished, queued
from tests.client.conftest import Server


@pytest.fixture(autouse=True)
def nobody_waits(lathe: Lathe) -> Iterator[None]:
    """The queue is empty again: a writer takes what has waited longest."""
    yield
    for run in lathe.runs(states=["queued"], limit=None):
        run.cancel()


@pytest.fixture
def done(server: Server, catalog: Catalog) -> str:
    """A run that went through both stages."""
    return finished(server.store, catalog)


def test_runs_are_listed_page_by_page(
    server: Server, lathe: Lathe, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 2)
    ids = queued(server.store, catalog, "A long list", seeds=5)
    found = lathe.runs(search="a long list", sort="seed", descending=False, limit=None)
    assert [run.id for run in found] == ids
    assert [run.row.seed for run in lathe.runs(search="a long list", limit=3)] == [4, 3, 2]
    assert lathe.runs(search="a long list", states=["failed", "paused"]) == []
    with pytest.raises(LatheError) as caught:
        lathe.runs(sort="luck")
    assert caught.value.path == "sort"


def test_a_run_is_found_by_how_its_id_begins(lathe: Lathe, done: str) -> None:
    assert lathe.run(done).id == lathe.run(done[:12]).id == lathe.run(done[:12].upper()).id == done
    with pytest.raises(LatheError, match="There is no run whose id starts with `0000000000`"):
        lathe.run("0000000000")
    with pytest.raises(LatheError, match="write the first characters of an id"):
        lathe.run("A run")
    with pytest.raises(LatheError, match="There is no run"):
        lathe.run("0" * 36)


def test_a_beginning_of_several_ids_names_them(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    ids = queued(server.store, catalog, seeds=17)  # more than there are first letters
    letter = next(letter for letter in "0123456789abcdef" if sum(one.startswith(letter) for one in ids) > 1)
    with pytest.raises(LatheError, match=rf"ids start with `{letter}`: .*Write more characters of the id"):
        lathe.run(letter)


def test_a_run_that_is_over_is_asked_for_once(lathe: Lathe, done: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lathe.run(done)
    assert [result.label for result in run.results] == ["train: adam", "quantize: dynamic int8"]
    assert repr(run) == f"<Run {done[:8]} “A run”, seed 0: succeeded, step 24 of 24>"
    monkeypatch.setattr(run, "_wire", None)  # whoever asked again would notice
    assert run.state == "succeeded" and run.spec["dataset"]["kind"] == "digits"
    assert [result.measured.accuracy for result in run.results if result.measured] == [0.95, 0.94]


def test_what_happened_is_told_without_points(lathe: Lathe, done: str) -> None:
    run = lathe.run(done)
    reported = run.events()
    assert "points" not in {event.kind for event in reported}
    assert [(event.label, event.stage_kind) for event in reported if isinstance(event, StageEnded)] == [
        ("train: adam", "train"),
        ("quantize: dynamic int8", "quantize"),
    ]
    assert run.events(after=reported[-2].seq) == reported[-1:]


def test_commands_are_asked_and_their_outcome_is_told(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    (run_id,) = queued(server.store, catalog)
    run = lathe.run(run_id)
    with pytest.raises(LatheError) as caught:
        run.pause()
    assert (caught.value.error, caught.value.status) == ("Conflict", 409)
    lease = claimed(server.store)
    assert lease.run_id == run_id
    assert {parameter.path for parameter in run.live_parameters()} >= {"optimizer.lr", "batch.size"}
    for ask in (run.pause, run.checkpoint, run.stop, run.next):
        assert (requested := ask(why=" to see ")).state == "pending" and requested.why == "to see"
    assert (turned := run.set("optimizer.lr", 0.01)).kind == "set" and turned.why is None
    prune = run.stages([{"kind": "prune", "method": {"kind": "magnitude"}}], why="smaller")
    assert prune.why == "smaller" and run.outcome(prune, timeout=0.1) is None
    with pytest.raises(LatheError) as caught:
        run.set("optimizer.lr", 0.02, why="x" * 501)
    assert caught.value.path == "why"
    with pytest.raises(LatheError, match="is not a live parameter") as caught:
        run.set("optimizer.luck", 1)
    assert caught.value.path == "body.path"
    assert "dataset: {kind: digits}" in run.replay()


def test_a_queued_run_is_cancelled_at_once(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    (run_id,) = queued(server.store, catalog)
    run = lathe.run(run_id)
    outcome = run.outcome(run.cancel(why="wrong data"))
    assert isinstance(outcome, Commanded) and (outcome.command_kind, outcome.state) == ("cancel", "obeyed")
    assert outcome.why == "wrong data"
    assert run.wait(1).state == "cancelled"
    run.delete()
    with pytest.raises(LatheError, match="There is no run"):
        lathe.run(run_id)


def test_a_run_that_cannot_be_forked_says_why(lathe: Lathe, done: str) -> None:
    with pytest.raises(LatheError) as caught:
        lathe.run(done).fork(stage=0)
    assert (caught.value.error, caught.value.status) == ("ArtifactNotFound", 404)
    with pytest.raises(LatheError) as caught:
        lathe.run(done).fork(stage=0, checkpoint="x")
    assert caught.value.path == "stage"


def test_a_failed_run_has_its_reason(server: Server, lathe: Lathe, catalog: Catalog) -> None:
    run = lathe.run(finished(server.store, catalog, state=RunState.FAILED))
    assert (run.state, run.row.error) == ("failed", "It diverged.")
