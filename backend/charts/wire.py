"""Figures as JSON that the browser can extend: numbers as lists, gaps as null."""

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def dumps(figure: "Figure") -> str:
    """The figure's `data` and `layout`. Plotly packs arrays into base64 text; here they are lists again."""
    return json.dumps(_listed(figure.to_dict()), allow_nan=False, separators=(",", ":"))


def _listed(node: Any) -> Any:
    if isinstance(node, dict):
        return _unpacked(node) if "bdata" in node else {name: _listed(item) for name, item in node.items()}
    if isinstance(node, list | tuple):
        return [_listed(item) for item in node]
    return node.tolist() if isinstance(node, np.ndarray | np.generic) else node


def _unpacked(packed: dict[str, Any]) -> list[Any]:
    values = np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"])
    numbers: list[Any] = values.tolist()
    if values.dtype.kind == "f":
        for index in np.flatnonzero(~np.isfinite(values)).tolist():
            numbers[index] = None
    return numbers
