"""The metrics that a spec is said to report are those that its runs do report: alerts are held against them."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import outline
from backend.domain.experiment.metrics import knows, list_metrics
from backend.domain.fields import fields
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import chunks
from tests.worker.engine.harness import MEASURED, assignment, run
from worker.engine.measurement import measure
from worker.pipe.messages import Assignment, Finished, Points

TRAIN = {"kind": "train", "epochs": 1}
PRUNE = {
    "kind": "prune",
    "method": {"kind": "magnitude", "sparsity": 0.5},
    "schedule": {"kind": "gradual", "every": 2},
    "recover": {"epochs": 1, "distillers": ["soft_targets"]},
}
TASKS: dict[str, dict[str, Any]] = {
    "classes": {"dataset": "digits", "model": "mlp", "stages": [TRAIN, PRUNE]},
    "numbers": {"dataset": "diabetes", "model": "mlp", "stages": [TRAIN]},
    "tokens": {
        "dataset": "characters",
        "model": {"kind": "char_transformer", "depth": 1, "heads": 2},
        "stages": [TRAIN],
    },
    "unseen": {"dataset": "digits", "model": "mlp", "stages": [TRAIN], "diagnosis": {"every": 0}},
}


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out the cost of files, which takes a process of its own and a second a stage."""
    monkeypatch.setattr(measure, "run_clean", lambda *_: MEASURED)


def names_of(work: Assignment, settings: Settings) -> set[str]:
    link = run(work, settings)
    assert link.finished == Finished(RunState.SUCCEEDED)
    return {name for points in link.all(Points) for name in chunks.decode(points.chunk).metrics}


@pytest.mark.parametrize("task", TASKS)
def test_a_run_reports_what_its_spec_is_said_to(task: str, catalog: Catalog, settings: Settings) -> None:
    looks = {"diagnosis": {"every": 1}, **TASKS[task]}
    work = assignment(looks, catalog)
    said = list_metrics(work.spec, list(fields(work.spec, outline(), catalog)), catalog)
    seen = names_of(work, settings)
    assert [name for name in seen if not knows(said, name)] == []
    assert set(said) - seen <= {"dead_units"}, "a model may have no ReLU"
