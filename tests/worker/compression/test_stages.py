"""The stages of compression: their phases, their names and what their specs take."""

import pytest
from pydantic import ValidationError

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE
from worker.components.fusions.batch_norm import BatchNorm
from worker.components.quantizers.static_int8 import StaticInt8
from worker.compression.fake_quantization import ActsQuantized
from worker.contracts.component import Component
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Training, Transform


def stage(kind: str, **fields: object) -> Stage:
    return Stage.choose({"kind": kind, **fields})


def test_pruning_is_a_transform_and_then_perhaps_training() -> None:
    method = {"kind": "magnitude", "sparsity": 0.5, "scope": "local"}
    (only,) = stage("prune", method=method).phases()
    assert isinstance(only, Transform)
    assert len(only.apply(subjects.subject("mlp"), ALONE).masks) == 3
    first, second = stage("prune", method=method, recover={"epochs": 2}).phases()
    assert isinstance(first, Transform)
    assert isinstance(second, Training) and second.recipe.epochs == 2


def test_recovery_is_short_unless_more_is_asked_for() -> None:
    _, training = stage("prune", recover={}).phases()
    assert isinstance(training, Training) and training.recipe.epochs == 1


def test_folding_and_quantizing_are_transforms() -> None:
    (folding,) = stage("fold", method={"kind": "batch_norm"}).phases()
    (quantizing,) = stage("quantize", method={"kind": "static_int8"}).phases()
    assert isinstance(folding, Transform) and isinstance(quantizing, Transform)
    assert quantizing.apply(subjects.subject("cnn"), ALONE).quantizer == StaticInt8()
    assert folding.apply(subjects.subject("cnn"), ALONE).module


def test_a_quantizer_may_be_trained_for_afterwards() -> None:
    first, second = stage("quantize", method={"kind": "qat_int8"}, recover={"epochs": 2}).phases()
    assert isinstance(first, Transform)
    assert isinstance(second, Training) and second.recipe.epochs == 2
    assert isinstance(second.callback, ActsQuantized)
    _, plain = stage("quantize", method={"kind": "static_int8"}, recover={}).phases()
    assert isinstance(plain, Training) and plain.callback is None


@pytest.mark.parametrize(
    ("spec", "label"),
    [
        ({"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.9}}, "prune: magnitude 90 %"),
        ({"kind": "prune", "method": {"kind": "channels", "ratio": 0.375}}, "prune: channels 37.5 %"),
        ({"kind": "prune", "method": {"kind": "heads", "ratio": 0.5}}, "prune: heads 50 %"),
        ({"kind": "fold", "method": {"kind": "batch_norm"}}, "fold: batch norm"),
        ({"kind": "fold", "method": {"kind": "similar", "ratio": 0.25}}, "fold: similar 25 %"),
        ({"kind": "quantize", "method": {"kind": "static_int8"}}, "quantize: static int8"),
        ({"kind": "quantize", "method": {"kind": "dynamic_int8"}}, "quantize: dynamic int8"),
        ({"kind": "quantize", "method": {"kind": "mixed", "bits": 3.5}}, "quantize: mixed, 3.5 bits"),
        ({"kind": "quantize", "method": {"kind": "mixed", "bound": "accuracy"}}, "quantize: mixed, −0.01 at most"),
    ],
)
def test_the_timeline_names_what_matters(spec: dict[str, object], label: str) -> None:
    assert Stage.choose(spec).label() == label


def test_the_defaults_are_the_families_defaults() -> None:
    assert stage("prune").model_dump()["method"]["kind"] == "magnitude"
    assert stage("quantize").model_dump()["method"]["kind"] == "dynamic_int8"
    assert stage("fold").model_dump()["method"] == BatchNorm().model_dump()


@pytest.mark.parametrize(
    ("family", "spec"),
    [
        ("pruners", {"kind": "magnitude", "sparsity": 1.0}),
        ("pruners", {"kind": "magnitude", "sparsity": float("nan")}),
        ("pruners", {"kind": "channels", "ratio": 0}),
        ("pruners", {"kind": "channels", "round_to": 0}),
        ("pruners", {"kind": "channels", "scope": "both"}),
        ("quantizers", {"kind": "static_int8", "samples": 1_000_000}),
        ("quantizers", {"kind": "static_int8", "method": "guess"}),
        ("pruners", {"kind": "heads", "importance": "bn_scale"}),
        ("quantizers", {"kind": "mixed", "bits": 1.5}),
        ("quantizers", {"kind": "weight_only_int4", "block": 20}),
        ("fusions", {"kind": "batch_norm", "eps": 1}),
        ("fusions", {"kind": "similar", "ratio": 1}),
    ],
)
def test_values_out_of_bounds_are_refused(family: str, spec: dict[str, object]) -> None:
    from worker.contracts.component import families

    base: type[Component] = families()[family]
    with pytest.raises(ValidationError):
        base.choose(spec)
