"""Metadata in the header of a safetensors file."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

ALIGNMENT = 8  # bytes, of the tensors that follow the header


def describe(file: Path, facts: Mapping[str, str]) -> None:
    """Add `facts` to the metadata of `file`; the tensors' bytes stay as they are."""
    part = file.with_suffix(".part")
    with file.open("rb") as source, part.open("wb") as target:
        header = json.loads(source.read(int.from_bytes(source.read(8), "little")))
        header["__metadata__"] = {**header.get("__metadata__", {}), **facts}
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        text += b" " * (-len(text) % ALIGNMENT)
        target.write(len(text).to_bytes(8, "little") + text)
        shutil.copyfileobj(source, target)
    part.replace(file)
