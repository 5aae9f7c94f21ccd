"""A result that a guess would reach is told as one."""

import pytest
import torch

from backend.domain.run.results import ArtifactMeasure
from worker.data.tensors import Data, Split, Task
from worker.engine.measurement.guessing import guessing


def reported(task: Task = "classification", runtime: str | None = "any", **quality: float | None) -> list[str]:
    targets = torch.randn(5, 1) if task == "regression" else torch.tensor([0, 0, 0, 1, 2])
    split = Split(torch.randn(5, 2), targets)
    quality = {"loss": 0.5, **quality}
    measure = ArtifactMeasure(exporter="onnx", artifact="1", bytes=1, gzip_bytes=1, runtime=runtime, **quality)  # type: ignore[arg-type]
    return guessing([measure], Data(split, split, split, 3, task))


@pytest.mark.parametrize("accuracy", [0.0, 0.4, 0.6])
def test_an_accuracy_that_the_most_frequent_class_reaches_is_told(accuracy: float) -> None:
    (sentence,) = reported(accuracy=accuracy)
    assert sentence.startswith(f"The accuracy, {accuracy:.1%}, is no better than") and "(60.0%)" in sentence


def test_a_text_model_that_always_says_the_same_is_told() -> None:
    assert "the most frequent token as the only answer (60.0%)" in reported("language", accuracy=0.6)[0]


@pytest.mark.parametrize("r2", [-1.5e19, -0.01])
def test_an_r2_below_zero_is_told(r2: float) -> None:
    assert reported("regression", r2=r2)[0].startswith(f"R² is {r2:.3g}: the mean of the targets")


@pytest.mark.parametrize("r2", [0.0, 0.01])
def test_an_r2_that_the_mean_reaches_is_told(r2: float) -> None:
    assert "the mean of the targets as the only answer is as good" in reported("regression", r2=r2)[0]


def test_answers_that_are_no_numbers_are_told() -> None:
    assert reported(loss=None, accuracy=0.9)[0].startswith("The file answers with what is no number")


def test_what_is_better_than_a_guess_is_not_told() -> None:
    assert reported(accuracy=0.8) == reported("regression", r2=0.1) == reported(runtime=None) == []
