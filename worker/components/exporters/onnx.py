"""The model as one ONNX file."""

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from worker.contracts.families.exporters import Exporter
from worker.contracts.subject import Subject, evaluating
from worker.shipping import graph

OPSET = 17


class Onnx(Exporter):
    """The whole model, graph and weights in one file, which ONNX Runtime loads and runs without Python's torch.

    Input `input` [batch, …] takes samples as they were sent: bytes of pixels, numbers in their own unit, token ids.
    Output is `probabilities` float32 [batch, classes], of texts [batch, length, tokens], or `numbers` float64 [batch, k] in
    their own unit. With `measure.input: prepared` the file takes scaled float32 and gives `logits`. Any batch size. Its
    metadata name the classes, the scaling and what was measured. Batch normalization is written as it is: folding it is
    the fold stage's work, and the runtime's.
    """

    formula = "input [batch, …] → probabilities [batch, classes], or numbers [batch, k]"
    reference = "Open Neural Network Exchange, operator set 17, https://onnx.ai"
    suffix = ".onnx"
    runtime = "onnxruntime"
    requires = ("onnxruntime",)
    opening = """
import onnxruntime
session = onnxruntime.InferenceSession(HERE / "model.onnx")
run = lambda sent: session.run(None, {"input": sent})[0]
"""

    def export(self, subject: Subject, path: Path, calibration: NDArray[np.float32]) -> None:
        if subject.quantizer is None:
            _write(subject, path)
        else:
            with tempfile.TemporaryDirectory(dir=path.parent) as folder:
                source = Path(folder) / "float.onnx"
                _write(subject, source)
                subject.quantizer.convert(subject, source, path, calibration)
        if subject.interface is not None:
            graph.embed(path, subject.interface)

    def describe(self, path: Path, facts: Mapping[str, str]) -> None:
        graph.describe(path, facts)


def _write(subject: Subject, path: Path) -> None:
    """Trace the module. The exporter built on torch.export takes 2 to 8 seconds for what this one does in 0.15."""
    with evaluating(subject.module), warnings.catch_warnings():
        # The deprecation is known and torch is pinned; any other warning is still heard.
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export", DeprecationWarning)
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        # torch's layers check shapes, which are right in every call; recurrent ones begin at states of the batch's size.
        warnings.filterwarnings("ignore", "Converting a tensor to a Python boolean", module=r"torch\.nn\.")
        warnings.filterwarnings("ignore", "Exporting a model to ONNX with a batch_size other than 1", UserWarning)
        # The exporter tells that it leaves a constant of its own padding operator as it is.
        warnings.filterwarnings("ignore", "Constant folding - Only steps=1 can be constant folded", UserWarning)
        torch.onnx.export(
            subject.module,
            (subject.sample(),),
            path,
            dynamo=False,
            opset_version=OPSET,
            # Evaluation mode would fold batch normalization in the file, and the fold stage would have no effect to show.
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=["input"],
            output_names=["logits"],
            dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
        )
