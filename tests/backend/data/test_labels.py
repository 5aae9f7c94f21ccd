"""Labels stay as they are written; one-hot targets are classes."""

from pathlib import Path

import numpy as np
import pytest

from backend.domain.experiment.upload_plan import Choice
from backend.domain.experiment.uploads import plan
from tests.backend.data.making import checked, npy, npz

ROWS = 60


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["01", "02", "002"], ["01", "002", "02"]),
        (["1E5", "2E5", "100000"], ["100000", "1E5", "2E5"]),
        (["9007199254740993", "9007199254740992", "10"], ["10", "9007199254740992", "9007199254740993"]),
        (["1.10", "1.1", "2"], ["1.1", "1.10", "2"]),
        (["10", "9", "-1"], ["-1", "9", "10"]),
        (["1.0", "2.0", "3.0"], ["1.0", "2.0", "3.0"]),
        (["b", "a", "01"], ["01", "a", "b"]),
    ],
)
@pytest.mark.parametrize("padding", ["", "  "])
def test_labels_of_a_text_file_are_told_apart(
    tmp_path: Path, labels: list[str], expected: list[str], padding: str
) -> None:
    rows = [f"{row / 7:.3f},{padding}{labels[row % 3]}{padding}" for row in range(ROWS)]
    facts = checked(tmp_path, {"file": "\n".join(["x,code", *rows]).encode()}, task="classification")
    assert facts.columns[1].counts == dict.fromkeys(labels, ROWS // 3)
    assert plan(facts, Choice(task="classification")).classes == tuple(expected)


def test_numbers_that_differ_in_writing_alone_are_still_numbers(tmp_path: Path) -> None:
    rows = [f"{('1', '1.0', '2', '2.50')[row % 4]},{'ab'[row % 2]}" for row in range(ROWS)]
    facts = checked(tmp_path, {"file": "\n".join(["x,y", *rows]).encode()})
    assert facts.columns[0].type == "number" and facts.columns[0].mean == pytest.approx(1.625)
    assert np.load(tmp_path / "values.npy")[:4, 0].tolist() == [1.0, 1.0, 2.0, 2.5]
    assert plan(facts, Choice()).shape == (1,)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("first", [2**53, 2**60, 7])
@pytest.mark.parametrize("form", ["npy", "npz", "table"])
def test_labels_of_arrays_are_exact(tmp_path: Path, dtype: type, first: int, form: str) -> None:
    labels: np.ndarray = (first + np.arange(ROWS) % 4).astype(dtype)
    inputs: np.ndarray = np.arange(ROWS * 2).reshape(ROWS, 2).astype(dtype)
    files = {
        "npy": {"inputs": npy(inputs), "targets": npy(labels)},
        "npz": {"file": npz(x=inputs, y=labels)},
        "table": {"file": npy(np.column_stack([inputs, labels]))},
    }[form]
    facts = checked(tmp_path, files)
    assert facts.columns[-1].counts == {str(first + place): ROWS // 4 for place in range(4)}
    assert plan(facts, Choice()).classes == tuple(str(first + place) for place in range(4))


def marks(classes: int, dtype: type = np.uint8) -> np.ndarray:
    return np.eye(classes)[np.arange(ROWS) % classes].astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.bool_])
def test_one_hot_targets_are_classes_unless_numbers_are_asked_for(tmp_path: Path, dtype: type) -> None:
    facts = checked(tmp_path, {"inputs": npy(np.arange(ROWS)), "targets": npy(marks(3, dtype))})
    found = plan(facts, Choice())
    assert (found.task, found.classes, found.outputs) == ("classification", ("0", "1", "2"), 3)
    assert plan(facts, Choice(task="regression")).outputs == 3


@pytest.mark.parametrize("value", [2.0, 0.5, 0.0])
def test_targets_that_are_nearly_one_hot_are_numbers(tmp_path: Path, value: float) -> None:
    targets = marks(3, np.float64)
    targets[5] = [0, 0, value]
    facts = checked(tmp_path, {"inputs": npy(np.arange(ROWS)), "targets": npy(targets)})
    assert plan(facts, Choice()).task == "regression"
