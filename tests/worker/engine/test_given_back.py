"""A run is given back while something else than a training has its model in hand: tries masks, merges, looks around."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import Ledger, MemoryLink, assignment, run
from worker.pipe.messages import Assignment, Checkpoint, Command, Finished, Release, StageDone

TRAIN = {"kind": "train", "epochs": 1, "batch": {"kind": "fixed", "size": 128}}
MEASURE = {"batch_sizes": [1], "repeats": 5, "formats": [{"kind": "safetensors"}]}
SEARCH = {"kind": "prune", "method": {"kind": "constrained", "bound": 0.1, "budget": 8}}
MERGE = {"kind": "fold", "method": {"kind": "similar", "ratio": 0.5}}
STAGES: dict[str, list[dict[str, Any]]] = {
    "masks are tried": [SEARCH],
    "channels merge": [MERGE],
    "it looks around": [],
}
TIMES = 6


def spec(stages: list[dict[str, Any]]) -> dict[str, Any]:
    document = {"dataset": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [16, 16]}, "measure": MEASURE}
    return {**document, "stages": [TRAIN, *stages], "diagnosis": {"every": 0, "landscape": not stages}}


class Asked:
    """Counts how often the engine asks for orders after its training, and gives the run back the `at`th time."""

    def __init__(self, at: int = 0, trains: bool = False) -> None:
        self.count, self._at, self._trains = 0, at, trains

    def __call__(self, link: MemoryLink) -> Sequence[Command | Release]:
        done = link.all(StageDone) or not self._trains
        self.count += bool(done)
        return [Release()] if done and self.count == self._at else ()


def result(*links: MemoryLink) -> tuple[dict[int, str], list[Any]]:
    kept = Ledger()
    for link in links:
        kept.take(link.sent)
    results = {done.result.stage: done.result for link in links for done in link.done()}
    return kept.hashes, [(one.nonzero, one.parameters, one.validation) for one in results.values()]


@pytest.mark.parametrize("stages", STAGES.values(), ids=STAGES)
def test_the_model_is_saved_as_it_was_before(
    stages: list[dict[str, Any]], catalog: Catalog, settings: Settings
) -> None:
    work = assignment(spec(stages), catalog)
    requested = Asked(trains=bool(stages))
    expected = run(work, settings, ask=requested)
    for at in sorted({max(1, requested.count * time // TIMES) for time in range(1, TIMES)}):
        given = _given_back(work, settings, Asked(at, trains=bool(stages)))
        again = run(replace(work, resume=given.all(Checkpoint)[-1]), settings)
        assert again.finished == Finished(RunState.SUCCEEDED)
        assert result(given, again) == result(expected), f"given back the {at}th time it asked"


def _given_back(work: Assignment, settings: Settings, requested: Asked) -> MemoryLink:
    link = run(work, settings, ask=requested)
    assert link.finished == Finished(RunState.QUEUED)
    return link
