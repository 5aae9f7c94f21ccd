"""Static 8-bit quantization."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import nn

from worker.compression.onnx.onnx_tools import int8_magnitude
from worker.compression.onnx.static_quantization import to_static_int8
from worker.contracts.component import hyperparameter
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.nn.grids import Stored, by_channel
from worker.nn.kinds import is_weighted


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
    floats = (nn.RNNBase,)

    samples: int = hyperparameter(
        256, ge=8, le=1024, unit="samples", description="Training samples that ranges are measured on."
    )
    method: Literal["minmax", "entropy", "percentile"] = hyperparameter(
        "minmax", description="Method that chooses a range from the observed values; the last two cut off outliers."
    )

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (by_channel(layer.weight, int8_magnitude()), 8) if is_weighted(layer) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        to_static_int8(source, target, calibration[: self.samples], self.method)
