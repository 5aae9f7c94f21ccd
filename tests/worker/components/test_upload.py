"""One's own data in the worker: whatever the file, the samples are what the plan said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.data.check import check
from backend.data.options import Options
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import Choice
from backend.domain.experiment.uploads import plan
from tests.backend.data.making import csv, images, npy, npz
from tests.worker.components.registry import make
from tests.worker.components.test_datasets import equal, is_stratified, splits
from worker.data.tensors import Array, Corpus

RANDOM = np.random.default_rng(0)
LABELS = np.repeat([5, 7, 11], [60, 30, 12])

MIXED = b"size;colour;price;bought\n" + b"".join(
    f"{row / 7:.4f};{('red', 'green', 'blue')[row % 3]};{row * row};{('no', 'yes')[row % 4 == 0]}\n".encode()
    for row in range(120)
)

SORTS: dict[str, tuple[dict[str, bytes], dict[str, Any]]] = {
    "classes of a table": ({"file": csv(100)}, {}),
    "texts as inputs": ({"file": MIXED}, {}),
    "a column in the middle": ({"file": MIXED}, {"target": "colour"}),
    "numbers of a table": ({"file": MIXED}, {"target": "price"}),
    "a column left out": ({"file": MIXED}, {"ignore": ["colour", "price"]}),
    "larger splits": ({"file": csv(100)}, {"validation": 0.3, "test": 0.25}),
    "whole numbers as numbers": ({"file": csv(100)}, {"target": "width", "task": "regression"}),
    "grey images": ({"file": npz(x=images(102, 9, 10), y=LABELS)}, {}),
    "colour images": ({"file": npz(x=images(102, 30, 28, 3), y=LABELS)}, {}),
    "channels first": ({"file": npz(x=images(102, 3, 9, 10) / 255, y=LABELS)}, {}),
    "centred images": ({"file": npz(x=RANDOM.standard_normal((102, 9, 10)), y=LABELS)}, {}),
    "features": ({"inputs": npy(RANDOM.standard_normal((102, 6))), "targets": npy(LABELS)}, {}),
    "many targets": (
        {"inputs": npy(RANDOM.standard_normal((102, 6))), "targets": npy(RANDOM.standard_normal((102, 3)))},
        {},
    ),
    "fortran order": ({"file": npz(x=np.asfortranarray(images(102, 9, 10)), y=LABELS)}, {}),
    "the least rows": ({"file": csv(10)}, {}),
}
each_sort = pytest.mark.parametrize("sort", SORTS)

ID = "00000000-0000-4000-8000-000000000000"


def sent(data_dir: Path, files: dict[str, bytes]) -> Facts:
    folder = data_dir / "uploads" / ID
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return check(folder, Options())


def load(data_dir: Path, seed: int = 0, **fields: Any) -> Corpus:
    corpus: Corpus = make("datasets", "upload", id=ID, **fields).load(data_dir / "datasets" / "upload", seed)  # type: ignore[attr-defined]
    return corpus


@each_sort
def test_the_samples_are_what_the_plan_says(tmp_path: Path, sort: str) -> None:
    files, fields = SORTS[sort]
    planned = plan(sent(tmp_path, files), Choice(**fields))
    corpus = load(tmp_path, **fields)
    assert (corpus.task, corpus.outputs, corpus.names) == (planned.task, planned.outputs, planned.classes)
    assert corpus.input_shape == planned.shape
    assert tuple(map(len, splits(corpus))) == planned.held
    for samples in splits(corpus):
        assert np.isfinite(samples.inputs).all() and samples.inputs.dtype in (np.float64, np.float32, np.uint8)
        if corpus.task == "classification":
            assert set(samples.targets.tolist()) == set(range(corpus.outputs))
        else:
            assert samples.targets.shape == (len(samples), corpus.outputs) and samples.targets.dtype == np.float64
    shape = corpus.input_shape
    assert ("image" in planned.traits) == (len(shape) == 3)
    assert ("image_28" in planned.traits) == (sort == "colour images")
    assert ("classes" in planned.traits) == (corpus.task == "classification") == ("numbers" not in planned.traits)
    if len(shape) == 3:
        assert (
            min(s.inputs.min() for s in splits(corpus)) >= corpus.black
            and max(s.inputs.max() for s in splits(corpus)) <= corpus.white
        )


@each_sort
def test_splits_are_disjoint_complete_seeded_and_stratified(tmp_path: Path, sort: str) -> None:
    files, fields = SORTS[sort]
    rows = sent(tmp_path, files).rows
    first, again, other = load(tmp_path, 3, **fields), load(tmp_path, 3, **fields), load(tmp_path, 4, **fields)
    assert sum(map(len, splits(first))) == rows
    assert all(equal(one, two) for one, two in zip(splits(first), splits(again), strict=True))
    assert not equal(first.train, other.train)
    assert is_stratified(first.validation, first)
    everything = np.concatenate([samples.inputs.reshape(len(samples), -1) for samples in splits(first)])
    if "ignore" not in fields and sort != "the least rows":
        assert len(np.unique(everything, axis=0)) == rows


def together(corpus: Corpus) -> tuple[Array, Array]:
    """All samples, in the order of the first number of their inputs."""
    inputs = np.concatenate([samples.inputs for samples in splits(corpus)])
    targets = np.concatenate([samples.targets for samples in splits(corpus)])
    order = np.argsort(inputs.reshape(len(inputs), -1)[:, 0], kind="stable")
    return inputs[order], targets[order]


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    sent(tmp_path, {"file": MIXED})
    inputs, targets = together(load(tmp_path))
    assert inputs[:, 0] == pytest.approx(np.arange(120) / 7, abs=1e-4)
    assert inputs[:, 1:4].tolist() == np.eye(3)[np.arange(120) % 3].tolist()  # red, green, blue: as they first came
    assert inputs[:, 4].tolist() == (np.arange(120.0) ** 2).tolist()
    assert targets.tolist() == [int(row % 4 == 0) for row in range(120)]  # no, yes: by the alphabet


def test_classes_are_numbered_by_size_and_keep_their_names(tmp_path: Path) -> None:
    shuffled = np.random.default_rng(1).permutation(102)
    features = np.arange(102.0)[:, None]
    sent(tmp_path, {"inputs": npy(features[shuffled]), "targets": npy(LABELS[shuffled].astype(float))})
    corpus = load(tmp_path)
    assert corpus.names == ("5", "7", "11")
    inputs, targets = together(corpus)
    assert inputs[:, 0].tolist() == list(range(102))
    assert [int(corpus.names[target]) for target in targets] == LABELS.tolist()


@pytest.mark.parametrize("labels", [["01", "1", "001"], ["1E5", "2E5", "100000"], ["x", "b", "01"], ["10", "9", "8"]])
def test_labels_of_a_text_file_stay_with_their_rows(tmp_path: Path, labels: list[str]) -> None:
    rows = "".join(f"{row},{row * 0.3:.1f},{labels[row % 3]}\n" for row in range(60))
    sent(tmp_path, {"file": f"number,x,code\n{rows}".encode()})
    corpus = load(tmp_path, task="classification")
    inputs, targets = together(corpus)
    assert inputs[:, 0].tolist() == list(range(60)) and corpus.input_shape == (2,)
    assert [corpus.names[target] for target in targets] == [labels[row % 3] for row in range(60)]


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_labels_beyond_the_exact_floats_stay_with_their_rows(tmp_path: Path, dtype: type) -> None:
    labels = (2**53 + np.arange(60) % 4).astype(dtype)
    sent(tmp_path, {"inputs": npy(np.arange(60.0)), "targets": npy(labels)})
    corpus = load(tmp_path)
    assert [int(corpus.names[target]) for target in together(corpus)[1]] == labels.tolist()


def test_one_hot_targets_become_the_classes_that_they_mark(tmp_path: Path) -> None:
    classes = np.arange(60) * 7 % 3
    sent(tmp_path, {"inputs": npy(np.arange(60.0)), "targets": npy(np.eye(3)[classes])})
    assert together(load(tmp_path))[1].tolist() == classes.tolist()
    assert load(tmp_path, task="regression").train.targets.shape[1] == 3


def test_an_upload_of_an_earlier_release_is_read_as_it_was(tmp_path: Path) -> None:
    """Its facts know no coded labels, and count whole numbers by their value."""
    facts = sent(tmp_path, {"file": csv(60).replace(b"low", b"1").replace(b"high", b"10")})
    old = facts.model_dump(mode="json", exclude={"one_hot", "ignored"})
    for column in old["columns"]:
        del column["coded"]
    (tmp_path / "uploads" / ID / "facts.json").write_text(json.dumps(old))
    corpus = load(tmp_path)
    assert corpus.names == ("1", "10") and together(corpus)[1].tolist() == [0, 1] * 30


@pytest.mark.parametrize("shape", [(9, 10, 3), (3, 9, 10), (9, 10)])
def test_pixels_are_where_they_were(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = images(102, *shape)
    sent(tmp_path, {"file": npz(x=pixels, y=LABELS)})
    corpus = load(tmp_path)
    channels_last = pixels if shape[-1] == 3 else pixels[..., None] if len(shape) == 2 else pixels.transpose(0, 2, 3, 1)
    known = {image.tobytes() for image in channels_last}
    for samples in splits(corpus):
        assert all(np.ascontiguousarray(image.transpose(1, 2, 0)).tobytes() in known for image in samples.inputs)


@pytest.mark.parametrize("upload", ["", "..", "../../x", "nobody", ID.replace("0", "1")])
def test_what_is_not_there_is_told_with_a_remedy(tmp_path: Path, upload: str) -> None:
    sent(tmp_path, {"file": csv(30)})
    with pytest.raises(ValueError, match="does not exist: send the file again"):
        make("datasets", "upload", id=upload).load(tmp_path / "datasets" / "upload", 0)  # type: ignore[attr-defined]
