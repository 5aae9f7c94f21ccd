"""Each diagnostic against facts made by hand: one that calls for it and one that does not."""

from typing import Any

import pytest

from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from worker.engine.measurement import diagnostics, quantization_diagnostics
from worker.engine.measurement.diagnostics import DIAGNOSTICS, Diagnose
from worker.engine.measurement.reasons import reasons


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
    about = {"exporter": "onnx", "runtime": "r", "operators": {"Conv": 3, "Gemm": 1}, "accuracy": None}
    about |= {name: facts.pop(name) for name in about.keys() & facts.keys()}
    for batch in latency if "energy_mj" in facts else ():
        batch.energy_mj, batch.energy_spread_mj = facts["energy_mj"], 0.01
    meter = "RAPL" if facts.pop("energy_mj", None) else None
    file = ArtifactMeasure(artifact="a", bytes=size, gzip_bytes=gzip, latency=latency, energy_meter=meter, **about)
    defaults = {"parameters": 1000, "nonzero": 1000, "flops": 5000}
    fixed = {"stage": 0, "label": kind, "step": 0, "seconds": 0.0, "weights_sha256": kind}
    return StageResult(kind=kind, measures=[file], **{**fixed, **defaults, **facts})


TRAINED = stage(energy_mj=2.0)
INT8 = {"QLinearConv": 3, "QGemm": 1, "QuantizeLinear": 1, "DequantizeLinear": 1}
PACKED = {"Conv": 3, "DequantizeLinear": 3, "MatMulNBits": 1}

CALLED_FOR: list[tuple[Diagnose, StageResult, str]] = [
    (diagnostics.file_size, stage(size=250_000), "The onnx file is 4.00 times smaller: 250 KB, before 1 MB."),
    (diagnostics.file_size, stage(size=1_500_000), "The onnx file is 1.50 times larger: 1.5 MB, before 1 MB."),
    (
        diagnostics.speed,
        stage(one=1.01, many=4.0, flops=2000),
        "A call is 2.50 times faster at batch 64 (cpu).",
    ),
    (
        diagnostics.masked_not_removed,
        stage("prune", nonzero=100, gzip=200_000),
        "90 % of the parameters are zero but masked, not removed: the onnx file keeps its size (gzip -6 makes it "
        "200 KB, before 900 KB), and dense kernels multiply by the zeros; removing channels shrinks the tensors themselves.",
    ),
    (
        diagnostics.launch_bound,
        stage("prune", one=0.97, flops=1500),
        "At batch 1 a call takes 0.97 ms although the arithmetic fell to 30 %: the fixed cost of starting each "
        "operator dominates; larger batches or fewer operators help.",
    ),
    (
        diagnostics.unaligned_channels,
        stage("prune", flops=1500, operators={"Conv": 1, "FusedConv": 2, "Gemm": 1, "ReorderOutput": 1}),
        "The numbers of channels that are left do not fill the runtime's blocks (16 channels with AVX-512, 8 with "
        "AVX2), which costs 2 FusedConv, 1 ReorderOutput more; `round_to: 16` avoids it.",
    ),
    (
        quantization_diagnostics.no_int8_kernel,
        stage("quantize", size=250_000),
        "No 8-bit kernel was executed: the file is smaller, but the runtime computes in floating point.",
    ),
    (
        quantization_diagnostics.float_layers_left,
        stage("quantize", operators={"Conv": 3, "DynamicQuantizeMatMul": 1}),
        "1 of 4 layers compute in 8 bits; still in floating point: 3 Conv.",
    ),
    (
        quantization_diagnostics.conversion_cost,
        stage("quantize", one=1.2, many=6.0, operators=INT8),
        "No faster at batch 1: 2 of 6 operators convert between floating point and 8 bits, which costs more there "
        "than 8-bit arithmetic saves.",
    ),
    (
        diagnostics.already_folded,
        stage("fold"),
        "Both files run the same operators: ONNX Runtime already folds batch normalization when it loads a file, so "
        "folding saves bytes and other runtimes' time, but none here.",
    ),
    (
        diagnostics.energy,
        stage("prune", flops=1500, energy_mj=0.5),
        "A sample takes 4.00 times less energy at batch 1 (cpu), 4.00 times less energy at batch 64 (cpu), as RAPL "
        "counts it.",
    ),
    (
        diagnostics.no_sparse_kernel,
        stage("prune", two_of_four=3, two_of_four_fit=1),
        "3 layers keep 2 of every 4 weights, a pattern that only sparse tensor cores (NVIDIA, since Ampere) compute "
        "faster. No such kernel ran here, so the zeros are multiplied like other numbers; 1 of 3 such layers have a "
        "shape that these kernels take (half precision: a multiple of 32 outputs and of 64 inputs).",
    ),
    (
        diagnostics.other_circumstances,
        stage("prune", runtime="r, 2 threads"),
        "Times are not compared: the onnx file ran in r, 2 threads, before in r.",
    ),
    (
        diagnostics.nothing_changed,
        stage("fold"),
        "The stage changed nothing that is measured: parameters, size, accuracy and executed operators are those of "
        "the stage before, so no gain can be expected.",
    ),
    (
        diagnostics.nothing_changed,
        stage("prune", weights_sha256="train"),
        "The stage changed nothing: the weights are those of the stage before, bit by bit, and so are size and work.",
    ),
    (
        quantization_diagnostics.unpacked_in_each_call,
        stage("quantize", size=140_000, one=1.5, many=8.0, operators=PACKED),
        "Slower than before at batch 1: dequantization overhead; the weights are unpacked to floating point in each call "
        "(3 DequantizeLinear, 1 MatMulNBits), so only bytes are saved. `static_int8` computes in 8 bits.",
    ),
    (
        quantization_diagnostics.unpacked_in_each_call,
        stage("quantize", one=0.98, many=10.0, operators=PACKED),
        "No faster at batch 1 and 64: dequantization overhead; the weights are unpacked to floating point in each call "
        "(3 DequantizeLinear, 1 MatMulNBits), so only bytes are saved. `static_int8` computes in 8 bits.",
    ),
    (
        quantization_diagnostics.half_computed_in_float32,
        stage("quantize", size=520_000),
        "Half the bytes, computed in float32: the runtime casts the weights once, when it loads the file, and multiplies "
        "as before, so a call is no faster.",
    ),
]

