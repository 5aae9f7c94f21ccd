"""Runs over every kind of data and distribution: they learn, and they show what they were trained on."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import MemoryLink, assignment, run
from worker.pipe.messages import Happened, Points, Summary


def executed(catalog: Catalog, settings: Settings, dataset: str | dict[str, object], **changes: Any) -> MemoryLink:
    train = {
        "kind": "train",
        "epochs": 40,
        "batch": {"kind": "fixed", "size": 32},
        "optimizer": {"kind": "adam", "lr": 0.003},
    }
    spec = {"dataset": dataset, "model": {"kind": "mlp", "hidden": [32]}, "stages": [train], **changes}
    link = run(assignment(spec, catalog), settings)
    assert link.finished.state is RunState.SUCCEEDED, link.finished.error
    return link


@pytest.mark.parametrize(
    ("dataset", "quality", "least"),
    [
        ("diabetes", "r2", 0.2),
        ("synthetic_regression", "r2", 0.85),
        ("breast_cancer", "accuracy", 0.92),
        ("wine", "accuracy", 0.88),
    ],
)
def test_every_table_is_learnt(catalog: Catalog, settings: Settings, dataset: str, quality: str, least: float) -> None:
    link = executed(catalog, settings, dataset)
    assert link.done()[-1].result.validation[quality] > least


@pytest.mark.parametrize("preparation", ["standardize", "min_max", "none"])
def test_every_preparation_of_a_table_trains(catalog: Catalog, settings: Settings, preparation: str) -> None:
    executed(catalog, settings, "wine", preparation=preparation)


def test_a_run_shows_its_data_before_its_first_point(catalog: Catalog, settings: Settings) -> None:
    changes = ["class_balance", {"kind": "subset", "fraction": 0.5}, {"kind": "generated", "samples": 50, "steps": 50}]
    link = executed(catalog, settings, "digits", distribution=changes)
    shown = {
        message.kind: message for message in link.all(Summary) if message.kind in ("classes", "generated", "storage")
    }
    assert {(message.stage, message.step) for message in shown.values()} == {(0, 0)} and len(shown) == 3
    assert sum(shown["classes"].body["generated"]) == 50
    assert sum(shown["classes"].body["drawn"]) == pytest.approx(720 + 50, abs=1)
    order = [type(message) for message in link.sent]
    began = next(
        place
        for place, message in enumerate(link.sent)
        if isinstance(message, Happened) and message.kind is EventKind.STAGE_BEGAN
    )
    assert began < order.index(Summary) < order.index(Points)
    assert link.done()[-1].result.validation["accuracy"] > 0.85


@pytest.mark.parametrize("model", [{"kind": "gru", "width": 32}, {"kind": "text_transformer", "depth": 1}])
def test_texts_are_learnt_compressed_and_measured(
    catalog: Catalog, settings: Settings, model: dict[str, object]
) -> None:
    train = {"kind": "train", "epochs": 4, "optimizer": {"kind": "adam", "lr": 0.005}}
    stages = [
        train,
        {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.3}},
        {"kind": "quantize", "method": {"kind": "dynamic_int8"}},
    ]
    dataset = {"kind": "docstrings", "length": 16, "vocabulary": 1000}
    link = executed(catalog, settings, dataset, model=model, stages=stages)
    results = [done.result for done in link.done()]
    assert results[0].validation["accuracy"] > 0.5
    measured = [one for one in results[-1].measures if one.runtime]
    assert measured and all(one.accuracy is not None and one.accuracy > 0.4 for one in measured)
