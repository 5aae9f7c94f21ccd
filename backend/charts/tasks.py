"""Groups artifacts by data set: models are compared on one data set alone.

A data set is everything that a spec says under `dataset`: its kind and every parameter, and for an upload its id. Two
uploads of the same name are two data sets. How the data are prepared is part of the model and reported beside it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from backend.charts.artifacts import Artifacts


@dataclass(frozen=True)
class Task:
    """One data set. `text` is the spec's `dataset` as it is stored."""

    text: str
    key: str
    spec: Mapping[str, Any]

    def is_called(self, name: str) -> bool:
        """Returns whether `name` means this task: its key, its kind, or the id of an upload."""
        return name == self.key or name in self.spec.values()

    def title(self, names: Mapping[str, str]) -> str:
        """`digits`, `noise (samples 500)`, `“own.csv” (id 1f0c9a42, target y)`; `names` has those of uploads by id."""
        kind, *rest = self.spec.items()
        named = next((f"“{names[value]}”" for _, value in rest if value in names), str(kind[1]).replace("_", " "))
        sentences = [
            f"{name.replace('_', ' ')} {_brief(value, names)}" for name, value in rest if value not in (None, "", [])
        ]
        return f"{named} ({', '.join(sentences)})" if sentences else named


def _brief(value: Any, names: Mapping[str, str]) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:8] if text in names else text[:40]


@lru_cache(maxsize=256)
def task(text: str) -> Task:
    spec = json.loads(text)
    digest = hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:8]
    return Task(text, str(spec["kind"]) if len(spec) == 1 else f"{spec['kind']}:{digest}", spec)


@lru_cache(maxsize=8)
def tasks(artifacts: Artifacts) -> tuple[Task, ...]:
    """Those of which anything was measured, in the order of the runs."""
    having = np.unique(artifacts.owner).tolist()
    return tuple({one.key: one for one in map(task, _texts(artifacts, having))}.values())


def _texts(artifacts: Artifacts, having: Iterable[int]) -> Sequence[str]:
    return list(dict.fromkeys(artifacts.runs[place].dataset for place in having if artifacts.runs[place].dataset))


def find_task(known: Sequence[Task], name: str) -> Task | None:
    """The first that `name` means, the newest run's without a name; None where there is none."""
    return next((one for one in known if not name or one.is_called(name)), None)