NOT_CALLED_FOR: list[tuple[Diagnose, StageResult]] = [
    (diagnostics.file_size, stage(size=1_010_000)),
    (diagnostics.speed, stage(one=0.99, many=9.8, flops=2000)),
    (diagnostics.speed, stage(one=0.5, many=5.0, spread=6.0, flops=2000)),
    (diagnostics.speed, stage(one=0.5, many=5.0)),
    (diagnostics.masked_not_removed, stage("prune", parameters=500, nonzero=500, size=500_000)),
    (diagnostics.masked_not_removed, stage("train", nonzero=999)),
    (diagnostics.launch_bound, stage("prune", one=0.5, flops=1500)),
    (diagnostics.launch_bound, stage("prune", one=1.0, flops=4900)),
    (diagnostics.launch_bound, stage("prune", one=1.0, flops=None)),
    (diagnostics.unaligned_channels, stage("prune", flops=1500)),
    (diagnostics.unaligned_channels, stage("prune", operators={"Conv": 3, "FusedConv": 2})),
    (quantization_diagnostics.no_int8_kernel, stage("quantize", operators=INT8)),
    (quantization_diagnostics.no_int8_kernel, stage("prune")),
    (quantization_diagnostics.float_layers_left, stage("quantize", operators=INT8)),
    (quantization_diagnostics.float_layers_left, stage("prune")),
    (quantization_diagnostics.conversion_cost, stage("quantize", one=0.5, many=5.0, operators=INT8)),
    (quantization_diagnostics.conversion_cost, stage("prune", one=2.0, operators=INT8)),
    (diagnostics.already_folded, stage("fold", operators={"Conv": 2, "Gemm": 1})),
    (diagnostics.already_folded, stage("fold", flops=1500)),
    (diagnostics.already_folded, stage("train")),
    (diagnostics.energy, stage("prune", flops=1500)),
    (diagnostics.energy, stage("prune", flops=1500, energy_mj=2.05)),
    (diagnostics.energy, stage("train", energy_mj=1.0)),
    (diagnostics.no_sparse_kernel, stage("prune", nonzero=500)),
    (diagnostics.no_sparse_kernel, stage("prune", two_of_four=1, operators={"sparse_semi_structured_mm": 1})),
    (diagnostics.other_circumstances, stage("prune", flops=1500)),
    (diagnostics.nothing_changed, stage("train", accuracy=0.97)),
    (diagnostics.nothing_changed, stage("prune", nonzero=999)),
    (diagnostics.nothing_changed, stage("quantize", size=250_000)),
    (quantization_diagnostics.no_int8_kernel, stage("quantize", size=140_000, operators=PACKED)),
    (quantization_diagnostics.no_int8_kernel, stage("quantize", size=520_000)),
    (quantization_diagnostics.conversion_cost, stage("quantize", one=2.0, operators=PACKED)),
    (quantization_diagnostics.unpacked_in_each_call, stage("quantize", one=0.5, many=5.0, operators=PACKED)),
    (quantization_diagnostics.unpacked_in_each_call, stage("quantize", one=2.0, operators=INT8)),
    (quantization_diagnostics.unpacked_in_each_call, stage("prune", one=2.0, operators=PACKED)),
    (quantization_diagnostics.half_computed_in_float32, stage("quantize", size=250_000)),
    (
        quantization_diagnostics.half_computed_in_float32,
        stage("quantize", size=520_000, operators={"Conv": 3, "Gemm": 1, "Cast": 2}),
    ),
    (quantization_diagnostics.half_computed_in_float32, stage("prune", size=520_000)),
]


