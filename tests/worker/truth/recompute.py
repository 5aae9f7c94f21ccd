"""Recomputes what a run shows of a stage, with NumPy, scikit-learn and ONNX Runtime alone.

Nothing of the worker is used here: the file as it was downloaded, and the rows as they were sent.
"""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score

Array = NDArray[Any]
Scores = dict[str, float]

LEAST = float(np.finfo(np.float32).tiny)
"""Probability that the loss of a class of none is that of."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one split as they were sent; `targets` are places of classes [n], or numbers [n, k]."""

    inputs: Array
    targets: Array


def outputs(file: Path, inputs: Array) -> Array:
    """Outputs of the file for samples as they were sent."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as it was measured: some operators take a scale for the samples of each thread
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    (port,) = session.get_inputs()
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(uint8)": np.uint8}
    kinds |= {"tensor(uint16)": np.uint16, "tensor(int32)": np.int32, "tensor(int64)": np.int64}
    found: Array = session.run(None, {port.name: inputs.astype(kinds[port.type])})[0]
    return found


def scores(file: Path, rows: Rows, train: Rows) -> Scores:
    """Quality of the file on `rows`; `train` tells the unit in which errors of numbers are squared."""
    found = outputs(file, rows.inputs)
    if rows.targets.ndim == 1:
        right = found[np.arange(len(found)), rows.targets].astype(np.float64)
        return {
            "accuracy": float(accuracy_score(rows.targets, found.argmax(1))),
            "loss": float(-np.log(np.maximum(right, LEAST)).mean()),
        }
    unit = train.targets.std(axis=0)
    return {
        "r2": float(r2_score(rows.targets, found)),
        "mae": float(mean_absolute_error(rows.targets, found)),
        "loss": float(np.square((found - rows.targets) / unit).mean()),
    }


def sizes(file: Path) -> dict[str, int]:
    content = file.read_bytes()
    return {"bytes": len(content), "gzip_bytes": len(gzip.compress(content, 6, mtime=0))}
