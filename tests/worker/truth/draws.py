"""Draws data and pipelines that learn from them, each a pure function of a number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.domain.catalog import Catalog
from tests.backend.data.making import npz

Array = NDArray[Any]

ROWS = 90
FEATURES = 5
SIDE = 12
LAYOUTS = ("table", "features", "grey", "channels last", "channels first")
STORED = ("uint8", "uint16", "int32", "int64", "float32", "float64")
UNITS = (1e-12, 1e-3, 1.0, 1.0, 1e4, 1e9)
OFFSETS = (0.0, 0.0, 0.5, -3.0, 1e4, 1.7e6)  # in units


@dataclass(frozen=True, eq=False)
class Sent:
    """Rows as a person has them: `inputs` [n, …], `targets` [n] labels or [n, k] numbers, in the order of `files`."""

    inputs: Array
    targets: Array
    files: dict[str, bytes]

    @property
    def task(self) -> str:
        return "classification" if self.targets.ndim == 1 else "regression"


def draw_data(number: int) -> Sent:
    """The data of draw `number`."""
    random = np.random.default_rng([number, 11])
    layout, stored = str(random.choice(LAYOUTS)), np.dtype(str(random.choice(STORED)))
    signal = random.normal(size=(ROWS, FEATURES))
    inputs = _table(signal, random) if layout in ("table", "features") else _pictures(signal, layout, stored)
    targets = _labels(signal, layout, random) if random.random() < 0.5 else _numbers(signal, random)
    if layout != "table":
        return Sent(inputs, targets, {"file": npz(inputs=inputs, targets=targets)})
    files = _csv(inputs, targets)
    if targets.ndim == 2:  # the last column is learnt, from all others
        inputs, targets = np.column_stack([inputs, targets[:, :-1]]), targets[:, -1:]
    return Sent(inputs, targets, files)


def draw_specs(number: int, dataset: dict[str, Any], catalog: Catalog) -> Iterator[dict[str, Any]]:
    """Specs of draw `number`, one after the other: those of components that do not suit each other are to be refused."""
    random = np.random.default_rng([number, 12])

    def one(family: str) -> dict[str, Any]:
        return {"kind": str(random.choice(catalog.kinds(family)))}

    while True:
        train = {
            "kind": "train",
            "epochs": int(random.integers(1, 4)),
            "batch": {"kind": "fixed", "size": 16},
            "optimizer": {"kind": "adam", "lr": 0.003},
        }
        stages: list[dict[str, Any]] = [train]
        if random.random() < 0.4:
            stages.append({"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}})
        if random.random() < 0.7:
            stages.append({"kind": "quantize", "method": one("quantizers")})
        yield {
            "dataset": dataset,
            "model": one("models"),
            "preparation": one("preparations"),
            "stages": stages,
            "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx"]},
            "diagnosis": {"every": 0},
        }


def _table(signal: Array, random: np.random.Generator) -> Array:
    """Numbers in any unit and from any offset, some of them rounded; one column does not vary."""
    unit, offset = float(random.choice(UNITS)), float(random.choice(OFFSETS))
    found = signal + offset
    found[:, -1] = offset
    return (found.round(3) if random.random() < 0.3 else found) * unit


def _pictures(signal: Array, layout: str, stored: np.dtype[Any]) -> Array:
    """Waves whose strengths are the signal; black and white are those that are usual for numbers of this type."""
    place = np.linspace(0, 3, SIDE)
    down, across = np.sin(place)[:, None], np.cos(place)[None, :]
    level = 0.5 + 0.25 * np.tanh(signal[:, 0, None, None]) * down + 0.2 * np.tanh(signal[:, 1, None, None]) * across
    white = {"u": np.iinfo(stored).max if stored.kind == "u" else 0, "i": 255, "f": 1.0}[stored.kind]
    pixels = (level * white).astype(stored)
    if layout == "grey":
        return pixels
    colours = np.stack([pixels, pixels[:, ::-1], pixels.transpose(0, 2, 1)], axis=-1)
    return colours if layout == "channels last" else np.ascontiguousarray(colours.transpose(0, 3, 1, 2))


def _labels(signal: Array, layout: str, random: np.random.Generator) -> Array:
    """Two to four classes, which are not numbered from 0; in a table they are texts."""
    count = int(random.integers(2, 5))
    edges = np.quantile(signal[:, 0], np.linspace(0, 1, count + 1)[1:-1])
    names = ["ash", "Beech", "fir", "oak"] if layout == "table" else [3, 7, 8, 40]
    return np.array(names)[np.searchsorted(edges, signal[:, 0])]


def _numbers(signal: Array, random: np.random.Generator) -> Array:
    """One to three targets [n, k], each in a unit and from an offset of its own."""
    count = int(random.integers(1, 4))
    mixed = signal @ random.normal(size=(FEATURES, count)) + 0.1 * random.normal(size=(ROWS, count))
    return (mixed + random.choice(OFFSETS, count)) * random.choice(UNITS, count)


def _csv(inputs: Array, targets: Array) -> dict[str, bytes]:
    columns = [*inputs.T, *np.atleast_2d(targets.T)]
    names = ",".join(f"column_{place}" for place in range(len(columns)))
    lines = (",".join(_cell(column[row]) for column in columns) for row in range(ROWS))
    return {"file": "\n".join([names, *lines]).encode()}


def _cell(value: Any) -> str:
    return str(value) if isinstance(value, str) else repr(float(value))
