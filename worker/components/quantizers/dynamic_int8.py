"""Dynamic 8-bit quantization."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from worker.compression.onnx.onnx_tools import int8_magnitude, multiplies_without_saturation, quiet, require_int8
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.nn.grids import Stored, by_channel


class DynamicInt8(Quantizer):
    """Weights of linear layers and LSTMs in 8 bits; the range of their inputs is found again in each call.

    Needs no samples. Convolutions stay float: the runtime's dynamic 8-bit convolution is slower than its float one.
    So do GRUs and plain recurrent layers, for which it has no 8-bit kernel.
    Take `static_int8` for models that consist of convolutions. On a CPU without VNNI weights use 7 of the 8 bits.
    When no 8-bit kernel would be executed the stage fails with that reason.
    """

    formula = "W ≈ s_W q_W once; x ≈ s (q − z) with s = (max x − min x)/255 in each call"
    reference = "ONNX Runtime manual: dynamic quantization, https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html"
    needs = ("float",)
    removes = ("float",)
    floats = (nn.Conv1d, nn.Conv2d, nn.GRU, nn.RNN, nn.Embedding)

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (by_channel(layer.weight, int8_magnitude()), 8) if isinstance(layer, nn.Linear) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        from onnxruntime.quantization import QuantType, quant_pre_process, quantize_dynamic

        with tempfile.TemporaryDirectory(dir=target.parent) as folder, quiet():
            prepared = Path(folder) / "prepared.onnx"
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            quantize_dynamic(
                prepared,
                target,
                op_types_to_quantize=["MatMul", "Gemm", "LSTM"],
                per_channel=True,
                reduce_range=not multiplies_without_saturation(),
                weight_type=QuantType.QInt8,
            )
        require_int8(target, calibration[:1])
