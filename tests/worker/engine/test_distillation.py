"""Runs that distil: students take the model's place, teachers survive a kill, wrong teachers are refused."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.problems import SpecInvalid
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import chunks
from tests.worker.engine.harness import MEASURED, Ledger, MemoryLink, assignment, run
from tests.worker.engine.test_exactness import killed_often, undisturbed
from worker.compression.distillation import Distillation
from worker.contracts.families.models import Model
from worker.contracts.subject import Subject
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import load_model
from worker.engine.measurement import measure
from worker.pipe.messages import Assignment, Checkpoint, Command, Finished, Points, Release, Source

RECIPE = {"batch": {"kind": "fixed", "size": 64}, "optimizer": {"kind": "adam", "lr": 3e-3}}
CNN = {"kind": "cnn", "width": 4, "norm": "batch"}
MLP = {"kind": "mlp", "hidden": [8]}
TRAIN = {"kind": "train", "epochs": 1, **RECIPE}
STUDENT = {"kind": "distill", "student": MLP, "epochs": 2, "distillers": ["soft_targets", "features"], **RECIPE}
PRUNE = {
    "kind": "prune",
    "method": {"kind": "magnitude", "sparsity": 0.5},
    "recover": {"epochs": 1, "distillers": ["soft_targets", "hard_targets"]},
}


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replaces the process that measures files, which takes a second a stage: these tests do not need it."""
    monkeypatch.setattr(measure, "run_clean", lambda *_: MEASURED)


def spec(*stages: dict[str, Any], model: dict[str, Any] = CNN, **more: Any) -> dict[str, Any]:
    return {"dataset": {"kind": "digits"}, "model": model, "stages": list(stages), "diagnosis": {"every": 0}, **more}


def executed(catalog: Catalog, settings: Settings, *stages: dict[str, Any], **more: Any) -> MemoryLink:
    link = run(assignment(spec(*stages, **more), catalog), settings)
    assert link.finished == Finished(RunState.SUCCEEDED)
    return link


def left(link: MemoryLink, settings: Settings, stage: int) -> Subject:
    """Content of the checkpoint at the end of the stage."""
    written = [message for message in link.all(Checkpoint) if message.stage == stage][-1]
    with (settings.data_dir / written.path).open("rb") as file:
        return load_model(file, "cpu")


def curve(link: MemoryLink, metric: str) -> dict[int, float]:
    found = {}
    for points in link.all(Points):
        chunk = chunks.decode(points.chunk)
        if metric in chunk.metrics:
            found |= dict(zip(chunk.steps.tolist(), chunk.metrics[metric].tolist(), strict=True))
    return found


def test_a_student_takes_the_place_of_its_teacher(catalog: Catalog, settings: Settings) -> None:
    link = executed(catalog, settings, TRAIN, STUDENT, PRUNE)
    teacher, student, pruned = (done.result for done in link.done())
    assert student.label == "distill: soft targets + features"
    assert (student.parameters, pruned.parameters) == (64 * 8 + 8 + 8 * 10 + 10,) * 2
    assert teacher.parameters > student.parameters > pruned.nonzero
    assert student.measures[0].bytes < teacher.measures[0].bytes
    for stage in (1, 2):
        subject = left(link, settings, stage)
        assert subject.origin is not None and (subject.origin.model["kind"], subject.origin.stage) == ("mlp", 1)
        assert subject.teacher is None
    steps = [done.result.step for done in link.done()]
    agreement = curve(link, "distillation/agreement")
    assert min(agreement) == steps[0] + 1 and max(agreement) > steps[1]
    assert all(0 <= share <= 1 for share in agreement.values())
    plain, total = curve(link, "distillation/loss"), curve(link, "distillation/objective")
    assert plain.keys() == total.keys() == agreement.keys()
    assert all(plain[step] == curve(link, "train/loss")[step] for step in plain)
    assert total[min(total)] > total[max(step for step in total if step <= steps[1])]


def test_a_killed_distillation_ends_like_an_undisturbed_one(catalog: Catalog, eager: Settings) -> None:
    work = spec(TRAIN, STUDENT, PRUNE, model={**CNN, "width": 8})
    expected = undisturbed(assignment(work, catalog), eager)
    ledger, kills = killed_often(assignment(work, catalog, run_id="killed"), eager, random.Random(3))
    assert kills >= 4
    assert ledger.hashes == expected.hashes
    assert ledger.points == expected.points
    assert ledger.doubled == []


def test_so_does_one_with_a_closure_and_parts_that_teaches_itself(catalog: Catalog, eager: Settings) -> None:
    again = {**STUDENT, "student": None, "born_again": True, "optimizer": "sam", "micro_batches": 2, "epochs": 1}
    work = spec(TRAIN, again, model={**MLP, "dropout": 0.2})
    expected = undisturbed(assignment(work, catalog), eager)
    ledger, kills = killed_often(assignment(work, catalog, run_id="killed"), eager, random.Random(5))
    assert kills >= 2
    assert (ledger.hashes, ledger.points) == (expected.hashes, expected.points)


