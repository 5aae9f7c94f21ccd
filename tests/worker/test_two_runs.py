"""Runs that begin with the models of others: from the store to the trained weights and back."""

import hashlib
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import artifacts, events, experiments, runs, sources, summaries, workers
from backend.store.session import Store
from backend.store.tables import Run
from tests.worker.engine.harness import Killed, MemoryLink, settings_for
from worker.engine.checkpoints.checkpoint import load_model
from worker.engine.execute import execute
from worker.pipe.messages import Checkpoint
from worker.supervisor.owned_run import OwnedRun

pytestmark = pytest.mark.usefixtures("processes")

TRAIN = {"kind": "train", "epochs": 1, "batch": {"kind": "fixed", "size": 64}}
CNN = {"dataset": {"kind": "digits"}, "model": {"kind": "cnn", "width": 4}}
MLP = {"dataset": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [16, 8], "norm": "batch"}}
OTHER = {"kind": "synthetic_classification", "samples": 500, "features": 20, "classes": 10}


@dataclass
class Lab:
    """One worker without its processes: what it would send to its trainer is executed here."""

    store: Store
    settings: Settings
    catalog: Catalog

    def submit(self, *stages: dict[str, Any], seed: int = 0, **spec: Any) -> str:
        document = {
            "name": "a run",
            "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx"]},
            "stages": list(stages),
            **spec,
        }
        with self.store.begin() as session:
            _, made = experiments.create(session, resolve(document, self.catalog), [seed])
            return made[0].id

    def work(self, link: MemoryLink | None = None) -> OwnedRun:
        """Claim the next run, execute it, write what it says."""
        with self.store.begin() as session:
            run = runs.claim(session, str(uuid.uuid4()))
        assert run is not None
        held = OwnedRun(self.store, self.settings, run)
        assignment = held.assignment()
        if assignment is not None:
            link = link or MemoryLink()
            held.begin()
            with suppress(Killed):
                execute(assignment, link, self.settings)
            held.take(link.sent)
        held.flush()
        return held

    def run(self, *stages: dict[str, Any], **more: Any) -> str:
        run_id = self.submit(*stages, **more)
        held = self.work()
        assert (held.id, held.outcome) == (run_id, RunState.SUCCEEDED), self.error(run_id)
        return run_id

    def error(self, run_id: str) -> str | None:
        with self.store.read() as session:
            return session.get_one(Run, run_id).error

    def after(self, run_id: str, stage: int) -> dict[str, Tensor]:
        """The state_dict that the stage left."""
        with self.store.read() as session:
            path = sources.find(session, f"{run_id}:{stage}").checkpoint.path
        with (self.settings.data_dir / path).open("rb") as file:
            return load_model(file, "cpu").module.state_dict()

    def log(self, run_id: str) -> list[str]:
        with self.store.read() as session:
            return [mark.body["text"] for mark in events.marks(session, run_id) if mark.kind == EventKind.LOG]

    def summary(self, run_id: str, kind: str) -> dict[str, Any]:
        with self.store.read() as session:
            return next(row.body for row in summaries.of(session, run_id) if row.kind == kind)


@pytest.fixture
def lab(store: Store, tmp_path: Path, catalog: Catalog) -> Lab:
    with store.begin() as session:
        workers.announce(session, "worker-1", "tester", {"name": "cpu"}, catalog)
    return Lab(store, settings_for(tmp_path), catalog)


def transfer(kind: str, source: str, **more: Any) -> dict[str, Any]:
    return {"kind": "transfer", "method": {"kind": kind, "source": source, **more}}


def equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> set[str]:
    """The layers whose entries are the same, bit for bit."""
    layers = {name.rpartition(".")[0] for name in left}
    return {
        layer for layer in layers
        if all(torch.equal(left[name], right[name]) for name in left if name.rpartition(".")[0] == layer)
    }  # fmt: skip


BACKBONE = {"conv1", "norm1", "conv2", "norm2", "conv3", "norm3"}


