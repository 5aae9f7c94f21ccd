"""Each verdict against facts made by hand: one that calls for it and one that does not."""

from typing import Any

import pytest

from backend.spec.results import ArtifactMeasure, Latency, StageResult
from worker.engine import verdicts
from worker.engine.verdicts import VERDICTS, Verdict


def stage(
    kind: str = "train",
    size: int = 1_000_000,
    gzip: int = 900_000,
    one: float = 1.0,
    many: float = 10.0,
    spread: float = 0.02,
    **facts: Any,
) -> StageResult:
    """A result with one measured file."""
    latency = [
        Latency(batch_size=batch, device="cpu", p50_ms=p50, p95_ms=p50, spread_ms=spread, calls=50, samples_per_s=1.0)
        for batch, p50 in ((1, one), (64, many))
    ]
    operators = facts.pop("operators", {"Conv": 3, "Gemm": 1})
    file = ArtifactMeasure(
        exporter="onnx", artifact="a", bytes=size, gzip_bytes=gzip, runtime="r", latency=latency, operators=operators
    )
    defaults = {"parameters": 1000, "nonzero": 1000, "flops": 5000}
    fixed = {"stage": 0, "label": kind, "step": 0, "seconds": 0.0, "weights_sha256": ""}
    return StageResult(kind=kind, measures=[file], **{**fixed, **defaults, **facts})


TRAINED = stage()
INT8 = {"QLinearConv": 3, "QGemm": 1, "QuantizeLinear": 1, "DequantizeLinear": 1}
PACKED = {"Conv": 3, "DequantizeLinear": 3, "MatMulNBits": 1}

CALLED_FOR: list[tuple[Verdict, StageResult, str]] = [
    (verdicts.file_size, stage(size=250_000), "The file is 4.00 times smaller: 250 KB, before 1 MB."),
    (verdicts.file_size, stage(size=1_500_000), "The file is 1.50 times larger: 1.5 MB, before 1 MB."),
    (
        verdicts.speed,
        stage(one=1.01, many=4.0, flops=2000),
        "A call is 2.50 times faster at batch 64 (cpu).",
    ),
    (
        verdicts.masked_not_removed,
        stage("prune", nonzero=100, gzip=200_000),
        "90 % of the parameters are zero but masked, not removed: the file keeps its size (gzip -6 makes it 200 KB, "
        "before 900 KB), and dense kernels multiply by the zeros; removing channels shrinks the tensors themselves.",
    ),
    (
        verdicts.launch_bound,
        stage("prune", one=0.97, flops=1500),
        "At batch 1 a call takes 0.97 ms although the arithmetic fell to 30 %: the fixed cost of starting each "
        "operator dominates; larger batches or fewer operators help.",
    ),
    (
        verdicts.unaligned_channels,
        stage("prune", flops=1500, operators={"Conv": 1, "FusedConv": 2, "Gemm": 1, "ReorderOutput": 1}),
        "The numbers of channels that are left do not fill the runtime's blocks (16 channels with AVX-512, 8 with "
        "AVX2), which costs 2 FusedConv, 1 ReorderOutput more; `round_to: 16` avoids it.",
    ),
    (
        verdicts.no_int8_kernel,
        stage("quantize", size=250_000),
        "No 8-bit kernel was executed: the file is smaller, but the runtime computes in floating point.",
    ),
    (
        verdicts.float_layers_left,
        stage("quantize", operators={"Conv": 3, "DynamicQuantizeMatMul": 1}),
        "1 of 4 layers compute in 8 bits; still in floating point: 3 Conv.",
    ),
    (
        verdicts.conversion_cost,
        stage("quantize", one=1.2, many=6.0, operators=INT8),
        "No faster at batch 1: 2 of 6 operators convert between floating point and 8 bits, which costs more there "
        "than 8-bit arithmetic saves.",
    ),
    (
        verdicts.already_folded,
        stage("fold"),
        "Both files run the same operators: ONNX Runtime already folds batch normalization when it loads a file, so "
        "folding saves bytes and other runtimes' time, but none here.",
    ),
    (
        verdicts.unpacked_in_each_call,
        stage("quantize", size=140_000, one=1.5, many=8.0, operators=PACKED),
        "Slower than before at batch 1: dequantization overhead; the weights are unpacked to floating point in each call "
        "(3 DequantizeLinear, 1 MatMulNBits), and what is saved are bytes. `static_int8` computes in 8 bits.",
    ),
    (
        verdicts.unpacked_in_each_call,
        stage("quantize", one=0.98, many=10.0, operators=PACKED),
        "No faster at batch 1 and 64: dequantization overhead; the weights are unpacked to floating point in each call "
        "(3 DequantizeLinear, 1 MatMulNBits), and what is saved are bytes. `static_int8` computes in 8 bits.",
    ),
    (
        verdicts.half_computed_in_float32,
        stage("quantize", size=520_000),
        "Half the bytes, computed in float32: the runtime casts the weights once, when it loads the file, and multiplies "
        "as before, so a call is no faster.",
    ),
]

