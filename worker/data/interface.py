"""Interface of a file that ships: it takes samples as they were sent and gives answers that need no further step."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.data.layout import Layout
from worker.data.tensors import Array, Data, Scaling, Task

Form = Literal["as_read", "prepared"]
"""Samples that a file takes: as they were sent, or as its model does."""
Head = Literal["softmax", "sigmoid", "unit"]
"""Last step of a file: probabilities that add up to 1, one probability for each class alone, or numbers in their unit."""

LEAST = float(np.finfo(np.float32).tiny)
"""Least probability that a loss is computed from: float32 knows no smaller one, and a loss of a sample is at most 87.3."""
MOST = 1 - 2.0**-25
"""Most, for a head whose losses need 1 − p as well: float32's next number is 1."""


@dataclass(frozen=True, eq=False)
class Interface:
    """Steps around a model: the layout and the scaling before it, the head after it.

    A file that takes samples `as_read` contains them; a file for `prepared` ones leaves them to its user.
    """

    form: Form
    task: Task
    head: Head
    layout: Layout  # of a sample as the file takes it
    shape: tuple[int, ...]  # of such a sample
    dtype: np.dtype[Any]
    inner: tuple[int, ...]  # shape of one sample as the model takes it
    scaling: Scaling | None = None
    names: tuple[str, ...] = ()  # of the classes or tokens
    unit: NDArray[np.float64] | None = None  # [k]: what 1 of each of the model's numbers is,
    zero: NDArray[np.float64] | None = None  # and what 0 is
    pixels: tuple[float, float] = (0.0, 255.0)  # black and white of images

    @classmethod
    def of(cls, data: Data, head: Head, form: Form) -> "Interface":
        """The interface of models of `data`; files take prepared samples where nobody kept them as they were read."""
        read = data.read if form == "as_read" else None
        layout = read.layout if read else Layout()
        return cls(
            form="as_read" if read else "prepared",
            task=data.task,
            head="unit" if data.task == "regression" else head,
            layout=layout,
            shape=layout.shape or data.input_shape,
            dtype=read.test.source.dtype if read else torch.empty(0, dtype=data.input_dtype).numpy().dtype,
            inner=data.input_shape,
            scaling=data.scaling,
            names=() if data.task == "regression" else data.names or tuple(map(str, range(data.outputs))),
            unit=np.array(data.unit) if data.unit else None,
            zero=np.array(data.zero or [0.0] * len(data.unit)) if data.unit else None,
            pixels=(data.read.black, data.read.white) if data.read else (0.0, 255.0),
        )

    def send(self, inputs: Array) -> Array:
        """Samples [n, …] as they were read, in the layout in which they are sent."""
        return self.layout.send(inputs)

    def undo(self, answers: Tensor) -> Tensor:
        """The model's own outputs for a file's `answers` [batch, …], in float64, as far as a loss can tell them apart.

        Logarithms of probabilities are outputs with the same softmax.
        """
        if self.form == "prepared":
            return answers
        exact = answers.double()
        if self.head == "softmax":
            return exact.clamp(min=LEAST).log()
        if self.head == "sigmoid":
            return exact.clamp(LEAST, MOST).logit()
        if self.unit is None or self.zero is None:
            return exact
        return exact.sub(torch.from_numpy(self.zero)).div(torch.from_numpy(self.unit))
