"""Static 8-bit quantization."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from worker.component import knob
from worker.quantizers import Quantizer, multiplies_without_saturation, quiet, require_int8

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

BINS = 1024  # of the histogram over [−max|x|, max|x|]
LEVELS = 128  # of a signed 8-bit number's magnitude
PERCENTILE = 99.99


class StaticInt8(Quantizer):
    """Weights and activations in 8 bits, with ranges measured beforehand on training samples.

    Weights are symmetric with one scale for each output channel, activations asymmetric with one scale for each
    tensor. Recurrent layers stay float, and of attention all but the products with weights. On a CPU without VNNI
    weights use 7 of the 8 bits, because sums of products would saturate there. What was converted is run once: when no
    8-bit kernel is executed the stage fails with that reason.
    """

    formula = "q = clamp(round(x/s) + z, 0, 255); s, z from the range of x that `method` finds"
    reference = "Jacob et al.: Quantization and Training of Neural Networks (2018), arXiv:1712.05877"
    needs = ("float",)
    removes = ("float",)

    samples: int = knob(256, ge=8, le=1024, unit="samples", description="Training samples that ranges are measured on.")
    method: Literal["minmax", "entropy", "percentile"] = knob(
        "minmax", description="How a range is chosen from the values seen; the latter two cut off outliers."
    )

    def convert(self, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        from onnxruntime.quantization import QuantFormat, QuantType, quant_pre_process, quantize_static

        with tempfile.TemporaryDirectory(dir=target.parent) as folder, quiet():
            prepared, ranges = Path(folder) / "prepared.onnx", Path(folder) / "ranges.json"
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            operators, excluded = _extent(prepared)
            self._find_ranges(prepared, ranges, calibration[: self.samples], operators)
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
                calibrate_method=self._method(),
                calibration_cache_path=ranges,
            )
        require_int8(target, calibration[:1])

    def _find_ranges(
        self, model: Path, ranges: Path, samples: NDArray[np.float32], operators: list[str] | None
    ) -> None:
        """Run `samples` through the float model and write the range of each tensor that `operators` (all) touch."""
        from onnxruntime.quantization import CalibrationMethod
        from onnxruntime.quantization.calibrate import TensorsData, create_calibrator, save_tensors_data

        calibrator = create_calibrator(
            model,
            operators,
            augmented_model_path=model.with_suffix(".augmented"),
            calibrate_method=self._method(),
            extra_options={"entropy": {"num_bins": BINS}, "percentile": {"percentile": PERCENTILE}}.get(
                self.method, {}
            ),
        )
        calibrator.collect_data(_Batches(samples))
        if self.method == "entropy":
            seen = calibrator.collector.histogram_dict
            found = {name: (*_entropy_range(*entry[:4]), *entry[:2]) for name, entry in seen.items()}
            save_tensors_data(TensorsData(CalibrationMethod.Entropy, found), ranges)
        else:
            save_tensors_data(calibrator.compute_data(), ranges)

    def _method(self) -> Any:
        from onnxruntime.quantization import CalibrationMethod

        return {
            "minmax": CalibrationMethod.MinMax,
            "entropy": CalibrationMethod.Entropy,
            "percentile": CalibrationMethod.Percentile,
        }[self.method]


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
    """How many of the lowest bins of a histogram of magnitudes to keep, so that `levels` levels tell it best.

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
