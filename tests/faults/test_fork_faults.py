"""The order explorer in the hands of real processes: the trainer dies while some run waits for another."""

import os
import signal
from typing import Any

from backend.domain.experiment.stage_orders import explore, find_shared
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import experiments, run_dependencies
from tests.faults.farm import UNHURRIED, Farm, Worker, spec

Pair = tuple[Farm, Worker]

MILD, HARD = ({"kind": "prune", "method": {"kind": "magnitude", "sparsity": share}} for share in (0.3, 0.6))


def orders(farm: Farm, document: dict[str, Any], stages: list[int]) -> list[str]:
    """Queue a run for each order, as the API does."""
    specs = explore(document, stages, farm.catalog()).specs
    with farm.store.begin() as session:
        _, runs = experiments.create_group(session, specs, [0])
        run_dependencies.arrange(session, runs, find_shared(specs))
        return [run.id for run in runs]


def test_a_killed_trainer_costs_no_waiting_run_anything(one: Pair) -> None:
    farm, worker = one
    document = spec(epochs=6, milliseconds=UNHURRIED)
    first, second = orders(farm, {**document, "stages": [*document["stages"], MILD, HARD]}, [1, 2])
    farm.at_step(first, 30)
    os.kill(worker.trainer(), signal.SIGKILL)
    assert farm.finished(first).state is RunState.SUCCEEDED
    assert farm.finished(second).state is RunState.SUCCEEDED
    assert [mark["parent"] for mark in farm.marks(second, EventKind.FORKED)] == [first]
    alone = farm.submit(farm.run(second).experiment.spec)
    assert farm.finished(alone).state is RunState.SUCCEEDED
    assert farm.weights(second) == farm.weights(alone)
