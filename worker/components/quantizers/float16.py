"""Weights in half precision."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.compression.onnx.onnx_halves import cast_weights, half_kernels, halve
from worker.contracts.context import Context
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.nn.grids import Stored
from worker.nn.kinds import is_weighted


class Float16(Quantizer):
    """Weights in 16-bit floating point, half the bytes; computed in half precision where the device has kernels for it.

    On a worker whose runtime has CUDA the whole graph computes in half precision. Elsewhere the runtime casts the
    matrices and filters to 32 bits once, when it loads the file: half the bytes on disk, and no faster. Biases and
    normalizations, a small share, keep 32 bits there. Weights beyond ±65,504 are refused.
    """

    formula = "w ≈ ±2^(e − 15) (1 + m / 1024), 5 bits of exponent and 10 of fraction"
    reference = "Micikevicius et al.: Mixed Precision Training (2018), arXiv:1710.03740"
    needs = ("float",)
    removes = ("float",)

    def quantize(self, subject: Subject, context: Context) -> Subject:
        _require_range(subject)
        return super().quantize(subject, context)

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (layer.weight.detach().to(torch.float16).float(), 16) if is_weighted(layer) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        _require_range(subject)  # again: it may have been trained since
        if half_kernels():
            halve(source, target)
        else:
            cast_weights(source, target, "FLOAT16")


def _require_range(subject: Subject) -> None:
    largest = max(float(weight.detach().abs().max()) for weight in subject.module.parameters())
    if largest > torch.finfo(torch.float16).max:
        raise ValueError(
            f"a weight of {largest:.3g} is too large for 16-bit floating point (at most 65,504); use `bfloat16`"
        )
