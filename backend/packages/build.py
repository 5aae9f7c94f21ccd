"""Writes a package: the model file, a program, samples with their answers, a card and a Dockerfile."""

import io
import json
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from backend.packages import card
from backend.packages.sidecar import Sidecar

DOCKERFILE = """FROM python:3.11-slim
WORKDIR /model
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
USER nobody
ENTRYPOINT ["python", "predict.py"]
"""


def write(target: IO[bytes], model: Path, sidecar: Sidecar, subject: card.Subject) -> None:
    """Write the package of the file `model` as a ZIP file; equal files make equal packages."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        with model.open("rb") as source, archive.open(_entry(subject.name), "w", force_zip64=True) as member:
            while block := source.read(1 << 20):
                member.write(block)
        for name, content in contents(sidecar, subject).items():
            archive.writestr(_entry(name), content)


def contents(sidecar: Sidecar, subject: card.Subject) -> dict[str, bytes]:
    """Every file of the package but the model."""
    files = {**sidecar.own(subject.kind), "README.md": card.write(subject).encode()}
    if subject.runnable:
        files["Dockerfile"] = DOCKERFILE.encode()
    return files | golden(sidecar, subject.kind)


def golden(sidecar: Sidecar, kind: str) -> dict[str, bytes]:
    """Each sample as a file, and the lines that `predict.py` prints for them."""
    files, lines, names = {}, [], sidecar.interface["classes"]
    for number, (sample, outputs) in enumerate(zip(sidecar.inputs(), sidecar.outputs(kind), strict=True), 1):
        file = f"golden/{number}.npy"
        files[file] = _npy(sample)
        label = names[int(outputs.argmax())] if names else None
        lines.append(json.dumps({"file": file, "label": label, "outputs": outputs.tolist()}))
    return {**files, "golden/outputs.jsonl": ("\n".join(lines) + "\n").encode()}


def _npy(values: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without a time."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    return entry
