"""ONNX files with weights and activations in 8 bits, with ranges known beforehand."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from worker.compression.onnx.onnx_tools import multiplies_without_saturation, quiet, require_int8

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Limits = Mapping[str, tuple[float, float]]
Method = Literal["minmax", "entropy", "percentile"]

BINS = 1024  # of the histogram over [−max|x|, max|x|]
LEVELS = 128  # of a signed 8-bit number's magnitude
PERCENTILE = 99.99
MOVES = {
    "Flatten",
    "MaxPool",
    "Reshape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
}  # what comes out lies on the grid of what went in


def to_static_int8(
    source: Path, target: Path, samples: NDArray[np.float32], method: Method = "minmax", trained: Limits | None = None
) -> None:
    """Read the float ONNX file `source`, write the quantized one to `target`.

    Ranges are measured on `samples` [n, *input_shape] as `method` says, but for the inputs of layers whose range was
    `trained`, by the layer's name. Weights are symmetric, one scale an output channel, in 7 bits where sums of products
    would saturate; activations are unsigned, one scale a tensor. Raises ValueError when no 8-bit kernel is executed.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quant_pre_process, quantize_static

    with tempfile.TemporaryDirectory(dir=target.parent) as folder, quiet():
        prepared, ranges = Path(folder) / "prepared.onnx", Path(folder) / "ranges.json"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        operators, excluded = _extent(prepared)
        known = _by_tensor(source, prepared, trained) if trained else {}
        _find_ranges(prepared, ranges, samples, operators, method, known)
        quantize_static(
            prepared,
            target,
            op_types_to_quantize=operators,
            nodes_to_exclude=excluded,
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=not multiplies_without_saturation(),
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=_calibration(method),
            calibration_cache_path=ranges,
        )
    require_int8(target, samples[:1])


def _find_ranges(
    model: Path, ranges: Path, samples: NDArray[np.float32], operators: list[str] | None, method: Method, known: Limits
) -> None:
    """Run `samples` through the float model and write the range of each tensor that `operators` (all) touch."""
    from onnxruntime.quantization.calibrate import TensorData, TensorsData, create_calibrator, save_tensors_data

    calibrator = create_calibrator(
        model,
        operators,
        augmented_model_path=model.with_suffix(".augmented"),
        calibrate_method=_calibration(method),
        extra_options={"entropy": {"num_bins": BINS}, "percentile": {"percentile": PERCENTILE}}.get(method, {}),
    )
    calibrator.collect_data(_Batches(samples))
    if method == "entropy":
        seen = calibrator.collector.histogram_dict
        found = {name: (*_entropy_range(*entry[:4]), *entry[:2]) for name, entry in seen.items()}
        save_tensors_data(TensorsData(_calibration(method), found), ranges)
        return
    measured = calibrator.compute_data()
    for name in known.keys() & set(measured.keys()):
        low, high = (np.array(limit, np.float32) for limit in known[name])
        measured.data[name] = TensorData(lowest=low, highest=high)
    save_tensors_data(measured, ranges)


def _calibration(method: Method) -> Any:
    from onnxruntime.quantization import CalibrationMethod

    return {
        "minmax": CalibrationMethod.MinMax,
        "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }[method]


def _by_tensor(source: Path, prepared: Path, trained: Limits) -> dict[str, tuple[float, float]]:
    """Ranges of the graph's tensors: each layer's input, and what only changes its shape on the way there."""
    import onnx

    inputs = layer_inputs(onnx.load(source).graph)
    producers = {output: node for node in onnx.load(prepared).graph.node for output in node.output}
    found: dict[str, tuple[float, float]] = {}
    for layer, limits in trained.items():
        tensor = inputs.get(layer, "")
        found[tensor] = limits
        while (node := producers.get(tensor)) is not None and node.op_type in MOVES:
            tensor = node.input[0]
            found[tensor] = limits
    return found


def layer_inputs(graph: Any) -> dict[str, str]:
    """The tensor that goes into each convolution and linear layer, by the layer's name in torch."""
    transposed = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Transpose"}
    found = {}
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm", "MatMul"):
            weight = transposed.get(node.input[1], node.input[1])
            if weight.endswith(".weight"):
                found[weight.removesuffix(".weight")] = node.input[0]
    return found


def _extent(file: Path) -> tuple[list[str] | None, list[str]]:
    """The types of operators to quantize, None for all that can be; and names of operators that are left out.

    With attention only products with weights: the sums between its layers, and masked scores, which are −∞, span a
    range that 8 bits do not resolve.
    """
    import onnx

    graph = onnx.load(file).graph
    if not any(node.op_type == "Softmax" for node in graph.node):
        return None, []
    weights = {initializer.name for initializer in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul"]
    return ["Conv", "Gemm", "MatMul"], [node.name for node in products if not weights & set(node.input)]


def _entropy_range(counts: Counts, edges: Floats, low: Any, high: Any) -> tuple[Floats, Floats]:
    """The range within [low, high] that `entropy_bins` chooses; `counts` lie symmetrically around zero."""
    middle = len(counts) // 2
    magnitudes = counts[-middle:] + counts[:middle][::-1]
    limit = np.abs(edges).max() * entropy_bins(magnitudes) / len(magnitudes)
    return np.maximum(low, -limit).astype(np.float32), np.minimum(high, limit).astype(np.float32)


def entropy_bins(counts: Counts, levels: int = LEVELS) -> int:
    """Number of the lowest bins of a histogram of magnitudes to keep, so that `levels` levels represent it best.

    Kullback-Leibler divergence of the clipped histogram from its quantized form, smallest over all clippings
    (Migacz: 8-bit Inference with TensorRT, 2017). The runtime's own search sees one candidate with its defaults, and
    takes seconds with more.
    """
    weights = counts.astype(np.float64)
    weights[0] = weights[1]  # the zeros of a rectifier are exact in any range
    divergences = {kept: _divergence(weights, kept, levels) for kept in range(levels, len(counts) + 1)}
    return min(divergences, key=lambda kept: divergences[kept]) if divergences else len(counts)


def _divergence(counts: Floats, kept: int, levels: int) -> float:
    inside = counts[:kept]
    clipped = inside.copy()
    clipped[-1] += counts[kept:].sum()
    level = np.minimum(np.arange(kept) // (kept // levels), levels - 1)
    seen = inside > 0
    totals, occupied = np.bincount(level, inside, levels), np.bincount(level, seen, levels)
    quantized = np.where(seen, totals[level] / np.maximum(occupied[level], 1), 0.0)
    p, q = _smooth(clipped), _smooth(quantized)
    return float((p * np.log(p / q)).sum())


def _smooth(counts: Floats, share: float = 1e-4) -> Floats:
    """A distribution without zeros."""
    smooth: Floats = (1 - share) * counts / max(counts.sum(), 1.0) + share / len(counts)
    return smooth


class _Batches:
    """Calibration samples as the runtime's tools draw them: one dictionary of inputs after the other, then None."""

    def __init__(self, samples: NDArray[np.float32], size: int = 32) -> None:
        self._batches: Iterator[NDArray[np.float32]] = (
            samples[start : start + size] for start in range(0, len(samples), size)
        )

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"input": batch}