@pytest.mark.parametrize(("diagnostic", "after", "sentence"), CALLED_FOR)
def test_the_facts_call_for_it(diagnostic: Diagnose, after: StageResult, sentence: str) -> None:
    assert diagnostic(after, TRAINED) == sentence


@pytest.mark.parametrize(("diagnostic", "after"), NOT_CALLED_FOR)
def test_the_facts_do_not_call_for_it(diagnostic: Diagnose, after: StageResult) -> None:
    assert diagnostic(after, TRAINED) is None


def test_every_diagnostic_is_tried_both_ways() -> None:
    assert {case[0] for case in CALLED_FOR} == set(DIAGNOSTICS) == {case[0] for case in NOT_CALLED_FOR}


def test_nothing_is_said_without_something_to_compare() -> None:
    weights_alone = TRAINED.model_copy(update={"measures": []})
    assert diagnostics.diagnose(TRAINED, None) == []
    assert diagnostics.diagnose(TRAINED, weights_alone) == diagnostics.diagnose(weights_alone, TRAINED) == []


def busy(result: StageResult) -> StageResult:
    """The same on a machine that had other work to do."""
    latency = [
        one.model_copy(update={"busy": True, "disturbed": 0.71, "ended": "budget"})
        for one in result.measures[0].latency
    ]
    return result.model_copy(update={"measures": [result.measures[0].model_copy(update={"latency": latency})]})


@pytest.mark.parametrize(
    "after",
    [
        stage("prune", one=1.2, many=12.0, flops=1500),
        stage("quantize", size=250_000, one=1.2, many=12.0, operators=INT8),
        stage("quantize", size=140_000, one=1.5, many=18.0, operators=PACKED),
    ],
    ids=["launch bound", "conversions", "unpacking"],
)
def test_a_disturbed_time_is_told_and_never_explained(after: StageResult) -> None:
    explained = [sentence for sentence in diagnostics.diagnose(after, TRAINED) if " at batch 1" in sentence.lower()]
    assert explained, "on a quiet machine there is something to explain"
    told, *others = [sentence for sentence in diagnostics.diagnose(busy(after), TRAINED) if "batch 1" in sentence]
    assert others == []
    assert told == (
        "The machine was busy with other work: the times of the onnx file at batch 1 (cpu) (71 % of the calls disturbed), "
        "the onnx file at batch 64 (cpu) (71 % of the calls disturbed) are not the file's own, and nothing is concluded from "
        "them."
    )
    assert not [reason for reason in reasons(busy(after), TRAINED) if "convert" in reason or "batch" in reason]


def test_files_are_told_apart() -> None:
    """A mask is worth nothing in one format and much in another."""
    trained, pruned = stage(), stage("prune", nonzero=100)
    for result, size in ((trained, 930_000), (pruned, 100_000)):
        result.measures.append(result.measures[0].model_copy(update={"exporter": "coded", "bytes": size}))
    sentence = diagnostics.file_size(pruned, trained)
    assert sentence == "The onnx file keeps its size; the coded file is 9.30 times smaller: 100 KB, before 930 KB."


