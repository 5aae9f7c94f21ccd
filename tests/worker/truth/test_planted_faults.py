"""The search finds faults that were planted in what is shown, in the measuring, and in the reading."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backend.domain.catalog import Catalog
from tests.worker.truth.draws import draw_data
from tests.worker.truth.test_every_number import executed
from worker.components.datasets import upload
from worker.engine import evaluate
from worker.engine.measurement import clean_process, measure
from worker.engine.measurement.clean_process import HeldOutFiles

pytestmark = pytest.mark.usefixtures("processes")

WITHIN = 6  # draws that a fault may show itself in

Plant = Callable[[pytest.MonkeyPatch], None]


def _one_spread_for_all_targets(patch: pytest.MonkeyPatch) -> None:
    right = evaluate.r2
    patch.setattr(evaluate, "r2", lambda error, numbers: right(error.reshape(-1, 1), numbers.reshape(-1, 1)))


def _errors_in_the_models_unit(patch: pytest.MonkeyPatch) -> None:
    right = evaluate._quality
    patch.setattr(
        evaluate, "_quality", lambda found, truth, loss, data: right(found / found.abs().max(), truth, loss, data)
    )


def _another_order_of_samples(patch: pytest.MonkeyPatch) -> None:
    right = clean_process._sent
    patch.setattr(
        clean_process, "_sent", lambda samples, *rest: right(samples.take(np.arange(len(samples))[::-1]), *rest)
    )


def _validation_of_the_model_in_memory(patch: pytest.MonkeyPatch) -> None:
    right = HeldOutFiles.scores
    patch.setattr(HeldOutFiles, "scores", lambda held: {"test": right(held)["test"]})


def _size_of_what_is_written_first(patch: pytest.MonkeyPatch) -> None:
    right = measure.gzip_bytes
    patch.setattr(measure, "gzip_bytes", lambda file: right(file) - 18)


@pytest.mark.parametrize(
    ("plant", "task"),
    [
        (_one_spread_for_all_targets, "regression"),
        (_errors_in_the_models_unit, "regression"),
        (_another_order_of_samples, "classification"),
        (_validation_of_the_model_in_memory, "classification"),
        (_size_of_what_is_written_first, "classification"),
    ],
)
def test_a_wrong_number_is_found(
    plant: Plant, task: str, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    numbers = [number for number in range(50) if draw_data(number).task == task][:WITHIN]
    assert any(executed(number, catalog, tmp_path / str(number)).wrong() for number in numbers)


def test_numbers_that_were_read_as_others_are_found(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_floats", lambda values: values.astype(np.float32))
    number = next(number for number in range(50) if _arrays_in_float64(number))
    with pytest.raises(KeyError):
        executed(number, catalog, tmp_path)


def _arrays_in_float64(number: int) -> bool:
    sent = draw_data(number)
    return sent.inputs.dtype == np.float64 and sent.files["file"].startswith(b"PK")
