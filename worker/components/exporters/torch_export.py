"""The model as a program of torch.export."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.export import Dim, ExportedProgram

from worker.contracts.families.exporters import Exporter
from worker.contracts.subject import Subject, evaluating
from worker.shipping.module import traced


class TorchExport(Exporter):
    """The whole model, graph and weights in one file, which PyTorch loads and runs without this program's code.

    Takes samples as they were sent and gives probabilities or numbers in their own unit, as the ONNX file does, for any
    batch size: `torch.export.load(file).module()(inputs)`. It is measured by PyTorch itself
    and runs operator by operator, which is what a user of it gets before any compiler; writing and measuring it takes
    some seconds for each stage. Load only programs whose maker you trust: PyTorch may run code that such a file holds.
    """

    formula = "program = graph of ATen operators ‖ weights"
    reference = "PyTorch manual: torch.export, https://docs.pytorch.org/docs/stable/export.html"
    suffix = ".pt2"
    runtime = "torch"
    requires = ("torch",)
    opening = """
import torch
module = torch.export.load(HERE / "model.pt2").module()
run = lambda sent: module(torch.from_numpy(sent)).detach().numpy()
"""

    def refuses(self, subject: Subject) -> str | None:
        return "holds float programs; the quantized model is the ONNX file" if subject.quantizer else None

    def export(self, subject: Subject, path: Path, calibration: NDArray[np.float32]) -> None:
        module, sample = traced(subject)
        with evaluating(module):
            try:
                program = torch.export.export(module, (sample,), dynamic_shapes=({0: Dim.DYNAMIC},))
            except Exception as error:  # the tracer raises a class of its own for each thing that it cannot follow
                reason = str(error).strip().partition("\n")[0][:200]
                raise ValueError(
                    f"torch.export cannot write this model for any batch size ({reason}); leave `torch_export` out of "
                    "measure.formats"
                ) from error
        torch.export.save(_bare(program), path)


def _bare(program: ExportedProgram) -> ExportedProgram:
    """Without what only its maker has use for: the traced lines of code with their paths, and the sample."""
    for node in program.graph.nodes:
        for name in ("stack_trace", "source_fn_stack", "nn_module_stack", "torch_fn"):
            node.meta.pop(name, None)
    program._example_inputs = None
    return program
