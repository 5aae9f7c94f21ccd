"""Weights in the upper half of a 32-bit number."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from worker.compression.onnx.onnx_halves import cast_weights
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.nn.grids import Stored
from worker.nn.kinds import is_weighted


class Bfloat16(Quantizer):
    """Weights in 16 bits with the range of 32: half the bytes, coarser steps than `float16`, and nothing overflows.

    Matrices and filters are cast to 32 bits once, when the runtime loads the file, and computed with as before: half
    the bytes on disk, and no faster. Biases and normalizations, a small share, keep 32 bits.
    """

    formula = "w ≈ ±2^(e − 127) (1 + m / 128), 8 bits of exponent and 7 of fraction"
    reference = "Kalamkar et al.: A Study of BFLOAT16 for Deep Learning Training (2019), arXiv:1905.12322"
    needs = ("float",)
    removes = ("float",)

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (layer.weight.detach().to(torch.bfloat16).float(), 16) if is_weighted(layer) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        cast_weights(source, target, "BFLOAT16")
