"""The model as one entropy-coded file."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker import codec
from worker.contracts.families.exporters import Exporter
from worker.contracts.subject import Subject
from worker.shipping import graph


class Coded(Exporter):
    """The ONNX file without its facts in as few bytes as possible, restored byte by byte when it is decoded.

    Each tensor is coded in the way that suits it: masked weights as the places of what is left, shared weights as
    numbers in a codebook, both with an adaptive range coder; dense floats are deflated by planes of bytes. Nothing is
    rounded: what is small was made so by pruning and quantization. The file is decoded with NumPy alone, in less than a
    second for half a million weights, and what comes out runs in ONNX Runtime: `worker.codec.decode(file)`.
    """

    formula = "bytes ≈ Σ −log₂ p(symbol | context) / 8, p counted from what was coded before"
    reference = "Han, Mao, Dally: Deep Compression (2016), arXiv:1510.00149; Martin: Range encoding (1979)"
    suffix = ".coded"
    runtime = "onnxruntime"
    made_of = "onnx"
    requires = ("onnxruntime",)
    bundled = ("worker.codec",)
    opening = """
sys.path.insert(0, str(HERE / "bundled"))
import onnxruntime, worker.codec
session = onnxruntime.InferenceSession(worker.codec.decode((HERE / "model.coded").read_bytes()))
run = lambda sent: session.run(None, {"input": sent})[0]
"""

    def export(self, subject: Subject, path: Path, calibration: NDArray[np.float32]) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            source = Path(folder) / "model.onnx"
            Exporter.choose(self.made_of).export(subject, source, calibration)
            self.convert(source, path)

    def convert(self, source: Path, path: Path) -> None:
        path.write_bytes(codec.encode(graph.bare(source)))
