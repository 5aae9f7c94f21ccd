"""Common parts of the quantizers that round weights alone."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.compression.fake_quantization import ActsQuantized
from worker.compression.onnx.onnx_weights import Packing, pack, probe
from worker.contracts.component import hyperparameter
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.subject import Subject
from worker.nn.grids import Stored, by_block, by_channel, levels
from worker.nn.kinds import is_weighted


class WeightOnly(Quantizer):
    """Weights in `width` bits, everything computed in float.

    Linear layers have a scale for each block of inputs, other layers one for each output channel.
    """

    width: ClassVar[int]
    floats = (nn.Embedding,)

    block: Literal[16, 32, 64, 128] = hyperparameter(
        32, unit="inputs", description="Inputs of a linear layer that share a scale."
    )

    def validate_for(self, module: nn.Module) -> None:
        probe(self._packing())

    def callback(self) -> ActsQuantized:
        return ActsQuantized(lambda _, weight: self._rounded(weight))

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        return (self._rounded(layer.weight), self.width) if is_weighted(layer) else None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        pack(source, target, self._packing(), calibration[:1])

    def _packing(self) -> Packing:
        return Packing(lambda _: self.width, lambda _: levels(self.width), self.block)

    def _rounded(self, weight: Tensor) -> Tensor:
        most = levels(self.width)
        return by_block(weight, most, self.block) if weight.ndim == 2 else by_channel(weight, most)
