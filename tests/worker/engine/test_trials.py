"""Models that are tried beside the timeline, in whole runs: what is measured, repeated, and obeyed meanwhile."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Measure
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import Ask, Ledger, MemoryLink, assignment, command, once, run, settings_for
from worker.engine.trial import reduce
from worker.pipe.messages import Assignment, Checkpoint, Command, Finished, Points, Release, Summary

pytestmark = pytest.mark.usefixtures("processes")

TRAIN = {
    "kind": "train",
    "epochs": 2,
    "batch": {"kind": "fixed", "size": 64},
    "optimizer": {"kind": "adam", "lr": 0.01},
}
COMPRESS = {
    "kind": "compress",
    "recover": {"epochs": 1},
    "target": "accuracy >= 50% and bytes < 1MB",
    "minimize": "nonzero",
    "budget": 2,
}


def work(catalog: Catalog, run_id: str = "run", **fields: Any) -> Assignment:
    model = {"kind": "mlp", "hidden": [16], "dropout": 0.2}
    stages = [TRAIN, {**COMPRESS, **fields}]
    return assignment({"dataset": "digits", "model": model, "stages": stages}, catalog, run_id=run_id)


def searches(link: MemoryLink) -> list[dict[str, Any]]:
    return [shown.body for shown in link.all(Summary) if shown.kind == "search"]


@pytest.fixture(scope="module")
def whole(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryLink, Path]:
    folder = tmp_path_factory.mktemp("whole")
    return run(work(catalog), settings_for(folder)), folder


def test_the_search_is_told_and_its_choice_is_the_stages_result(whole: tuple[MemoryLink, Path]) -> None:
    link, folder = whole
    assert link.finished == Finished(RunState.SUCCEEDED)
    first, _, last = searches(link)
    assert [len(body["evaluations"]) for body in (first, last)] == [1, 2]
    assert first["chosen"] is None and last["chosen"] == 0.5
    trained, compressed = (done.result for done in link.done())
    (measured,) = compressed.measures
    assert compressed.nonzero < 0.6 * trained.nonzero and measured.accuracy is not None
    chosen = next(one for one in last["evaluations"] if one["kept"])
    assert chosen["measured"] == pytest.approx(
        compressed.validation["accuracy"], abs=0.02
    )  # a file of 8 bits, not the model
    assert list(folder.glob("runs/run/measuring-*")) == []


def test_trainings_of_tries_are_no_part_of_the_timeline(whole: tuple[MemoryLink, Path]) -> None:
    link, _ = whole
    trained, compressed = (done.result for done in link.done())
    assert compressed.step == trained.step
    ledger = Ledger()
    ledger.take(link.sent)
    assert {step for _, step in ledger.points} == set(range(1, trained.step + 1)) and not ledger.doubled


def test_killed_within_the_search_it_ends_equal(
    whole: tuple[MemoryLink, Path], catalog: Catalog, settings: Settings
) -> None:
    again = work(catalog)
    first = run(again, settings, ask=dying_when_tried)
    assert not first.all(Finished)
    resume = first.all(Checkpoint)[-1]
    second = run(replace(again, resume=resume), settings)
    assert second.all(Points) == []
    assert second.done()[-1].result.weights_sha256 == whole[0].done()[-1].result.weights_sha256
    assert searches(second)[-1] == searches(whole[0])[-1]


def dying_when_tried(link: MemoryLink) -> list[Command]:
    """The process dies once a model was tried."""
    if searches(link):
        link._kill_at = len(link.sent)
    return []


def tried(link: MemoryLink) -> bool:
    return bool(searches(link))


@pytest.mark.parametrize(
    ("ask", "state"),
    [(command(CommandKind.CANCEL), RunState.CANCELLED), (command(CommandKind.STOP), RunState.STOPPED), (Release(), RunState.QUEUED)],
    ids=["cancel", "stop", "release"],
)  # fmt: skip
def test_what_is_asked_meanwhile_is_obeyed(
    ask: Command | Release, state: RunState, whole: tuple[MemoryLink, Path], catalog: Catalog, settings: Settings
) -> None:
    asking: Ask = once(tried, ask)
    link = run(work(catalog, budget=50), settings, ask=asking)
    assert link.finished == Finished(state)
    assert len(searches(link)) == 1  # nothing more was tried
    kept = [done.result.weights_sha256 for done in link.done()]
    trained = whole[0].done()[0].result.weights_sha256
    assert kept == ([trained, trained] if state is RunState.STOPPED else [trained])


def test_a_file_that_cannot_be_made_is_a_try_that_failed(catalog: Catalog, settings: Settings) -> None:
    fold = [{"kind": "batch_norm"}]
    canonical = work(catalog)
    canonical.spec["stages"][1]["fold"] = fold  # as if the check before had let it through
    link = run(canonical, settings)
    assert link.finished.state is RunState.FAILED
    assert "None of 2 models could be made: there is no" in str(link.finished.error)
    assert not link.happened(EventKind.LOG)


def test_no_more_is_measured_than_is_asked_for() -> None:
    settings = Measure(batch_sizes=[1, 64], devices=["cpu"], repeats=30)
    assert reduce({"bytes"}, settings) == Measure(batch_sizes=[1], devices=["cpu"], repeats=5)
    assert reduce({"bytes", "p95_ms@8", "p50_ms@2"}, settings) == Measure(
        batch_sizes=[2, 8], devices=["cpu"], repeats=30
    )
    assert reduce({"p95_ms@8@cuda"}, settings) == Measure(batch_sizes=[8], devices=["cuda"], repeats=30)