def beside(result: StageResult, **about: Any) -> StageResult:
    """With another file of the same stage."""
    return result.model_copy(
        update={"measures": [*result.measures, result.measures[0].model_copy(update={"artifact": "b", **about})]}
    )


def test_a_file_that_is_small_only_on_the_disk_is_told() -> None:
    """Same runtime, same operators: what is decoded is the same model."""
    coded = beside(stage("prune"), exporter="coded", bytes=100_000, load_ms=120.0)
    coded.measures[0].load_ms = 8.0
    assert diagnostics.diagnose(coded, None) == [
        "The coded file is 10.00 times smaller than the onnx file, but decodes to the same model, which runs the same "
        "operators: it saves disk space and transfer, but neither time nor memory; loading it takes 120 ms, the onnx file 8 ms."
    ]
    assert diagnostics.diagnose(beside(stage(), exporter="coded", bytes=930_000), None) == []
    assert diagnostics.diagnose(beside(stage(), exporter="coded", bytes=100_000, operators={"Gemm": 9}), None) == []


def test_each_runtime_is_compared_with_itself() -> None:
    of_torch = {"exporter": "torch_export", "runtime": "torch 2", "operators": {"conv2d": 3}}
    before = beside(stage(), **of_torch)
    assert diagnostics.diagnose(before, None) == [
        "The files ran in different runtimes (onnx in r, torch export in torch 2): a difference between them "
        "comes from the runtimes. Compare files of one format to see the gain of a stage."
    ]
    quick = [latency.model_copy(update={"p50_ms": latency.p50_ms / 4}) for latency in before.measures[0].latency]
    after = beside(stage("prune", many=5.0, flops=1500), **of_torch, latency=quick)
    assert diagnostics.speed(after, before) == (
        "A call is in r 2.00 times faster at batch 64 (cpu); in torch 2 4.00 times faster at batch 1 (cpu), 4.00 times "
        "faster at batch 64 (cpu)."
    )


def test_what_is_left_of_another_format_is_compared_with_its_own_kind() -> None:
    """The first file of the stage before was another one: times of two runtimes never meet."""
    before = beside(stage(exporter="torch_export", runtime="torch 2", one=9.0, many=90.0), exporter="onnx", runtime="r")
    before.measures[1].latency = TRAINED.measures[0].latency
    after = stage("quantize", size=250_000, one=0.5, many=5.0, operators=INT8)
    reported = diagnostics.diagnose(after, before)
    assert "A call is 2.00 times faster at batch 1 (cpu), 2.00 times faster at batch 64 (cpu)." in reported
    alone = stage(exporter="torch_export", runtime="torch 2")
    assert diagnostics.diagnose(after, alone) == [
        "Not compared with the stage before: of this stage the onnx file ran in r, of that one the torch export file in "
        "torch 2. Put `onnx` into measure.formats to compare like with like."
    ]


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (stage("prune", size=250_000, one=0.5, many=2.0, flops=1000), []),
        (
            stage("prune", nonzero=100, gzip=200_000),
            [
                "90 % of the parameters are zero but masked, not removed: the onnx file keeps its size (gzip -6 makes it "
                "200 KB, before 900 KB), and dense kernels multiply by the zeros; removing channels shrinks the tensors "
                "themselves."
            ],
        ),
        (
            stage("quantize", size=250_000, one=1.2, many=10.0, operators=INT8),
            [
                "No faster at batch 1 and 64: 2 of 6 operators convert between floating point and 8 bits, which costs more "
                "there than 8-bit arithmetic saves."
            ],
        ),
    ],
)
def test_what_was_not_gained_has_its_reason(after: StageResult, sentences: list[str]) -> None:
    assert reasons(after, stage()) == sentences


def test_a_first_stage_and_other_formats_have_no_reasons() -> None:
    assert reasons(TRAINED, None) == reasons(TRAINED, stage(exporter="torch_export")) == []


def test_only_equal_batch_sizes_on_equal_devices_are_compared() -> None:
    elsewhere = stage(one=9.0, many=90.0, flops=1)
    for latency in elsewhere.measures[0].latency:
        latency.device = "cuda"
    assert diagnostics.speed(elsewhere, TRAINED) is None
