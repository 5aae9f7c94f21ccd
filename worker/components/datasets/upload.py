"""A person's own data."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from backend.domain.experiment.upload_facts import Column, Facts
from backend.domain.experiment.upload_plan import STRETCHES, Choice, Feature, Plan, apportion
from backend.domain.experiment.upload_texts import held_out_stretches
from backend.domain.experiment.uploads import plan, sort_classes
from worker.contracts.component import hyperparameter
from worker.contracts.families.datasets import Dataset
from worker.data.characters import Windows
from worker.data.layout import Layout, TableColumn
from worker.data.sources import Arranged, Rows, Source, cast
from worker.data.splits import check, generator, keep, part, strata
from worker.data.tensors import Array, Corpus, Samples
from worker.data.texts import corpus_of_texts, read_texts


class Upload(Dataset):
    """Your own data: a table or arrays, uploaded on the page Data or by POST /api/uploads.

    What they are depends on the file. The inputs are a table's numbers, with each text column of up to 32 different
    texts as one input for each text; or the first words of one column of more different texts, as ids [length], 0 after
    a text's end, from a table of words that is made of the training split alone; or windows of a text file, whose next
    characters are predicted; or features [n, features] and images [n, height, width] or
    [n, height, width, channels]. Texts and few whole numbers as targets are classes, other numbers are numbers. The
    splits are drawn with the run's seed and hold each class in its proportion, at least one row of it each; a split of
    one's own is kept, and only a part that it lacks is drawn from its training part.
    """

    formula = "x ∈ ℝ^d or ℝ^(c×h×w), y ∈ {0 … k−1} or ℝ^k"
    reference = (
        "Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, section 7.2, on three splits (2009)"
    )

    id: str = hyperparameter("", max_length=64, upload="id", description="Id of one of your uploads.")
    target: str | None = hyperparameter(
        None,
        max_length=200,
        upload="target",
        description="Column to learn; by default the one that was named on upload, else the last.",
    )
    task: Literal["auto", "classification", "regression", "text classification", "language"] = hyperparameter(
        "auto",
        upload="task",
        description="Type of the target: classes or numbers; `auto` takes it from the column. With `text classification` "
        "the inputs are the words of the column of texts; `language` predicts the next character of a text file.",
    )
    text: str | None = hyperparameter(
        None,
        max_length=200,
        upload="text",
        description="Column whose words are the inputs; the others are then left out.",
    )
    length: int = hyperparameter(
        64,
        ge=4,
        le=1024,
        unit="words",
        upload="length",
        description="Words of a text that a sample shows: the first ones; of a text file so many characters.",
    )
    vocabulary: int = hyperparameter(
        4000,
        ge=16,
        le=100_000,
        unit="words",
        upload="vocabulary",
        description="Words that are told apart: the most frequent ones of the training split, with padding and unknown ones; of "
        "a text file so many characters.",
    )
    ignore: list[Annotated[str, Field(max_length=200)]] = hyperparameter(
        [], max_length=1000, upload="ignore", description="Columns that are left out."
    )
    black: float | None = hyperparameter(
        None,
        ge=-9e18,
        le=9e18,
        upload="black",
        description="Number that is black in images; left out: as on the page Data.",
    )
    white: float | None = hyperparameter(
        None,
        ge=-9e18,
        le=9e18,
        upload="white",
        description="Number that is white in images; left out: as on the page Data.",
    )
    validation: float = hyperparameter(
        0.1, ge=0.01, le=0.4, upload="validation", description="Share that is kept for validation."
    )
    test: float = hyperparameter(0.1, ge=0.01, le=0.4, upload="test", description="Share that is kept for the test.")

    def load(self, folder: Path, seed: int) -> Corpus:
        place = folder.parent.parent / "uploads" / self.id
        if not self.id.replace("-", "").isalnum() or not (place / "facts.json").is_file():
            raise ValueError(f"The upload `{self.id}` does not exist: send the file again, or choose another one.")
        facts = Facts.model_validate_json((place / "facts.json").read_text())
        found = plan(facts, Choice(**self.model_dump(exclude={"id", "kind"})))
        if facts.kind == "text":
            return self._running_text(_mapped(place / "characters.npy"), seed)
        if found.text is not None:
            return self._texts(place, facts, found, seed)
        read = _table if facts.kind == "table" else _arrays
        inputs, targets = read(place, facts, found)
        whole = Samples(inputs, targets)
        parts = self._parts(place, facts, targets, found, seed)
        train, validation, test = (whole.take(rows) for rows in parts)
        black, white = found.pixels
        layout = _columns(facts, found) if facts.kind == "table" else _layout(facts)
        return check(
            Corpus(train, validation, test, found.task, found.outputs, found.classes, white, black, layout=layout)
        )

    def _running_text(self, codes: Array, seed: int) -> Corpus:
        windows = Windows(self.length, self.vocabulary, held_out_stretches(self.validation, self.test))
        return windows.corpus(codes[: len(codes) // STRETCHES * STRETCHES], seed)  # so that all stretches are equal

    def _texts(self, place: Path, facts: Facts, found: Plan, seed: int) -> Corpus:
        content, ends = (_mapped(place / f"{name}-{found.text}.npy") for name in ("texts", "ends"))
        targets = _targets_of_table(_mapped(place / "values.npy"), facts, found)
        return corpus_of_texts(
            read_texts(content, ends),
            targets,
            self._parts(place, facts, targets, found, seed),
            length=self.length,
            vocabulary=self.vocabulary,
            outputs=found.outputs,
            task=found.task,
            names=found.classes,
        )

    def _parts(self, place: Path, facts: Facts, targets: Array, found: Plan, seed: int) -> list[Rows]:
        """Rows for training, validation and test."""
        if facts.own_split:
            return keep(np.load(place / "splits.npy", allow_pickle=False), targets, found.held, seed)
        if found.task == "regression":
            return part(strata(targets), found.held[1:], seed)
        random = generator(seed, "split")
        groups = []
        for number in range(found.outputs):
            rows = random.permutation(np.flatnonzero(targets == number))
            validation, test = apportion(len(rows), self.validation, self.test)
            groups.append(np.split(rows, [len(rows) - validation - test, len(rows) - test]))
        return [np.sort(np.concatenate(rows)) for rows in zip(*groups, strict=True)]


def _table(place: Path, facts: Facts, found: Plan) -> tuple[Source, Array]:
    values = _mapped(place / "values.npy")
    inputs = np.zeros((len(values), *found.shape))
    at = 0
    for feature in found.features:
        at = _fill(inputs, at, values[:, feature.index], feature)
    return inputs, _targets_of_table(values, facts, found)


def _mapped(path: Path) -> Array:
    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _targets_of_table(values: Array, facts: Facts, found: Plan) -> Array:
    column = facts.columns[found.targets[0]]
    coded = column.coded if found.task == "classification" else None
    return _targets(values[:, list(found.targets) if coded is None else [coded]], facts, found)


def _columns(facts: Facts, found: Plan) -> Layout:
    """The columns of a table among the inputs, with the texts of each in the order of their inputs."""
    columns = (facts.columns[feature.index] for feature in found.features)
    return Layout(
        columns=tuple(
            TableColumn(column.name, tuple(column.counts or ()) if column.type == "text" else ()) for column in columns
        )
    )


def _layout(facts: Facts) -> Layout:
    """Images as they lie in the file: grey ones without a channel axis, or with the channels last."""
    assert facts.inputs is not None
    channels, *size = facts.inputs.shape if len(facts.inputs.shape) == 3 else (0,)
    fit = facts.files.fit if facts.files else "crop"
    match facts.inputs.layout:
        case "grey":
            return Layout(tuple(size), fit=fit)
        case "channels_last":
            return Layout((*size, channels), facts.inputs.axes, fit)
    return Layout()


def _fill(inputs: Array, at: int, values: Array, feature: Feature) -> int:
    """Write one column into `inputs` from column `at` on; returns where the next one goes."""
    if not feature.categories:
        inputs[:, at] = values
        return at + 1
    inputs[np.arange(len(values)), at + values.astype(np.int64)] = 1.0
    return at + feature.categories


def _arrays(place: Path, facts: Facts, found: Plan) -> tuple[Source, Array]:
    assert facts.inputs is not None
    file = _mapped(place / "inputs.npy")
    axes = facts.inputs.axes or range(file.ndim)
    inputs: Source = file if file.shape[1:] == found.shape else Arranged(file, tuple(axes), tuple(found.shape))
    targets = _mapped(place / "targets.npy")
    targets = _targets(targets.reshape(len(targets), -1)[:, list(found.targets)], facts, found)
    bytes_ = len(found.shape) == 3 and inputs.dtype == np.uint8
    return inputs if bytes_ else _floats(inputs), targets


def _floats(inputs: Source) -> Source:
    """The numbers as exact as they were sent: in float32 where that holds every number of their type."""
    return cast(inputs, np.result_type(inputs.dtype, np.float32))


def _targets(values: Array, facts: Facts, found: Plan) -> Array:
    """Class indices [n], or numbers [n, k]."""
    if found.task == "regression":
        return values.astype(np.float64)
    if len(found.targets) > 1:
        marked: Rows = values.argmax(axis=1)  # one-hot
        return marked
    return _numbers(facts.columns[found.targets[0]])[_codes(values[:, 0], facts.columns[found.targets[0]])]


def _codes(values: Array, column: Column) -> Rows:
    """The place of each value among the column's counts."""
    if column.type == "text" or column.coded is not None:
        return values.astype(np.int64)
    read = int if values.dtype.kind in "biu" else float  # beyond 2^53 neighbours are one float
    return np.searchsorted(np.array([read(label) for label in column.counts or ()], values.dtype), values)


def _numbers(column: Column) -> Rows:
    """The class of each place among the column's counts."""
    classes = {label: number for number, label in enumerate(sort_classes(column))}
    return np.array([classes[label] for label in column.counts or ()], np.int64)
