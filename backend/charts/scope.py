"""Scope of a comparison: models of one data set that one machine timed, unless the question says otherwise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backend.charts.artifacts import Artifacts
from backend.charts.data import Options, RunData
from backend.charts.tasks import task

ANY = "any"
"""Name of every data set, or every machine, in a question."""


@dataclass(frozen=True)
class Scope:
    """Artifacts that a question compares, and the others that it might."""

    found: Artifacts
    options: Options
    dataset: str  # key, `ANY`, or empty where nothing was measured
    machine: str  # name, or `ANY`
    titles: tuple[tuple[str, str], ...]  # of all data sets, by key
    machines: tuple[str, ...]  # that timed models of the data set
    models: tuple[str, ...]  # kinds that were measured on the data set
    elsewhere: int  # models that would be compared too if they had been timed on the same machine


@lru_cache(maxsize=16)
def within(artifacts: Artifacts, dataset: str = ANY, machine: str = ANY, models: tuple[str, ...] = ()) -> Artifacts:
    """Those of one data set, by its key, of one machine, and of these kinds of model, of any without names.

    The same object for the same artifacts.
    """
    kept = np.array([_is_kept(run, dataset, models) for run in artifacts.runs], dtype=bool)
    wanted = kept[artifacts.owner]
    if machine != ANY:
        wanted &= np.array([file.machine == machine for file in artifacts.files], dtype=bool)
    if kept.all() and wanted.all():
        return artifacts
    places = np.flatnonzero(wanted)
    files = [artifacts.files[place] for place in places.tolist()]
    owner = (np.cumsum(kept) - 1)[artifacts.owner[places]]
    runs = [run for run, one in zip(artifacts.runs, kept.tolist(), strict=True) if one]
    return replace(artifacts, runs=runs, owner=owner, files=files, table=artifacts.table[:, places])


def _is_kept(run: RunData, dataset: str, models: Sequence[str]) -> bool:
    mine = dataset == ANY or (bool(run.dataset) and task(run.dataset).key == dataset)
    return mine and (not models or run.model in models)


def names_of(artifacts: Artifacts, index: int, uploads: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    """Everything that an artifact is called in a constraint, in lower case; `uploads` has the names of uploads by id."""
    run, file = artifacts.run(index), artifacts.files[index]
    about = task(run.dataset) if run.dataset else None
    datasets = [about.key, *(value for value in about.spec.values() if isinstance(value, str))] if about else []
    datasets += [uploads[name] for name in datasets if name in uploads]
    found = {"dataset": datasets, "model": [run.model], "machine": [file.machine], "format": [file.exporter]}
    return {field: frozenset(name.lower() for name in names) for field, names in found.items()}


def called(
    artifacts: Artifacts, places: Sequence[int], uploads: Mapping[str, str]
) -> Mapping[str, Callable[[str], NDArray[np.bool_]]]:
    """By field of a constraint a function of a name, which marks those of `places` that are called so."""
    rows = [names_of(artifacts, place, uploads) for place in places]

    def marks(field: str) -> Callable[[str], NDArray[np.bool_]]:
        return lambda name: np.array([name in row[field] for row in rows], dtype=bool)

    return {field: marks(field) for field in ("dataset", "model", "machine", "format")}
