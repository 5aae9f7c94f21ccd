"""Exporters: the files that a stage writes."""

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from worker.contracts.component import Component
from worker.contracts.subject import Subject


class Exporter(Component, family="exporters"):
    """A file format that a stage's model is written in."""

    suffix: ClassVar[str]
    runtime: ClassVar[str | None] = None
    """Runtime that can load and run the file (`onnxruntime`); None when the file holds only weights."""
    made_of: ClassVar[str | None] = None
    """The kind of exporter whose file this one converts."""

    def refuses(self, subject: Subject) -> str | None:
        """Reason why this format cannot hold `subject`; None when it can."""
        return None

    @abstractmethod
    def export(self, subject: Subject, path: Path, calibration: NDArray[np.float32]) -> None:
        """Write the file. `calibration` [n, *input_shape] serves quantizers; the module is left as it was."""

    def convert(self, source: Path, path: Path) -> None:
        """Write the file from `source`, which the exporter `made_of` has written: the same as `export`, sooner."""
        raise AssertionError("an exporter that is `made_of` another one's file says how")