def test_features_stay_bit_for_bit_through_training_compression_and_recovery(lab: Lab) -> None:
    first = lab.run(TRAIN, **CNN)
    swa = {**TRAIN, "average": {"kind": "swa", "start": 0.0, "every": 1}}
    prune = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 1}}
    unfrozen = [{"kind": "unfreeze"}, TRAIN]
    second = lab.run(transfer("features", first), TRAIN, swa, prune, *unfrozen, **CNN)
    learnt = lab.after(first, 0)
    assert equal(learnt, lab.after(second, 0)) == BACKBONE  # the head starts again
    assert equal(learnt, lab.after(second, 1)) == BACKBONE  # neither weights nor running statistics moved
    assert equal(learnt, lab.after(second, 2)) == BACKBONE  # nor when the statistics were taken again
    assert equal(learnt, lab.after(second, 3)) == {"norm1", "norm2", "norm3"}  # pruning acts on all weights …
    kept = {name: weight != 0 for name, weight in lab.after(second, 3).items() if name.startswith("conv")}
    pruned = lab.after(second, 3)
    assert all(torch.equal(pruned[name][kept[name]], learnt[name][kept[name]]) for name in kept)  # recovery on none
    assert equal(lab.after(second, 3), lab.after(second, 5)) == set()


def test_another_shape_lists_the_first_layer(lab: Lab) -> None:
    first = lab.run(TRAIN, **MLP)
    second = lab.run(transfer("parameters", first), **{**MLP, "dataset": OTHER})
    shown = lab.summary(second, "transfer")
    assert shown["new"] == [{"layer": "linear1", "why": "`linear1.weight` is [16, 64] there and [16, 20] here"}]
    assert shown["copied"] == ["norm1", "linear2", "norm2", "output"] and shown["unused"] == ["linear1"]
    assert any("Not copied: `linear1`" in text for text in lab.log(second))
    assert equal(lab.after(first, 0), lab.after(second, 0)) == {"norm1", "linear2", "norm2", "output"}


def test_a_stage_may_be_named_and_the_last_one_is_taken_else(lab: Lab) -> None:
    first = lab.run(TRAIN, TRAIN, **MLP)
    for name, stage in ((first, 1), (f"{first}:0", 0)):
        second = lab.run(transfer("parameters", name), **MLP)
        assert len(equal(lab.after(second, 0), lab.after(first, stage))) == 5


def test_a_killed_run_goes_on_with_its_layers_frozen(lab: Lab) -> None:
    first = lab.run(TRAIN, **CNN)
    stages = (transfer("features", first), TRAIN, TRAIN)
    whole = lab.run(*stages, **CNN)
    second = lab.submit(*stages, **CNN)
    counted = [0]

    def count_stages(link: MemoryLink) -> Sequence[Any]:
        counted[0] = len(link.all(Checkpoint))
        if counted[0] == 2:
            raise Killed
        return ()

    assert lab.work(MemoryLink(ask=count_stages)).outcome is None
    with lab.store.begin() as session:
        assert runs.reap(session, *runs.leases(session)[0], "a test")
    assert lab.work().outcome is RunState.SUCCEEDED
    assert equal(lab.after(first, 0), lab.after(second, 2)) == BACKBONE
    assert len(equal(lab.after(whole, 2), lab.after(second, 2))) == 7


def test_a_soup_of_runs_equals_their_mean(lab: Lab) -> None:
    first = lab.run(TRAIN, **MLP)
    others = [lab.run(transfer("parameters", first), TRAIN, seed=seed, **MLP) for seed in (1, 2)]
    soup = lab.run({"kind": "soup", "sources": [first, *others]}, **MLP)
    states = [lab.after(run_id, stage) for run_id, stage in ((first, 0), (others[0], 1), (others[1], 1))]
    for name, weight in lab.after(soup, 0).items():
        if "running" not in name and "tracked" not in name:
            mean = torch.stack([state[name].double() for state in states]).mean(0).float()
            assert torch.equal(weight, mean), name
    assert [row["used"] for row in lab.summary(soup, "soup")["ingredients"]] == [True] * 3
    assert any("with seed 1" in text for text in lab.log(soup))  # what it trained on may be what this run is judged by
    greedy = lab.run({"kind": "soup", "sources": [first, *others], "method": "greedy"}, **MLP)
    shown = lab.summary(greedy, "soup")
    assert shown["quality"] >= max(row["quality"] for row in shown["ingredients"])


