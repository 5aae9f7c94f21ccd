"""The model on its way through the pipeline."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.data.interface import Interface


class Conversion(Protocol):
    """The way in which a model's exported file gets fewer bits for its numbers."""

    def convert(self, subject: "Subject", source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        """Read the float ONNX file `source` of `subject`, write the one with fewer bits to `target`."""

    def model_dump(self, *, mode: Literal["json"]) -> dict[str, Any]:
        """Its kind and parameters, as plain JSON."""


@dataclass(frozen=True)
class Origin:
    """Construction of a model before its first step: another run needs it to build the model again."""

    model: Mapping[str, Any]  # the spec's part
    input_shape: tuple[int, ...]
    outputs: int
    stage: int | None = None  # that it began in; None before the first
    tokens: int = 0  # different ids in texts that have classes or numbers; 0 for all other data


@dataclass
class Subject:
    """Input and output of each stage: a model with everything that belongs to it.

    `masks` name the parameters that were pruned without being removed; training keeps their zeros at zero.
    `quantizer` is how the exported artifact is to be converted; the module itself stays float.
    `teacher` is there within a stage whose trainings learn from it, and gone at its end.
    `interface` is there while its files are written: the steps around the model that they contain; None for none.
    `ranges` are the lowest and highest value that a layer's inputs were trained to have, where they were.
    """

    module: nn.Module
    input_shape: tuple[int, ...]  # of one sample
    masks: dict[str, Tensor] = field(default_factory=dict)  # parameter name -> bool, True where the weight is kept
    quantizer: Conversion | None = None
    ranges: dict[str, Tensor] = field(default_factory=dict)  # layer name -> [2]
    input_dtype: torch.dtype = torch.float32  # int64 for token ids
    origin: Origin | None = None
    teacher: "Subject | None" = None
    interface: Interface | None = None

    def sample(self, batch: int = 2) -> Tensor:
        """Zeros of the model's input shape [batch, …], on the model's device: for tracing, never for measuring."""
        device = next(self.module.parameters()).device
        return torch.zeros(batch, *self.input_shape, dtype=self.input_dtype, device=device)

    @torch.no_grad()
    def apply_masks(self) -> None:
        """Sets masked weights to zero without a sign, so that all zeros have the same bytes."""
        for name, mask in self.masks.items():
            self.module.get_parameter(name).masked_fill_(~mask, 0.0)


def arrange(subject: Subject) -> nn.Module:
    """The module with convolutions' weights in the order of memory that is fastest (channels last: 1.3–1.5 × here)."""
    if len(subject.input_shape) == 3:
        subject.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return subject.module


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode within the block: running the module changes nothing in it, and each layer's mode is restored afterwards."""
    modes = {child: child.training for child in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for child in module.modules():
            child.training = modes.get(child, module.training)
