"""Reads a spec from a mapping, a text or a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from client.errors import LatheError

Spec = Mapping[str, Any] | str | Path
"""A mapping; YAML or JSON text; or the path of a file, as a `Path` or as text that ends in `.yaml`, `.yml` or `.json`."""

SUFFIXES = (".yaml", ".yml", ".json")


def document(spec: Spec) -> dict[str, Any] | str:
    """The spec in a form that the server accepts. Raises LatheError when its file cannot be read."""
    if isinstance(spec, Mapping):
        return dict(spec)
    if isinstance(spec, str) and ("\n" in spec or not spec.endswith(SUFFIXES)):
        return spec
    try:
        return Path(spec).read_text(encoding="utf-8")
    except OSError as error:
        raise LatheError("SpecUnreadable", f"The spec {spec} cannot be read: {error.strerror}.", "spec") from error
    except UnicodeDecodeError as error:
        raise LatheError("SpecUnreadable", f"The spec {spec} is not UTF-8 text.", "spec") from error
