"""Runtimes: what loads an artifact and runs it, as its user would. One file each, called as an exporter's `runtime`.

Two of them are never imported by one measuring process: their thread pools slow each other down many times over.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from worker.codec import Unreadable

Floats = NDArray[np.floating[Any]]
Call = Callable[[], Sequence[Floats]]


class Session(Protocol):
    """A file that was loaded and is ready to run."""

    name: str
    """The runtime with its version, `onnxruntime 1.31.1`."""

    def call(self, batch: NDArray[Any]) -> Call:
        """One call of the model on `batch` [size, …], with everything looked up beforehand: inputs come from the
        machine's memory and outputs [size, …] go back to it, whatever the device."""

    def operators(self, sample: NDArray[Any]) -> dict[str, int]:
        """Operators that one call on `sample` [size, …] really executes, by type."""


class Runtime(Protocol):
    """A module of this package."""

    TITLE: str
    """Name in sentences."""

    def lacks(self, device: str) -> str | None:
        """Reason why it cannot run on `device` (cpu, cuda) here, with the remedy; None when it can."""

    def load(self, file: str, device: str, threads: int) -> Session:
        """The file, ready to run. Whatever it raises means that the file cannot be loaded."""


def runtime(name: str) -> Runtime:
    """The module; importing it brings the runtime into this process."""
    module: Runtime = importlib.import_module(f"{__name__}.{name}")
    return module


def load(name: str, file: str, device: str, threads: int) -> Session:
    """The file in its runtime; ValueError in one sentence when it cannot be loaded."""
    chosen = runtime(name)
    try:
        return chosen.load(file, device, threads)
    except Unreadable:  # says it all
        raise
    except Exception as error:  # each runtime has a class of its own for each kind of bad file
        raise ValueError(f"{chosen.TITLE} cannot load the file: {' '.join(str(error).split())[:300]}") from error
