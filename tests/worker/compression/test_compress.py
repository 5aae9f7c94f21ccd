"""The stage `compress`: its phases in order, its search on a trained model, and what becomes of a target."""

import copy
import math
from collections.abc import Collection, Mapping

import pytest
import torch
from pydantic import ValidationError

from tests.worker.compression import subjects
from tests.worker.compression.alone import Alone
from worker.components.pruners.magnitude import Magnitude
from worker.components.stages.compress import Compress
from worker.compression.target_search import Choice
from worker.contracts.context import Context
from worker.contracts.families.pruners import Pruner
from worker.contracts.phases import Training, Transform
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine.measurement import count


class Counting(Alone):
    """Measures nothing but what can be counted, and quality: fast, and always the same."""

    def __init__(self, data: Data) -> None:
        super().__init__(data)
        self.requested: list[set[str]] = []
        self.trained: list[Subject] = []

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        self.requested.append(set(fields))
        found = {**self.validate(subject.module), "parameters": count.parameters(subject.module)}
        return {**found, "nonzero": count.nonzero(subject), "bytes": 1.0 if subject.quantizer else 4.0}

    def train(self, subject: Subject, training: Training) -> None:
        self.trained.append(subject)

    def aside(self) -> "Counting":
        return self


def compress(**fields: object) -> Compress:
    return Compress.model_validate(fields)


def run(stage: Compress, subject: Subject, context: Alone) -> Subject:
    (searching,) = stage.phases()
    assert isinstance(searching, Transform)
    return searching.apply(subject, context)


def test_without_a_target_everything_is_done_once_in_order() -> None:
    stage = compress(recover={"epochs": 2}, fold=["batch_norm"], quantize="static_int8")
    prune, recover, fold, quantize = stage.phases()
    assert isinstance(recover, Training) and recover.recipe.epochs == 2
    subject = subjects.subject("cnn")
    for phase, done in ((prune, "masks"), (fold, "identity"), (quantize, "quantizer")):
        assert isinstance(phase, Transform)
        subject = phase.apply(subject, Alone())
        state = {
            "masks": bool(subject.masks),
            "identity": any(isinstance(layer, torch.nn.Identity) for layer in subject.module.modules()),
            "quantizer": subject.quantizer is not None,
        }
        assert state[done] and list(state.values()).count(True) == list(state).index(done) + 1


def test_what_is_null_is_left_out() -> None:
    assert compress(prune=None, quantize=None).phases() == []
    assert len(compress(fold=["batch_norm", "batch_norm"], quantize=None).phases()) == 3


class Thin(Pruner):
    """One whose share has a name of its own."""

    kind = "thin"
    share_field = "portion"
    portion: float = 0.5

    def prune(self, subject: Subject, context: Context) -> Subject:
        context.log(f"{self.portion:g} gone")
        return subject


def test_the_share_is_the_field_that_the_pruner_names() -> None:
    stage, context = compress(prune=Thin(), quantize=None, target="accuracy >= 95%"), Alone()
    (phase,) = stage.steps(Choice(0.25, quantized=False))
    assert isinstance(phase, Transform)
    phase.apply(subjects.subject("cnn"), context)
    assert (stage.share, context.reported) == ("portion", ["0.25 gone"])


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({}, "compress: magnitude 90 %, dynamic int8"),
        ({"prune": None, "fold": ["batch_norm"]}, "compress: batch norm, dynamic int8"),
        ({"prune": None, "quantize": None}, "compress"),
        ({"target": " accuracy >= 96% "}, "compress: accuracy >= 96%"),
        ({"target": "accuracy >= 96% and p95_ms@64 <= 1ms"}, "compress: accuracy >= 96% and p95…"),
    ],
)  # fmt: skip
def test_the_timeline_names_what_matters(fields: dict[str, object], label: str) -> None:
    assert compress(**fields).label() == label


@pytest.mark.parametrize(
    "fields", [{"target": "accuracy >"}, {"minimize": "beauty"}, {"minimize": ""}, {"budget": 0}, {"target": "x" * 501}]
)
def test_what_cannot_be_read_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        compress(**fields)


def test_the_search_finds_what_a_grid_finds(trained: Subject, digits: Data) -> None:
    stage = compress(
        prune={"kind": "magnitude", "scope": "local"}, quantize=None, target="accuracy >= 95%", minimize="nonzero"
    )
    context = Counting(digits)
    before = {name: value.clone() for name, value in trained.module.state_dict().items()}
    found = run(stage, trained, context)
    grid = [_pruned(trained, part / 32, context) for part in range(32)]
    assert context.quality(found.module) >= 0.95
    assert count.nonzero(found) <= min(grid)
    share = context.shown["search"]["chosen"]
    assert count.nonzero(found) == _pruned(trained, share, context)
    assert math.isinf(_pruned(trained, share + 1 / 128, context))  # a little more is too much
    assert all(torch.equal(value, before[name]) for name, value in trained.module.state_dict().items())
    assert {"accuracy", "nonzero"} == set.union(*context.requested)


