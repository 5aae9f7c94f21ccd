"""The reporter sends what happened, step by step."""

import math

import numpy as np
import pytest
import torch

from backend.store import chunks
from tests.worker.engine.harness import MemoryLink
from worker.engine import reporter as reporting
from worker.engine.reporter import Clock, Diverged, Reporter, accuracies
from worker.pipe.messages import Points, Progress


def reporter_at(link: MemoryLink, stage: int = 1, step: int = 40) -> Reporter:
    reporter = Reporter(link, Clock(seconds=100.0), total_steps=60)
    reporter.start(stage, step)
    return reporter


def record(reporter: Reporter, loss: float, right: int = 1, of: int = 4, rate: float = 0.1) -> None:
    """A step with a batch of `of`, `right` of which were classified correctly."""
    targets = torch.zeros(of, dtype=torch.int64)
    outputs = torch.zeros(of, 3)
    outputs[:right, 0] = 1
    outputs[right:, 1] = 1
    reporter.record(torch.tensor(loss, requires_grad=True), outputs, targets, rate)


def test_every_step_is_a_point() -> None:
    link = MemoryLink()
    reporter = reporter_at(link)
    record(reporter, 0.5, right=1, of=4, rate=0.1)
    record(reporter, 0.1, right=2, of=3, rate=0.05)
    reporter.flush()
    (points,) = link.all(Points)
    chunk = chunks.decode(points.chunk)
    assert chunk.stage == 1
    assert chunk.steps.tolist() == [41, 42]
    assert chunk.metrics["train/loss"].tolist() == [0.5, float(np.float32(0.1))]
    assert chunk.metrics["train/accuracy"].tolist() == [0.25, float(np.float32(2 / 3))]
    assert chunk.metrics["learning_rate"].tolist() == [0.1, 0.05]
    assert 100 <= chunk.times[0] <= chunk.times[1] < 110
    assert points.latest["learning_rate"] == 0.05
    progress = link.all(Progress)[-1]
    assert (progress.stage, progress.step, progress.total_steps) == (1, 42, 60)


def test_a_flush_without_steps_only_tells_where_the_run_is() -> None:
    link = MemoryLink()
    reporter_at(link).flush()
    assert {type(message) for message in link.sent} == {Progress}


def test_a_run_that_goes_on_never_tells_of_an_earlier_step() -> None:
    link = MemoryLink()
    reporter_at(link, stage=1, step=40)
    assert [(progress.stage, progress.step) for progress in link.all(Progress)] == [(1, 40)]


def test_due_by_the_clock_and_by_the_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 1e6)
    monkeypatch.setattr(reporting, "MOST_STEPS", 3)
    reporter = reporter_at(MemoryLink())
    due = []
    for _ in range(3):
        record(reporter, 1.0)
        due.append(reporter.due)
    assert due == [False, False, True]
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.0)
    reporter.flush()
    assert not reporter.due
    record(reporter, 1.0)
    assert reporter.due


@pytest.mark.parametrize(("loss", "word"), [(math.nan, "not a number"), (math.inf, "infinite")])
def test_divergence_is_stored_and_told(loss: float, word: str) -> None:
    link = MemoryLink()
    reporter = reporter_at(link)
    for value in (1.0, loss, 2.0):
        record(reporter, value)
    with pytest.raises(Diverged, match=rf"{word} at step 42: .* lower learning rate"):
        reporter.flush()
    (points,) = link.all(Points)
    chunk = chunks.decode(points.chunk)
    assert chunk.steps.tolist() == [41, 42]
    assert np.array_equal(chunk.metrics["train/loss"], [1.0, loss], equal_nan=True)
    assert points.latest["train/loss"] == 1.0


def test_validation_comes_after_the_steps_before_it() -> None:
    link = MemoryLink()
    reporter = reporter_at(link)
    record(reporter, 0.5)
    reporter.report_validation({"loss": math.nan, "accuracy": 0.25})
    record(reporter, 0.4)
    reporter.report_validation({"loss": math.nan, "accuracy": 0.5})
    assert link.all(Points) == []
    reporter.flush()
    training, validation = (chunks.decode(points.chunk) for points in link.all(Points))
    assert list(training.metrics) == ["train/loss", "train/accuracy", "learning_rate", "batch_size"]
    assert validation.steps.tolist() == [41, 42]
    assert np.isnan(validation.metrics["validation/loss"]).all()
    assert link.all(Points)[-1].latest == {"validation/accuracy": 0.5}


def test_no_validation_counts_that_came_after_divergence() -> None:
    link = MemoryLink()
    reporter = reporter_at(link)
    for value in (1.0, math.nan):
        record(reporter, value)
        reporter.report_validation({"loss": value})
    record(reporter, 2.0)
    reporter.report_validation({"loss": 2.0})
    with pytest.raises(Diverged):
        reporter.flush()
    assert chunks.decode(link.all(Points)[-1].chunk).steps.tolist() == [41, 42]


def test_epochs_shorter_than_the_interval_do_not_put_off_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are looked for and checkpoints taken only when it is due."""
    now = [0.0]
    monkeypatch.setattr(reporting, "perf_counter", lambda: now[0])
    reporter = reporter_at(MemoryLink())
    for _ in range(3):
        now[0] += reporting.FLUSH_SECONDS / 2
        record(reporter, 1.0)
        reporter.report_validation({"loss": 1.0})
    assert reporter.due


def test_long_evaluations_do_not_put_off_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(reporting, "perf_counter", lambda: now[0])
    reporter = reporter_at(MemoryLink())
    record(reporter, 1.0)
    now[0] += 2 * reporting.FLUSH_SECONDS
    reporter.stay_heard()
    record(reporter, 1.0)
    assert reporter.due


def test_accuracies_of_batches_of_any_size() -> None:
    generator = torch.Generator().manual_seed(0)
    outputs = [torch.randn(size, 5, generator=generator) for size in (3, 1, 128, 7)]
    targets = [torch.randint(5, (len(batch),), generator=generator) for batch in outputs]
    expected = [
        np.float32((batch.argmax(1) == right).double().mean()) for batch, right in zip(outputs, targets, strict=True)
    ]
    assert accuracies(outputs, targets).tolist() == [float(value) for value in expected]