def test_a_soup_of_other_models_fails_in_one_sentence(lab: Lab) -> None:
    run_id = lab.submit({"kind": "soup", "sources": [lab.run(TRAIN, **CNN)]}, **MLP)
    assert lab.work().outcome is RunState.FAILED
    assert "only models of one architecture" in (lab.error(run_id) or "")


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda file: file.unlink(), "after stage 0 cannot be read (No such file or directory). Run it again"),
        (
            lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x"),
            "after stage 0 is damaged: its hash differs from the",
        ),
    ],
)
def test_a_file_that_is_not_what_was_registered_fails_the_run(lab: Lab, harm: Any, sentence: str) -> None:
    first = lab.run(TRAIN, **MLP)
    with lab.store.read() as session:
        harm(lab.settings.data_dir / sources.find(session, first).checkpoint.path)
    run_id = lab.submit(transfer("parameters", first), **MLP)
    assert lab.work().outcome is RunState.FAILED
    error = lab.error(run_id)
    assert error is not None and sentence in error and "\n" not in error
    assert not any("Traceback" in text for text in lab.log(run_id))


def test_a_file_of_the_right_hash_that_says_nothing_of_its_model_fails_the_run(lab: Lab) -> None:
    first = lab.run(TRAIN, **MLP)
    with lab.store.begin() as session:
        row = sources.find(session, first).checkpoint
        file = lab.settings.data_dir / row.path
        torch.save({**torch.load(file, weights_only=True), "origin": None}, file)
        row.sha256, row.bytes = hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size
    run_id = lab.submit(transfer("parameters", first), **MLP)
    assert lab.work().outcome is RunState.FAILED
    assert "does not say how its model was built" in (lab.error(run_id) or "")


def test_a_source_that_went_since_the_check_fails_the_run_before_it_reaches_the_trainer(lab: Lab) -> None:
    run_id = lab.submit(transfer("parameters", "gone"), **MLP)
    assert lab.work().outcome is RunState.FAILED
    assert lab.error(run_id) == "The spec names the run `gone`, which does not exist."


def test_the_trainer_names_a_source_that_it_was_not_given(lab: Lab) -> None:
    run_id = lab.submit(transfer("parameters", lab.run(TRAIN, **MLP)), **MLP)
    with lab.store.begin() as session:
        run = runs.claim(session, "worker-1")
    assert run is not None and run.id == run_id
    assignment = OwnedRun(lab.store, lab.settings, run).assignment()
    assert assignment is not None and len(assignment.sources) == 1
    link = MemoryLink()
    execute(replace(assignment, sources={}), link, lab.settings)
    assert link.finished.state is RunState.FAILED
    assert "name an existing run" in (link.finished.error or "")


def test_only_a_stage_that_was_finished_and_whose_file_is_known_is_a_source(lab: Lab) -> None:
    first = lab.run(TRAIN, **MLP)
    waiting = lab.submit(TRAIN, **MLP)
    for text, sentence in (
        ("", "names no run."),
        (f"{first}:1", "names stage 1 of “a run”, which has finished the stages 0."),
        (f"{first}:last", "names the stage `last`; write `run:stage`"),
        (waiting, "which is queued: wait until it is over."),
        (f"{waiting}:0", "which has finished no stage."),
    ):
        with lab.store.read() as session, pytest.raises(sources.SourceMissing, match=re.escape(sentence)):
            sources.find(session, text)
    with lab.store.begin() as session:
        assert [run.id for run in sources.candidates(session)] == [first]
        for artifact in artifacts.checkpoints(session, first):
            artifacts.forget(session, artifact.id)
        with pytest.raises(sources.SourceMissing, match="whose checkpoint is gone"):
            sources.find(session, first)
