"""Quantizers: fewer bits for each number, in the artifact that is really shipped."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from worker.contracts.callback import Callback
from worker.contracts.component import Component
from worker.contracts.context import Context
from worker.contracts.subject import Subject
from worker.nn.grids import Stored, analysis


class Quantizer(Component, family="quantizers", default="dynamic_int8"):
    """Fewer bits for each number."""

    floats: ClassVar[tuple[type[nn.Module], ...]] = ()
    """Layers with weights that it leaves in floating point."""

    def validate_for(self, module: nn.Module) -> None:
        """Raises ValueError in one sentence when layers' shapes or this machine's kernels already rule it out."""

    def quantize(self, subject: Subject, context: Context) -> Subject:
        """The subject whose artifacts are converted by this quantizer; shows what rounding costs each layer."""
        context.show("quantization", analysis(subject.module, self.stored))
        return self.mark(subject, context)

    def mark(self, subject: Subject, context: Context) -> Subject:
        """The subject whose artifacts are converted by this quantizer; logs which layers stay in floating point."""
        left = [f"{name} ({type(layer).__name__})" for name, layer in _layers(subject.module, self.floats)]
        if left:
            context.log(f"These layers stay in floating point because no kernel exists for them: {', '.join(left)}.")
        return replace(subject, quantizer=self)

    def callback(self) -> Callback | None:
        """Callback that makes the model act quantized while it trains after `quantize`; None where it needs none."""
        return None

    def stored(self, name: str, layer: nn.Module) -> Stored | None:
        """The weight of the layer as the artifact will hold it, and its bits; None where it stays float."""
        return None

    def convert(self, subject: Subject, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        """Read the float ONNX file `source` of `subject`, write the quantized one to `target`.

        `calibration` [n, *input_shape] is taken from the training split. Raises ValueError with the reason when
        this machine's runtime would fall back to float.
        """
        raise AssertionError("a quantizer that marks its subject says how its file is converted")

    def label(self) -> str:
        """Name on the timeline, with the most important of its parameters."""
        return self.kind.replace("_", " ")


def _layers(module: nn.Module, kinds: tuple[type[nn.Module], ...]) -> Iterator[tuple[str, nn.Module]]:
    return ((name, layer) for name, layer in module.named_modules() if isinstance(layer, kinds))
