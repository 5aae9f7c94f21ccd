"""Quantization-aware training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from worker.compression.fake_quantization import ActsQuantized, measured_ranges
from worker.compression.onnx.onnx_tools import int8_magnitude
from worker.compression.onnx.static_quantization import to_static_int8
from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject, evaluating
from worker.nn.grids import Stored, by_channel
from worker.nn.kinds import is_weighted

SIZE = 64  # samples that pass through the model together when its first ranges are measured


class QatInt8(Quantizer):
    """Trains while weights and activations are rounded to 8 bits, then stores the trained grids.

    The stage's `recover` says how it trains: rounding is part of each forward pass, its gradient passes straight through.
    Weights are symmetric with one scale for each output channel; inputs of layers are asymmetric with one scale for each
    layer, whose range begins as measured and then follows the training batches. The file has exactly these grids, and
    between layers, where nothing was trained, ranges measured as `static_int8` does. On a CPU without VNNI weights use
    7 of the 8 bits, in training too. Recurrent layers stay float.
    """

    formula = "ŵ = s · clamp(round(w/s)), ∂ŵ/∂w = 1; range ← range + 0.01 (batch's range − range)"
    reference = "Jacob et al.: Quantization and Training of Neural Networks (2018), arXiv:1712.05877"
    needs = ("float",)
    removes = ("float",)
    floats = (nn.RNNBase,)

    samples: int = hyperparameter(
        256, ge=8, le=1024, unit="samples", description="Training samples that the first ranges are measured on."
    )

    def quantize(self, subject: Subject, context: Context) -> Subject:
        with evaluating(subject.module):
            ranges = measured_ranges(subject.module, context.batches(-(-self.samples // SIZE), SIZE))
        return super().quantize(replace(subject, ranges=ranges), context)

    def callback(self) -> ActsQuantized:
        return ActsQuantized(lambda _, weight: by_channel(weight, int8_magnitude()), activations=True)

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (by_channel(layer.weight, int8_magnitude()), 8) if is_weighted(layer) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        trained = {name: (float(low), float(high)) for name, (low, high) in subject.ranges.items()}
        to_static_int8(source, target, calibration[: self.samples], trained=trained)
