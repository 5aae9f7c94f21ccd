"""Weights alone, in the safetensors format."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file

from worker.contracts.families.exporters import Exporter
from worker.contracts.subject import Subject


class Safetensors(Exporter):
    """The weights and nothing else, safe to load anywhere: a JSON header, then raw bytes."""

    formula = "file = length ‖ JSON header ‖ bytes of every tensor"
    reference = "Hugging Face: safetensors format, https://huggingface.co/docs/safetensors"
    suffix = ".safetensors"

    def refuses(self, subject: Subject) -> str | None:
        return "holds float weights; the quantized model is the ONNX file" if subject.quantizer else None

    def export(self, subject: Subject, path: Path, calibration: NDArray[np.float32]) -> None:
        # Cloned: the format has no place for two names of one tensor.
        tensors = {
            name: tensor.detach().cpu().clone().contiguous() for name, tensor in subject.module.state_dict().items()
        }
        save_file(tensors, path, metadata={"format": "pt"})