def _pruned(subject: Subject, share: float, context: Counting) -> float:
    """Weights that are left when `share` of them go; infinite when that costs too much accuracy."""
    pruned = Magnitude(sparsity=share, scope="local").prune(copy.deepcopy(subject), context)
    return count.nonzero(pruned) if context.quality(pruned.module) >= 0.95 else math.inf


def test_what_was_searched_is_shown_and_told(trained: Subject, digits: Data) -> None:
    stage = compress(
        quantize="static_int8", target="bytes <= 1 and accuracy >= 90%", minimize="nonzero", budget=7, recover={}
    )
    context = Counting(digits)
    found = run(stage, trained, context)
    body = context.shown["search"]
    assert (body["parameter"], body["measured"], body["bound"], body["budget"]) == ("sparsity", "bytes", 1.0, 7)
    assert len(body["evaluations"]) == len(context.trained) <= 7
    kept = [one for one in body["evaluations"] if one["kept"]]
    assert len(kept) == 1 and kept[0]["meets"] and kept[0]["value"] == body["chosen"] > 0
    assert found.quantizer is not None and found.masks
    (reported,) = context.reported
    assert reported.startswith(f"{len(body['evaluations'])} of at most 7 models were tried; ")
    assert f"The stage keeps the one with sparsity {body['chosen']:.4g}, static int8: its nonzero is " in reported


def test_a_target_out_of_reach_leaves_the_model_as_it_came(trained: Subject, digits: Data) -> None:
    context = Counting(digits)
    found = run(compress(target="accuracy >= 99.99% and bytes <= 2", budget=5), trained, context)
    assert found is trained and not found.masks and found.quantizer is None
    assert context.shown["search"]["chosen"] is None
    assert not any(one["meets"] or one["kept"] for one in context.shown["search"]["evaluations"])
    reported = context.reported[-1]
    assert "none meets the target, so the model stays unchanged. The nearest is the one with " in reported
    assert "short of 99.99%" in reported


class Shared(Counting):
    """A machine that had so much else to do that a time is its own rather than the model's."""

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        return {**super().measure(subject, fields), "p95_ms@1": 8.0, "disturbed@1": 0.71, "busy@1": 1.0}


def test_a_time_that_the_machine_disturbed_is_not_held_against_the_models(trained: Subject, digits: Data) -> None:
    context = Shared(digits)
    run(compress(target="accuracy >= 1% and p95 <= 3ms", budget=2), trained, context)
    reported = context.reported[-1]
    assert "2 of them timed while the machine was busy with other work" in reported
    assert "(the machine was busy, 71% of the calls were disturbed: the model may not be the reason)" in reported
    assert all(one["note"].endswith(", busy machine") for one in context.shown["search"]["evaluations"])


class Halves(Pruner):
    """Zeroes every second weight: nothing about it can be searched."""

    def prune(self, subject: Subject, context: object) -> Subject:
        for weight in subject.module.parameters():
            weight.data.view(-1)[::2] = 0
        return subject

    def label(self) -> str:
        return "halves"


def test_a_pruner_without_a_share_is_tried_as_it_is(trained: Subject, digits: Data) -> None:
    context = Counting(digits)
    run(compress(prune=Halves(), quantize=None, target="bytes <= 4", minimize="nonzero"), trained, context)
    assert [(one["value"], one["note"]) for one in context.shown["search"]["evaluations"]] == [
        (0.0, "unpruned, not quantized"), (1.0, "halves, not quantized"),
    ]  # fmt: skip
    assert context.shown["search"]["chosen"] == 1.0


def test_without_a_pruner_quantizing_alone_is_searched(trained: Subject, digits: Data) -> None:
    context = Counting(digits)
    found = run(compress(prune=None, target="accuracy >= 10%"), trained, context)
    assert found.quantizer is not None
    assert [one["note"] for one in context.shown["search"]["evaluations"]] == [
        "unpruned, dynamic int8", "unpruned, not quantized",
    ]  # fmt: skip


def test_when_nothing_can_be_made_the_reason_is_told(digits: Data) -> None:
    stage = compress(fold=["batch_norm"], target="accuracy >= 10%", budget=3)
    with pytest.raises(ValueError, match=r"None of 3 models could be made: there is no batch normalization to fold"):
        run(stage, subjects.subject("mlp"), Counting(digits))
