"""Reads the ZIP file that the worker stored beside a stage's files: samples with their answers, the interface, programs."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KIND = "golden"
"""Kind of the registered file."""

Array = NDArray[Any]


class Sidecar:
    """The sidecar of one stage, read whole: it is small."""

    def __init__(self, file: Path) -> None:
        with zipfile.ZipFile(file) as archive:
            self._members = {name: archive.read(name) for name in archive.namelist()}
        self.interface: dict[str, Any] = json.loads(self._members["interface.json"])
        self.facts: dict[str, str] = json.loads(self._members["facts.json"])

    def formats(self) -> list[str]:
        """The formats that a runtime has run, the first of them first."""
        return [name.partition("/")[0] for name in self._members if name.endswith("/outputs.npy")]

    def own(self, kind: str) -> dict[str, bytes]:
        """Files that the package of a format contains as they are: the interface, and the programs where it has any."""
        programs = {
            name.removeprefix(f"{kind}/"): content
            for name, content in self._members.items()
            if name.startswith(f"{kind}/") and not name.endswith("/outputs.npy")
        }
        return {"interface.json": self._members["interface.json"], **programs}

    def inputs(self) -> Array:
        """Samples [n, …] as the files take them."""
        return self._array("inputs.npy")

    def outputs(self, kind: str) -> Array:
        """The answers of that format to them [n, …]; of weights alone those of the first format that ran."""
        chosen = kind if kind in self.formats() else self.formats()[0]
        return self._array(f"{chosen}/outputs.npy")

    def _array(self, name: str) -> Array:
        array: Array = np.load(io.BytesIO(self._members[name]), allow_pickle=False)
        return array
