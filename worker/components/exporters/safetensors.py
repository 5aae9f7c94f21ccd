"""Weights alone, in the safetensors format."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file

from worker.contracts.families.exporters import Exporter
from worker.contracts.subject import Subject
from worker.shipping import header


class Safetensors(Exporter):
    """The weights and nothing else, safe to load anywhere: a JSON header, then raw bytes.

    The header's metadata name the classes and the scaling that the model needs, and what was measured of the stage.
    """

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

    def describe(self, path: Path, facts: Mapping[str, str]) -> None:
        header.describe(path, facts)