def test_a_forgotten_map_is_caught(catalog: Catalog, eager: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the two above."""
    work = assignment(spec(TRAIN, STUDENT), catalog)
    expected = undisturbed(work, eager)
    monkeypatch.setattr(Distillation, "load", lambda self, state: None)
    ledger = Ledger()
    half = replace(work, run_id="killed", folder="runs/killed")
    ledger.take(run(half, eager, kill_at=40).sent)
    assert ledger.resume is not None and ledger.resume.stage == 1
    ledger.take(run(replace(half, resume=ledger.resume), eager).sent)
    assert ledger.hashes[0] == expected.hashes[0] and ledger.hashes[1] != expected.hashes[1]


def test_a_run_that_is_given_back_before_the_first_lesson_keeps_its_teacher(catalog: Catalog, eager: Settings) -> None:
    work = assignment(spec(TRAIN, STUDENT), catalog)
    expected = undisturbed(work, eager)
    polls = [0]

    def third_poll_of_the_stage(link: MemoryLink) -> Sequence[Command | Release]:
        polls[0] += len(link.done()) == 1
        return [Release()] if polls[0] == 4 else []  # the first is heard while the result is checkpointed

    ledger = Ledger()
    first = run(replace(work, run_id="back", folder="runs/back"), eager, ask=third_poll_of_the_stage)
    assert first.finished == Finished(RunState.QUEUED)
    ledger.take(first.sent)
    assert ledger.resume is not None
    held = torch.load(eager.data_dir / ledger.resume.path, weights_only=True)
    assert (held["position"]["phase"], held["origin"]["model"]["kind"]) == (1, "mlp")
    assert held["teacher"]["origin"]["model"]["kind"] == "cnn"
    ledger.take(run(replace(work, run_id="back", folder="runs/back", resume=ledger.resume), eager).sent)
    assert (ledger.hashes, ledger.points) == (expected.hashes, expected.points)


def test_its_own_teacher_is_the_model_as_it_came_in(catalog: Catalog, settings: Settings) -> None:
    own = {"kind": "distill", "epochs": 1, "distillers": [{"kind": "soft_targets", "alpha": 0.0}], **RECIPE}
    link = executed(catalog, settings, TRAIN, own, model=MLP)
    first = min(curve(link, "distillation/objective"))
    assert curve(link, "distillation/objective")[first] == pytest.approx(0.0, abs=1e-5)  # nothing to learn yet
    assert curve(link, "distillation/agreement")[first] == 1.0


def test_a_model_that_is_born_again_begins_with_weights_of_its_own(catalog: Catalog, settings: Settings) -> None:
    still = {"kind": "gradient_descent", "lr": 1e-9}
    link = executed(
        catalog, settings, TRAIN, {"kind": "distill", "born_again": True, "epochs": 1, "optimizer": still}, model=MLP
    )
    found = left(link, settings, 1).module.state_dict()
    begins = []
    for place in ((), (1,)):
        seed.plant(0, "model", *place)
        begins.append(Model.choose(MLP).build((1, 8, 8), 10).state_dict())
    assert all(torch.allclose(found[name], begins[1][name], atol=1e-6) for name in found)
    assert not torch.allclose(found["linear1.weight"], begins[0]["linear1.weight"], atol=1e-2)


# ---- a teacher from another run


def taught_by(catalog: Catalog, settings: Settings, teacher: MemoryLink, **more: Any) -> Assignment:
    """A run whose model learns from what another left."""
    stage = {**STUDENT, "student": None, "teacher": "theirs"}
    work = assignment(spec(stage, **{"model": MLP, **more}), catalog, run_id="student")
    theirs = spec(TRAIN)
    canonical = resolve({"name": "Teacher", **theirs}, catalog).model_dump(mode="json")
    written = [message for message in teacher.all(Checkpoint) if message.stage == 0][-1]
    return replace(
        work, sources={"theirs": Source(written, "Teacher", 0, canonical["dataset"], canonical["preparation"])}
    )


def test_another_run_teaches_and_is_left_as_it_was(catalog: Catalog, eager: Settings) -> None:
    teacher = executed(catalog, eager, TRAIN)
    before = left(teacher, eager, 0).module.state_dict()
    work = taught_by(catalog, eager, teacher)
    expected = undisturbed(work, eager)
    ledger, kills = killed_often(replace(work, run_id="killed", folder="runs/killed"), eager, random.Random(2))
    assert kills >= 2 and (ledger.hashes, ledger.points) == (expected.hashes, expected.points)
    after = left(teacher, eager, 0).module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_student_with_few_samples_beats_the_same_student_alone(catalog: Catalog, settings: Settings) -> None:
    """The teacher has seen them all (benchmarks/distillation.py: five seeds)."""
    teacher = executed(catalog, settings, {**TRAIN, "epochs": 6}, model={**CNN, "width": 8})
    recipe = {**RECIPE, "epochs": 30, "batch": {"kind": "fixed", "size": 16}}
    few = {"model": {"kind": "mlp", "hidden": [64]}, "distribution": [{"kind": "subset", "count": 100}]}
    alone = executed(catalog, settings, {"kind": "train", **recipe}, **few)
    work = assignment(spec({"kind": "distill", "teacher": "theirs", **recipe}, **few), catalog, run_id="student")
    link = run(replace(work, sources=taught_by(catalog, settings, teacher).sources), settings)
    (distilled,), (plain,) = link.done(), alone.done()
    assert distilled.result.step == plain.result.step
    assert distilled.result.validation["accuracy"] > plain.result.validation["accuracy"] + 0.02


def damaged(work: Assignment, settings: Settings) -> Assignment:
    file = settings.data_dir / work.sources["theirs"].checkpoint.path
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    return work


def with_other_outputs(work: Assignment, settings: Settings) -> Assignment:
    """A file that is whole, of a model for another task."""
    written = work.sources["theirs"].checkpoint
    file = settings.data_dir / written.path
    held = torch.load(file, weights_only=True)
    held["origin"]["outputs"] = 7
    held["structure"]["leaves"]["output"]["arguments"]["out_features"] = 7
    held["module"]["output.weight"], held["module"]["output.bias"] = torch.zeros(7, 16), torch.zeros(7)
    torch.save(held, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    source = replace(work.sources["theirs"], checkpoint=replace(written, sha256=digest))
    return replace(work, sources={"theirs": source})


@pytest.mark.parametrize(
    ("harm", "changes", "sentence"),
    [
        (None, {"dataset": {"kind": "wine"}}, "“Teacher” was trained with another dataset (digits) than this run's (wine): name"),
        (None, {"preparation": {"kind": "min_max"}}, "“Teacher” was trained with another preparation (per_channel) than this"),
        (damaged, {}, "The model of “Teacher” after stage 0 is damaged, its hash differs from the registered one"),
        (with_other_outputs, {}, "The teacher has outputs [7] and the student [10]: name a teacher for the same task."),
    ],
)  # fmt: skip
def test_a_teacher_that_does_not_fit_is_refused_before_a_step_is_taken(
    harm: Callable[[Assignment, Settings], Assignment] | None,
    changes: dict[str, Any],
    sentence: str,
    catalog: Catalog,
    settings: Settings,
) -> None:
    work = taught_by(catalog, settings, executed(catalog, settings, TRAIN), **changes)
    link = run(harm(work, settings) if harm else work, settings)
    assert link.finished.state is RunState.FAILED
    assert link.finished.error is not None and sentence in link.finished.error
    assert "\n" not in link.finished.error and not link.all(Points)


# ---- specs


def test_what_comes_after_a_student_must_fit_the_student(catalog: Catalog) -> None:
    fold = {"kind": "fold", "method": {"kind": "batch_norm"}}
    document = {"name": "test", **spec(TRAIN, STUDENT, fold)}
    with pytest.raises(SpecInvalid, match="needs a model with batch normalization"):
        resolve(document, catalog)
    document["stages"][1] = {**STUDENT, "student": CNN}
    resolve(document, catalog)
    document["stages"] = [TRAIN, {**STUDENT, "student": "lenet5"}]
    with pytest.raises(SpecInvalid, match="needs a dataset of images of at least 28"):
        resolve(document, catalog)
    numbers = {"name": "test", **spec({"kind": "distill"}, model=MLP, dataset={"kind": "diabetes"})}
    with pytest.raises(SpecInvalid, match="`soft_targets` needs a dataset with classes"):
        resolve(numbers, catalog)
    numbers["stages"] = [{"kind": "distill", "distillers": ["features"]}]
    assert resolve(numbers, catalog).stages[0]["teacher"] is None


def test_a_recipe_is_handed_on(catalog: Catalog) -> None:
    stages = [{**TRAIN, "schedule": "cosine"}, {"kind": "distill"}, {"kind": "prune", "recover": {}}]
    _, distill, prune = resolve({"name": "test", **spec(*stages)}, catalog).stages
    assert distill["optimizer"] == prune["recover"]["optimizer"] and distill["optimizer"]["lr"] == 3e-3
    assert distill["schedule"]["kind"] == "cosine"
    assert (distill["distillers"][0]["kind"], prune["recover"]["distillers"]) == ("soft_targets", [])
