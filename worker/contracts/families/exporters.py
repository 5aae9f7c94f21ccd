"""Exporters: the files that a stage writes."""

from abc import abstractmethod
from collections.abc import Mapping
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
    opening: ClassVar[str] = ""
    """Python that opens the file `HERE / "model<suffix>"` and defines `run(samples)`, for packages."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Packages that this needs beside NumPy."""
    bundled: ClassVar[tuple[str, ...]] = ()
    """Python packages that it needs and nobody can install, which a package contains in `bundled/`."""

    def refuses(self, subject: Subject) -> str | None:
        """Reason why this format cannot hold `subject`; None when it can."""
        return None

    @abstractmethod
    def export(self, subject: Subject, path: Path, calibration: NDArray[np.float32]) -> None:
        """Write the file, with the steps of the subject's interface around the model where the format can hold them.

        `calibration` [n, *input_shape], prepared, serves quantizers; the module is left as it was.
        """

    def convert(self, source: Path, path: Path) -> None:
        """Write the file from `source`, which the exporter `made_of` has written: the same as `export`, sooner."""
        raise AssertionError("an exporter that is `made_of` another one's file says how")

    def describe(self, path: Path, facts: Mapping[str, str]) -> None:
        """Add `facts` to the file's own metadata, where the format has any; the model in it stays as it is."""
