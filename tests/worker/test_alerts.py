"""Alerts are raised once, by the first point that meets them, whatever comes after and however the points are cut."""

import math

import numpy as np
import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.alerts import Alert
from backend.domain.experiment.experiment import resolve
from backend.domain.problems import SpecInvalid
from backend.store.chunks import Chunk
from worker.supervisor.alerts import AlertWatch, alarms


def chunk(first: int, *values: float, metric: str = "loss") -> Chunk:
    steps = np.arange(first, first + len(values))
    return Chunk(0, steps, steps.astype(float), {metric: np.array(values)})


def steps(alarm: AlertWatch, *chunks: Chunk) -> list[int]:
    """Steps at which the alarm is raised."""
    found = []
    for points in chunks:
        alarm, raised = alarm.watch(points)
        if raised is not None:
            found.append(raised["step"])
    return found


@pytest.mark.parametrize(
    ("alert", "values", "raised"),
    [
        (Alert(metric="loss", above=2), [1, 2, 2.5, 3], [3]),
        (Alert(metric="loss", below=0.5), [1, 0.5, 0.4], [3]),
        (Alert(metric="loss", still=2), [3, 2, 2.5, 2, 1], [4]),
        (Alert(metric="accuracy", still=2), [0.1, 0.2, 0.3, 0.4], []),
        (Alert(metric="accuracy", still=2), [0.4, 0.3, 0.2], [3]),
        (Alert(metric="loss", above=2), [1, math.nan, 3], [2]),
        (Alert(metric="loss", above=2), [1, 1, 1], []),
        (Alert(metric="other", above=0), [1, 1], []),
    ],
)
def test_it_is_raised_by_the_first_point_that_meets_it(alert: Alert, values: list[float], raised: list[int]) -> None:
    metric = "loss" if alert.metric == "other" else alert.metric
    whole = chunk(1, *values, metric=metric)
    assert steps(AlertWatch(0, alert), whole) == raised
    single = [chunk(1 + index, value, metric=metric) for index, value in enumerate(values)]
    assert steps(AlertWatch(0, alert), *single) == raised, "one point at a time"


def test_what_was_raised_before_is_not_raised_again() -> None:
    spec = {"alerts": [{"metric": "loss", "above": 1}, {"metric": "loss", "above": 2}]}
    first, second = alarms(spec, raised={0})
    assert (steps(first, chunk(1, 5)), steps(second, chunk(1, 5))) == ([], [1])


@pytest.mark.parametrize(
    ("alert", "path"),
    [
        ({"metric": "train/loss"}, "alerts[0].above"),
        ({"metric": "train/loss", "above": 1, "still": 3}, "alerts[0].still"),
        ({"metric": "train/loss", "above": 1, "then": "explode"}, "alerts[0].then"),
        ({"above": 1}, "alerts[0].metric"),
        ({"metric": "validation/acuracy", "above": 1}, "alerts[0].metric"),
        ({"metric": "validation/r2", "above": 1}, "alerts[0].metric"),
        ({"metric": "learning_rate/fc1", "above": 1}, "alerts[0].metric"),
    ],
)
def test_an_alert_that_would_never_be_raised_rightly_is_refused(
    alert: dict[str, object], path: str, catalog: Catalog
) -> None:
    spec = {"name": "x", "dataset": "digits", "model": "mlp", "stages": ["train"], "alerts": [alert]}
    with pytest.raises(SpecInvalid) as caught:
        resolve(spec, catalog)
    assert caught.value.problems[0].path == path


def test_a_metric_that_is_not_is_told_with_those_that_are(catalog: Catalog) -> None:
    alert = {"metric": "validation/acuracy", "above": 0.1}
    with pytest.raises(SpecInvalid) as caught:
        resolve({"name": "x", "dataset": "digits", "model": "mlp", "stages": ["train"], "alerts": [alert]}, catalog)
    (problem,) = caught.value.problems
    assert problem.message.startswith(
        "`validation/acuracy` is not a metric of this spec, did you mean `validation/accuracy`? Its metrics: train/loss, "
    )
