"""A run from its assignment to `Finished`: what is told, what is obeyed, how it fails."""

import hashlib
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.results import INCOMING
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import chunks
from tests.worker.engine.harness import MEASURED, Ledger, MemoryLink, assignment, command, once, run, steps_done
from worker.engine import reporter
from worker.engine.explain import explain
from worker.engine.measurement import measure
from worker.pipe.messages import (
    Checkpoint,
    Finished,
    Happened,
    Obeyed,
    Points,
    Progress,
    Release,
    StageDone,
    Summary,
    Unsaved,
)

TRAIN = {
    "kind": "train",
    "epochs": 2,
    "batch": {"kind": "fixed", "size": 64},
    "optimizer": {"kind": "adam", "lr": 0.01},
}
PRUNE = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 1}}
DIGITS = {"dataset": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [16]}}
TWO = {**DIGITS, "stages": [TRAIN, PRUNE]}
LONG = {**DIGITS, "stages": [{**TRAIN, "epochs": 5000}, PRUNE]}


def test_a_run_tells_everything_in_order(catalog: Catalog, settings: Settings) -> None:
    link = run(assignment(TWO, catalog), settings)
    reported = [message for message in link.sent if not isinstance(message, Points | Progress | Summary)]
    assert [type(message) for message in reported] == [Happened, StageDone, Checkpoint] * 2 + [Finished]
    assert link.finished == Finished(RunState.SUCCEEDED)
    steps = link.all(Progress)[-1].total_steps
    assert steps_done(link) == steps == link.done()[-1].result.step
    began = link.happened(EventKind.STAGE_BEGAN)
    assert [(body["stage"], body["kind"], body["step"]) for body in began] == [
        (0, "train", 0),
        (1, "prune", steps * 2 // 3),
    ]
    ledger = Ledger()
    ledger.take(link.sent)
    assert ledger.doubled == []
    for metric in ("train/loss", "train/accuracy", "learning_rate"):
        assert [step for name, step in ledger.points if name == metric] == list(range(1, steps + 1))
    epochs = [steps // 3, steps * 2 // 3, steps]
    assert [step for name, step in ledger.points if name == "validation/loss"] == epochs


def test_the_model_is_counted_and_evaluated_as_it_came_in_once(catalog: Catalog, settings: Settings) -> None:
    link = run(assignment(TWO, catalog), settings)
    (shown,) = [one for one in link.all(Summary) if one.kind == INCOMING]
    assert (shown.stage, shown.step) == (0, 0)
    assert shown.body["parameters"] == link.done()[0].result.parameters >= shown.body["nonzero"] > 0
    for split in ("validation", "test"):
        assert shown.body[split]["accuracy"] < 0.5 and shown.body[split]["loss"] == pytest.approx(math.log(10), rel=0.3)
    assert link.sent.index(shown) < link.sent.index(link.all(Points)[0])


def test_results_are_of_the_model_in_memory_and_of_its_files(catalog: Catalog, settings: Settings) -> None:
    link = run(assignment(TWO, catalog), settings)
    train, prune = (done.result for done in link.done())
    assert train.validation["accuracy"] > 0.5
    assert train.nonzero > 0.9 * train.parameters
    assert prune.nonzero < 0.6 * prune.parameters  # recovery kept the zeros at zero
    assert all(
        (settings.data_dir / file.path).stat().st_size == file.bytes for done in link.done() for file in done.files
    )
    sent = [chunks.decode(points.chunk) for points in link.all(Points)]
    for metric in ("train/loss", "validation/loss"):
        times = [time for chunk in sent if metric in chunk.metrics for time in chunk.times.tolist()]
        assert times and times == sorted(times)


def test_time_that_is_spent_measuring_is_told_apart(
    catalog: Catalog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, hour = [0.0], 3600.0

    def measured(*_: Any) -> dict[str, Any]:
        now[0] += hour
        return MEASURED

    monkeypatch.setattr(reporter, "perf_counter", lambda: now[0])  # stands still but while a file is measured
    monkeypatch.setattr(measure, "run_clean", measured)
    link = run(assignment(TWO, catalog), settings)
    assert [(done.result.seconds, done.result.measuring_seconds) for done in link.done()] == [(0.0, hour)] * 2
    assert {progress.seconds for progress in link.all(Progress)} == {0.0}
    assert {written.seconds for written in link.all(Checkpoint)} == {0.0}


def test_stop_measures_what_there_is_and_skips_the_rest(catalog: Catalog, settings: Settings) -> None:
    ask = once(lambda link: steps_done(link) >= 30, command(CommandKind.STOP))
    link = run(assignment(LONG, catalog), settings, ask=ask)
    assert link.finished == Finished(RunState.STOPPED)
    (done,) = link.done()
    (obeyed,) = link.all(Obeyed)
    assert (done.result.stage, done.result.step) == (0, steps_done(link)) == (0, obeyed.step)
    assert not obeyed.refused
    assert done.result.measures


def test_a_stop_survives_the_death_of_its_process(catalog: Catalog, settings: Settings) -> None:
    ask = once(lambda link: steps_done(link) >= 30, command(CommandKind.STOP))
    work = assignment(LONG, catalog)
    whole = run(work, settings, ask=ask)
    number = next(index for index, message in enumerate(whole.sent) if isinstance(message, Obeyed))
    resume = [message for message in whole.sent[:number] if isinstance(message, Checkpoint)][-1]
    again = run(replace(work, resume=resume), settings)
    assert again.finished == Finished(RunState.STOPPED)
    assert again.done()[0].result.weights_sha256 == whole.done()[0].result.weights_sha256
    assert again.all(Points) == []


def test_a_stop_between_two_stages_measures_nothing_more(catalog: Catalog, settings: Settings) -> None:
    ask = once(lambda link: bool(link.done()), command(CommandKind.STOP))
    link = run(assignment(TWO, catalog), settings, ask=ask)
    assert link.finished == Finished(RunState.STOPPED)
    assert [done.result.stage for done in link.done()] == [0]
    assert not link.all(Obeyed)[0].refused


@pytest.mark.parametrize("seen", [0, 30])
def test_cancel_ends_at_once(seen: int, catalog: Catalog, settings: Settings) -> None:
    ask = once(lambda link: steps_done(link) >= seen, command(CommandKind.CANCEL))
    link = run(assignment(LONG, catalog), settings, ask=ask)
    assert link.finished == Finished(RunState.CANCELLED)
    assert link.done() == []
    assert isinstance(link.sent[-2], Obeyed)


def test_released_during_training_it_goes_on_elsewhere(catalog: Catalog, settings: Settings) -> None:
    expected, ledger = Ledger(), Ledger()
    expected.take(run(assignment(TWO, catalog, run_id="whole"), settings).sent)
    work = assignment(TWO, catalog)
    first = run(work, settings, ask=once(lambda link: steps_done(link) >= 1, Release()))
    assert first.finished == Finished(RunState.QUEUED)
    assert isinstance(first.sent[-2], Checkpoint)
    ledger.take(first.sent)
    ledger.take(run(replace(work, resume=ledger.resume), settings).sent)
    assert (ledger.hashes, ledger.points, ledger.doubled) == (expected.hashes, expected.points, [])


def test_released_while_measuring_it_measures_again(catalog: Catalog, settings: Settings) -> None:
    spec = {**DIGITS, "stages": [{**TRAIN, "epochs": 1}]}
    work = assignment(spec, catalog)
    trained = once(
        lambda link: (progress := link.all(Progress)) and progress[-1].step == progress[-1].total_steps, Release()
    )
    first = run(work, settings, ask=trained)
    assert first.finished == Finished(RunState.QUEUED)
    assert first.done() == []
    again = run(replace(work, resume=first.all(Checkpoint)[-1]), settings)
    assert again.finished == Finished(RunState.SUCCEEDED)
    assert again.all(Points) == []


def test_divergence_is_stored_and_fails_with_a_remedy(catalog: Catalog, settings: Settings) -> None:
    explosive = {"optimizer": {"kind": "sgd", "lr": 10.0}, "regularizers": [{"kind": "l2", "strength": 10.0}]}
    wild = {**TRAIN, "epochs": 50, **explosive}
    link = run(assignment({**DIGITS, "stages": [PRUNE, wild]}, catalog), settings)
    assert link.finished.state is RunState.FAILED
    assert link.finished.error is not None and "Try a lower learning rate" in link.finished.error
    last = chunks.decode(link.all(Points)[-1].chunk)
    assert not math.isfinite(last.metrics["train/loss"][-1])
    assert f"at step {last.steps[-1]:,}" in link.finished.error
    assert [done.result.stage for done in link.done()] == [0]  # what came before stays


def test_a_stage_that_fails_keeps_what_was_measured_before_it(catalog: Catalog, settings: Settings) -> None:
    """A pruner would empty a layer in stage 3 of 4: the models before it stay, whole, and the error says what to do."""
    prune = {"kind": "magnitude", "scope": "local"}
    stages = [TRAIN, *({"kind": "prune", "method": {**prune, "sparsity": sparsity}} for sparsity in (0.5, 0.999))]
    link = run(assignment({**DIGITS, "stages": [*stages, {"kind": "quantize"}]}, catalog), settings)
    assert [done.result.stage for done in link.done()] == [0, 1]
    assert link.finished.state is RunState.FAILED
    assert link.finished.error == (
        "Stage 3 of 4, prune: magnitude 99.9 %: magnitude pruning at sparsity 0.999 leaves no weight of "
        "`output.weight`; lower the sparsity"
    )
    assert [done.result.reasons != [] for done in link.done()] == [False, True]  # masked, and so no smaller
    left = set((settings.data_dir / "runs/run/artifacts").iterdir())
    for file in (file for done in link.done() for file in done.files):
        content = (settings.data_dir / file.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        left.remove(settings.data_dir / file.path)
    assert left == set()
    assert [one.stage for one in link.all(Checkpoint)] == [0, 1]


@pytest.mark.parametrize(
    ("stage", "reported"),
    [
        ({"kind": "prune", "method": {"kind": "n_m", "n": 1, "m": 32}}, "1:32 pruning needs a layer"),
        (
            {"kind": "quantize", "method": {"kind": "weight_sharing", "bits": 8}},
            "codebook of 256 entries for 160 weights",
        ),
        ({"kind": "unfreeze", "layers": ["hidden.7"]}, "The model has no layer `hidden.7`"),
    ],
)
def test_what_shapes_tell_is_told_before_anything_is_trained(
    stage: dict[str, Any], reported: str, catalog: Catalog, settings: Settings
) -> None:
    model = {"kind": "mlp", "hidden": [30, 16]}
    data = {"kind": "diabetes" if stage["kind"] == "prune" else "digits"}  # ten inputs, or sixty-four
    link = run(assignment({"dataset": data, "model": model, "stages": [TRAIN, stage]}, catalog), settings)
    assert link.finished.state is RunState.FAILED and steps_done(link) == 0 and link.done() == []
    assert link.finished.error is not None and reported in link.finished.error
    assert link.finished.error.startswith("Nothing was trained, because stage 2 is not possible: ")


def test_what_comes_after_other_shapes_is_not_validate_forn(catalog: Catalog, settings: Settings) -> None:
    """A stage that takes channels away may leave what the next one needs: nobody refuses that too early."""
    neurons = {"kind": "prune", "method": {"kind": "neurons", "ratio": 0.5}}
    sharing = {"kind": "quantize", "method": {"kind": "weight_sharing", "bits": 8}}
    link = run(assignment({**DIGITS, "stages": [TRAIN, neurons, sharing]}, catalog), settings)
    assert [done.result.stage for done in link.done()] == [0, 1]
    assert link.finished.error is not None and link.finished.error.startswith("Stage 3 of 3")


def test_a_component_that_refuses_is_one_sentence(catalog: Catalog, settings: Settings) -> None:
    fold = {"kind": "fold", "method": {"kind": "batch_norm"}}
    work = assignment({**DIGITS, "model": {"kind": "mlp", "norm": "batch"}, "stages": [fold, TRAIN]}, catalog)
    work.spec["model"]["norm"] = "none"  # as if the check before had let it through
    link = run(work, settings)
    assert link.finished.state is RunState.FAILED
    assert link.finished.error is not None and "\n" not in link.finished.error
    assert link.happened(EventKind.LOG) == []


def test_an_unexpected_exception_leaves_its_traceback_in_the_log(catalog: Catalog, settings: Settings) -> None:
    work = assignment(TWO, catalog)
    del work.spec["stages"]
    link = run(work, settings)
    assert link.finished == Finished(RunState.FAILED, "Unexpected KeyError: 'stages'")
    (log,) = link.happened(EventKind.LOG)
    assert "Traceback" in log["text"]


def test_a_spec_that_no_longer_fits_says_which_field(catalog: Catalog, settings: Settings) -> None:
    work = assignment(TWO, catalog)
    work.spec["stages"][0]["epochs"] = 0
    link = run(work, settings)
    assert link.finished.state is RunState.FAILED
    assert link.finished.error is not None and link.finished.error.startswith("epochs: ")


def test_a_disk_that_refuses_checkpoints_does_not_end_the_training(catalog: Catalog, eager: Settings) -> None:
    def lose_the_folder(link: MemoryLink) -> list[Any]:
        shutil.rmtree(eager.data_dir / "runs/run/checkpoints", ignore_errors=True)
        return []

    link = run(assignment({**DIGITS, "stages": [TRAIN]}, catalog), eager, ask=lose_the_folder)
    assert link.finished == Finished(RunState.SUCCEEDED)
    assert link.all(Checkpoint) == []
    assert "No such file" in link.all(Unsaved)[0].reason


def test_memory_is_named_when_it_runs_out() -> None:
    torch_says = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes.")
    assert "smaller batch" in explain(torch_says, Path())
    assert "smaller batch" in explain(MemoryError(), Path())
