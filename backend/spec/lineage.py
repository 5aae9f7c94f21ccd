"""What a fork must have in common with the run whose past it begins with."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.spec.experiment import Experiment
from backend.spec.problems import Problem

SHARED = ("dataset", "preparation", "distribution", "storage", "model")
MOST = 20


def departures(spec: Experiment, parent: Experiment, seed: int, stages: int) -> list[Problem]:
    """Every field in which `spec` leaves the past of `parent`, which had this seed and came through so many stages."""
    mine, theirs = spec.model_dump(mode="json"), parent.model_dump(mode="json")
    problems = [
        Problem(path=path, message="is not what the parent's past was computed with: only what comes later may differ.")
        for path in _paths(mine, theirs, stages)
    ]
    if spec.seed not in (parent.seed, seed):
        message = f"is {spec.seed}; a fork goes on with its parent's randomness: write {seed}, or leave it out."
        problems.append(Problem(path="seed", message=message))
    return problems[:MOST]


def _paths(mine: Mapping[str, Any], theirs: Mapping[str, Any], stages: int) -> Iterator[str]:
    for name in SHARED:
        yield from _differing(mine[name], theirs[name], name)
    if len(mine["stages"]) < stages:
        yield "stages"
        return
    for index in range(stages):
        yield from _differing(mine["stages"][index], theirs["stages"][index], f"stages[{index}]")


def _differing(mine: Any, theirs: Any, path: str) -> Iterator[str]:
    """The fields below `path` that differ; of two components of different kinds only the kind."""
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        if mine.get("kind") != theirs.get("kind"):
            yield f"{path}.kind"
            return
        for name in dict.fromkeys([*mine, *theirs]):
            yield from _differing(mine.get(name), theirs.get(name), f"{path}.{name}")
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif mine != theirs:
        yield path