NOT_CALLED_FOR: list[tuple[Verdict, StageResult]] = [
    (verdicts.file_size, stage(size=1_010_000)),
    (verdicts.speed, stage(one=0.99, many=9.8, flops=2000)),
    (verdicts.speed, stage(one=0.5, many=5.0, spread=6.0, flops=2000)),
    (verdicts.speed, stage(one=0.5, many=5.0)),
    (verdicts.masked_not_removed, stage("prune", parameters=500, nonzero=500, size=500_000)),
    (verdicts.masked_not_removed, stage("train", nonzero=999)),
    (verdicts.launch_bound, stage("prune", one=0.5, flops=1500)),
    (verdicts.launch_bound, stage("prune", one=1.0, flops=4900)),
    (verdicts.launch_bound, stage("prune", one=1.0, flops=None)),
    (verdicts.unaligned_channels, stage("prune", flops=1500)),
    (verdicts.unaligned_channels, stage("prune", operators={"Conv": 3, "FusedConv": 2})),
    (verdicts.no_int8_kernel, stage("quantize", operators=INT8)),
    (verdicts.no_int8_kernel, stage("prune")),
    (verdicts.float_layers_left, stage("quantize", operators=INT8)),
    (verdicts.float_layers_left, stage("prune")),
    (verdicts.conversion_cost, stage("quantize", one=0.5, many=5.0, operators=INT8)),
    (verdicts.conversion_cost, stage("prune", one=2.0, operators=INT8)),
    (verdicts.already_folded, stage("fold", operators={"Conv": 2, "Gemm": 1})),
    (verdicts.already_folded, stage("train")),
    (verdicts.no_int8_kernel, stage("quantize", size=140_000, operators=PACKED)),
    (verdicts.no_int8_kernel, stage("quantize", size=520_000)),
    (verdicts.conversion_cost, stage("quantize", one=2.0, operators=PACKED)),
    (verdicts.unpacked_in_each_call, stage("quantize", one=0.5, many=5.0, operators=PACKED)),
    (verdicts.unpacked_in_each_call, stage("quantize", one=2.0, operators=INT8)),
    (verdicts.unpacked_in_each_call, stage("prune", one=2.0, operators=PACKED)),
    (verdicts.half_computed_in_float32, stage("quantize", size=250_000)),
    (verdicts.half_computed_in_float32, stage("quantize", size=520_000, operators={"Conv": 3, "Gemm": 1, "Cast": 2})),
    (verdicts.half_computed_in_float32, stage("prune", size=520_000)),
]


@pytest.mark.parametrize(("verdict", "after", "sentence"), CALLED_FOR)
def test_the_facts_call_for_it(verdict: Verdict, after: StageResult, sentence: str) -> None:
    assert verdict(after, TRAINED) == sentence


@pytest.mark.parametrize(("verdict", "after"), NOT_CALLED_FOR)
def test_the_facts_do_not_call_for_it(verdict: Verdict, after: StageResult) -> None:
    assert verdict(after, TRAINED) is None


def test_every_verdict_is_tried_both_ways() -> None:
    assert {case[0] for case in CALLED_FOR} == set(VERDICTS) == {case[0] for case in NOT_CALLED_FOR}


def test_nothing_is_said_without_something_to_compare() -> None:
    weights_alone = TRAINED.model_copy(update={"measures": []})
    assert verdicts.verdicts(TRAINED, None) == []
    assert verdicts.verdicts(TRAINED, weights_alone) == verdicts.verdicts(weights_alone, TRAINED) == []


def test_only_equal_batch_sizes_on_equal_devices_are_compared() -> None:
    elsewhere = stage(one=9.0, many=90.0, flops=1)
    for latency in elsewhere.measures[0].latency:
        latency.device = "cuda"
    assert verdicts.speed(elsewhere, TRAINED) is None
