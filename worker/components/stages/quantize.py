"""Quantize the model."""

from collections.abc import Sequence

from torch import nn

from worker.compression.recovery import recovering
from worker.contracts.component import choice, hyperparameter
from worker.contracts.drawing import Picture, line
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Transform
from worker.contracts.recovery import Recovery


class Quantize(Stage):
    """Stores and computes with fewer bits for each number, in the artifact that is shipped.

    The weights in memory stay float; the ONNX file is converted when it is written, and all figures of the stage
    are read from that file. Training afterwards lets the model act quantized where the method can (`qat_int8`,
    `weight_sharing`), so that its curves show the quantized accuracy; with any other method the float weights are trained
    and converted then.
    """

    formula = "q = clamp(round(x / s) + z), x ≈ s (q − z)"
    reference = "Jacob et al.: Quantization and Training of Neural Networks (2018), arXiv:1712.05877"

    quantizes = True

    method: Quantizer = choice(Quantizer, description="Quantization method.")
    recover: Recovery | None = hyperparameter(
        None, description="Fine-tuning after the quantization; null: none, and `qat_int8` then measures ranges alone."
    )

    def phases(self) -> Sequence[Phase]:
        return recovering([Transform(self.method.quantize)], self.recover, self.method.callback())

    def validate_for(self, module: nn.Module) -> None:
        self.method.validate_for(module)

    def drawing(self) -> Picture:
        stairs = [x // 4 * 4 + 2 for x in range(33)]
        return {"lines": [line(range(33), range(33), faint=True), line(range(33), stairs)]}

    def label(self) -> str:
        return f"quantize: {self.method.label()}"
