"""Estimates the steps and the time of an experiment from the catalog's facts and earlier runs. Names no component."""

import math
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from backend.api.schemas.runs import Estimate, StageEstimate
from backend.api.views.runs import label
from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment
from backend.domain.experiment.references import CONSTRAINT, find_marked
from backend.domain.path import join, within
from backend.domain.run.states import RunState
from backend.store import run_listing
from backend.store.tables import Run

EARLIER_RUNS = 100


def estimate(session: Session, spec: Experiment, catalog: Catalog) -> Estimate:
    samples, searching = _samples(spec, catalog), _searching(spec, catalog)
    stages = [
        StageEstimate(label=label(stage), steps=None if index in searching else _steps(stage, samples))
        for index, stage in enumerate(spec.stages)
    ]
    known = [stage.steps for stage in stages if stage.steps is not None]
    steps = sum(known) if len(known) == len(stages) else None
    rate = _rate(session, spec)
    seconds = steps / rate if steps is not None and rate is not None else None
    return Estimate(steps=steps, seconds=seconds, stages=stages)


def _samples(spec: Experiment, catalog: Catalog) -> int | None:
    """Training samples, where the dataset's facts say how many."""
    entry = catalog.find("datasets", spec.dataset["kind"])
    count = entry.facts.get("train") if entry else None
    return count if isinstance(count, int) else None


def _searching(spec: Experiment, catalog: Catalog) -> set[int]:
    """Returns True for a stage that searches for a target: the number of its trainings is not known in advance."""
    found = find_marked({"stages": spec.stages}, catalog, CONSTRAINT)
    searching = [path for path, text in found if text.strip()]
    return {
        index for index in range(len(spec.stages)) if any(within(path, join("stages", index)) for path in searching)
    }


def _steps(stage: Mapping[str, Any], samples: int | None) -> int | None:
    """Optimizer steps of a stage: those of every recipe in it. None where the size of a batch or of the data is
    not known beforehand."""
    steps = 0
    for recipe in _recipes(stage):
        size = recipe.get("batch", {}).get("size")
        if samples is None or not isinstance(size, int):
            return None
        steps += recipe["epochs"] * math.ceil(samples / size)
    return steps


def _recipes(value: Any) -> Iterator[Mapping[str, Any]]:
    """The recipes of a stage: each part with `epochs` trains, the stage itself or a recovery inside it."""
    if isinstance(value, Mapping):
        if isinstance(value.get("epochs"), int):
            yield value
        for item in value.values():
            yield from _recipes(item)


def _rate(session: Session, spec: Experiment) -> float | None:
    """Median steps a second of earlier runs with the same kind of data and model."""
    earlier, _ = run_listing.page(session, states=[RunState.SUCCEEDED], sort="finished_at", limit=EARLIER_RUNS)
    alike = (spec.dataset["kind"], spec.model["kind"])
    rates = [
        _own_steps(run) / run.active_seconds
        for run in earlier
        if run.active_seconds > 0
        and _own_steps(run) > 0
        and (run.spec["dataset"]["kind"], run.spec["model"]["kind"]) == alike
    ]
    return median(rates) if rates else None


def _own_steps(run: Run) -> int:
    """Steps of the run itself, without those of its parent."""
    return run.step - (run.fork_step or 0)
