"""Writes the sidecar of a stage's files, from which packages are made: a few samples, the files' answers, the interface.

| member                        | content                                                    |
|-------------------------------|------------------------------------------------------------|
| `interface.json`              | see `worker.shipping.facts.of_interface`                   |
| `facts.json`                  | the run, the hash of its spec, the machine                 |
| `inputs.npy`                  | samples [n, …] of the test split, as the files take them   |
| `<format>/outputs.npy`        | answers [n, …] of the file of that format, one call each   |
| `<format>/predict.py`         | a program that needs the file, NumPy and the runtime alone |
| `<format>/requirements.txt`   | their versions                                             |
| `<format>/bundled/…`          | code that opens the file, where the runtime does not       |
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np

from worker.contracts.families.exporters import Exporter
from worker.data.tensors import Array
from worker.engine.measurement.clean_process import GOLDEN, HeldOutFiles
from worker.shipping import facts, script

KIND = GOLDEN

Member = tuple[str, str | bytes]  # name and content


def write(path: Path, held: HeldOutFiles, answers: Mapping[Exporter, Array], run: Mapping[str, str]) -> None:
    """Write the sidecar; `answers` are those of each format that a runtime has run. Equal ones have equal bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in _members(held, answers, run):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # without the time


def _members(held: HeldOutFiles, answers: Mapping[Exporter, Array], run: Mapping[str, str]) -> Iterator[Member]:
    yield "interface.json", json.dumps(facts.of_interface(held.interface), ensure_ascii=False)
    yield "facts.json", json.dumps(dict(run), ensure_ascii=False)
    yield "inputs.npy", held.inputs(GOLDEN).read_bytes()
    for exporter, outputs in answers.items():
        for name, content in _of_format(held, exporter, outputs):
            yield f"{exporter.kind}/{name}", content


def _of_format(held: HeldOutFiles, exporter: Exporter, outputs: Array) -> Iterator[Member]:
    buffer = io.BytesIO()
    np.save(buffer, outputs, allow_pickle=False)
    yield "outputs.npy", buffer.getvalue()
    yield "predict.py", script.write(held.interface, exporter.opening)
    yield "requirements.txt", "".join(f"{name}=={version(name)}\n" for name in ("numpy", *exporter.requires))
    for package in exporter.bundled:
        yield from _modules(package)


def _modules(package: str) -> Iterator[Member]:
    """The modules of `package`, and packages without content above it."""
    parts = package.split(".")
    for depth in range(1, len(parts)):
        yield "/".join(["bundled", *parts[:depth], "__init__.py"]), ""
    for file in sorted(Path(str(import_module(package).__file__)).parent.glob("*.py")):
        yield "/".join(["bundled", *parts, file.name]), file.read_bytes()
