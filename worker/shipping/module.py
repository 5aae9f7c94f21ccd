"""The steps of an interface around a module of torch."""

import numpy as np
import torch
from torch import Tensor, nn

from worker.contracts.subject import Subject
from worker.data.interface import Interface


class Shipped(nn.Module):
    """A module that takes samples as they were sent and gives the interface's answers."""

    mean: Tensor | None
    scale: Tensor | None
    unit: Tensor | None
    zero: Tensor | None

    def __init__(self, subject: Subject, interface: Interface) -> None:
        super().__init__()
        device = next(subject.module.parameters()).device
        self.module, self._interface, self._dtype = subject.module, interface, subject.input_dtype
        scaling = interface.scaling
        for name, value in {
            "mean": scaling and scaling.mean,
            "scale": scaling and scaling.scale,
            "unit": interface.unit,
            "zero": interface.zero,
        }.items():
            self.register_buffer(
                name, None if value is None else torch.tensor(np.ascontiguousarray(value), device=device)
            )

    def forward(self, samples: Tensor) -> Tensor:
        """Samples [batch, …] to probabilities [batch, …, classes] or numbers [batch, k]."""
        return self._head(self.module(self._prepared(samples)))

    def _prepared(self, samples: Tensor) -> Tensor:
        layout = self._interface.layout
        ordered = samples.permute(layout.axes) if layout.axes else samples
        shaped = ordered.reshape(-1, *self._interface.inner) if layout.shape else ordered
        if self.mean is not None and self.scale is not None:
            shaped = (shaped.double() - self.mean) / self.scale
        return shaped.to(self._dtype)

    def _head(self, outputs: Tensor) -> Tensor:
        if self._interface.head == "unit":
            numbers = outputs.double()
            return numbers if self.unit is None or self.zero is None else numbers * self.unit + self.zero
        return outputs.softmax(-1) if self._interface.head == "softmax" else outputs.sigmoid()


def traced(subject: Subject, batch: int = 2) -> tuple[nn.Module, Tensor]:
    """The module with its interface around it, if there is one, and zeros [batch, …] to trace it with."""
    interface, sample = subject.interface, subject.sample(batch)
    if interface is None:
        return subject.module, sample
    zeros = torch.from_numpy(np.zeros((batch, *interface.shape), interface.dtype))
    return Shipped(subject, interface), zeros.to(sample.device)
