"""Quantize the model."""

from collections.abc import Sequence

from worker.component import choice
from worker.phases import Phase, Transform
from worker.quantizers import Quantizer
from worker.stages import Stage


class Quantize(Stage):
    """Stores and computes with fewer bits for each number, in the artifact that is shipped.

    The weights in memory stay float; the ONNX file is converted when it is written, and all figures of the stage
    are read from that file.
    """

    formula = "q = clamp(round(x / s) + z), x ≈ s (q − z)"
    reference = "Jacob et al.: Quantization and Training of Neural Networks (2018), arXiv:1712.05877"

    method: Quantizer = choice(Quantizer, description="How the numbers are made smaller.")

    def phases(self) -> Sequence[Phase]:
        return [Transform(self.method.quantize)]

    def label(self) -> str:
        return f"quantize: {self.method.label()}"
