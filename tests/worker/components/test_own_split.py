"""A split of one's own: kept as it came, by folders or by a column, and completed where a part is not there."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.data.check import check
from backend.data.faults import FileInvalid
from backend.data.options import Options
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import Choice, ChoiceInvalid
from backend.domain.experiment.uploads import plan
from tests.backend.data.photographs import folder, packed
from tests.worker.components.test_datasets import equal, splits
from tests.worker.components.test_upload import ID, load

WORDS = ["train"] * 6 + ["val", "Validation", "test", "testing"]


def sent(data_dir: Path, content: bytes, **options: Any) -> Facts:
    place = data_dir / "uploads" / ID
    place.mkdir(parents=True)
    (place / "file").write_bytes(content)
    return check(place, Options(**options))


def table(words: list[str] = WORDS, rows: int = 100) -> bytes:
    lines = [f"{row},{words[row % len(words)]},{'ab'[row // 10 % 2]}" for row in range(rows)]
    return "\n".join(["number,part,kind", *lines]).encode()


def numbers(data_dir: Path, seed: int = 0, **fields: Any) -> list[set[int]]:
    return [{int(row[0]) for row in samples.inputs} for samples in splits(load(data_dir, seed, **fields))]


def test_a_column_says_the_parts_and_is_no_input(tmp_path: Path) -> None:
    facts = sent(tmp_path, table(), split="part")
    assert facts.own_split is not None and facts.own_split.model_dump() == {
        "train": 60, "validation": 20, "test": 20, "column": "part",
    }  # fmt: skip
    assert plan(facts, Choice()).shape == (1,) and plan(facts, Choice()).held == (60, 20, 20)
    parts = numbers(tmp_path)
    said = [{row for row in range(100) if WORDS[row % 10].lower().startswith(word)} for word in ("tr", "va", "te")]
    assert parts == said == numbers(tmp_path, seed=5)


def test_folders_say_the_parts(tmp_path: Path) -> None:
    facts = sent(tmp_path, packed(folder(6, "train", "val", "test")))
    inputs = np.load(tmp_path / "uploads" / ID / "inputs.npy").transpose(0, 3, 1, 2)
    own = np.load(tmp_path / "uploads" / ID / "splits.npy")
    corpus = load(tmp_path)
    assert corpus.names == ("cat", "dog") and plan(facts, Choice()).held == (12, 12, 12)
    for part, samples in enumerate(splits(corpus)):
        assert (samples.inputs == inputs[own == part]).all() and samples.inputs.dtype == np.uint8
        assert samples.targets.tolist() == [0] * 6 + [1] * 6


@pytest.mark.parametrize("missing", ["val", "test"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_part_that_is_not_there_is_drawn_from_training(tmp_path: Path, missing: str, task: str) -> None:
    words = ["train"] * 8 + [{"val": "test", "test": "val"}[missing]] * 2
    chosen = {"target": "kind" if task == "classification" else "number", "ignore": []}
    facts = sent(tmp_path, table(words).replace(b",a", b",0").replace(b",b", b",1"), split="part")
    held = plan(facts, Choice(**chosen)).held
    assert held == ((72, 8, 20) if missing == "val" else (72, 20, 8))
    first, again, other = (load(tmp_path, seed, **chosen) for seed in (1, 1, 2))
    assert tuple(map(len, splits(first))) == held
    assert all(equal(one, two) for one, two in zip(splits(first), splits(again), strict=True))
    assert not equal(first.train, other.train)
    kept = 2 if missing == "val" else 1
    assert equal(splits(first)[kept], splits(other)[kept])


def test_texts_keep_their_split_and_take_their_words_from_training_alone(tmp_path: Path) -> None:
    lines = [
        f"word{row} {('seen', 'held')[WORDS[row % 10] != 'train']},{WORDS[row % 10]},{'ab'[row // 10 % 2]}"
        for row in range(100)
    ]
    facts = sent(tmp_path, "\n".join(["said,part,kind", *lines]).encode(), split="part")
    corpus = load(tmp_path, vocabulary=100)
    assert plan(facts, Choice()).text == 0 and tuple(map(len, splits(corpus))) == (60, 20, 20)
    assert all((samples.inputs[:, 1] == 1).all() == (samples is not corpus.train) for samples in splits(corpus))


def test_the_target_is_the_last_column_that_is_not_the_split(tmp_path: Path) -> None:
    lines = [f"{row},{'ab'[row % 2]},{WORDS[row // 2 % 10]}" for row in range(100)]
    facts = sent(tmp_path, "\n".join(["number,kind,part", *lines]).encode(), split="part")
    assert plan(facts, Choice()).classes == ("a", "b")


FAULTS = {
    "no such column": (table(), {"split": "parts"}, "no column `parts` that could hold the split"),
    "a column of numbers": (table(), {"split": "number"}, "holds numbers, or too many different texts"),
    "another word": (table([*WORDS, "holdout"]), {"split": "part"}, "holds `holdout`: a split is written as"),
    "no training": (table(["val", "test"]), {"split": "part"}, "has nothing for `train`"),
    "a class that is not trained on": (
        table().replace(b"train,b", b"val,b"),
        {"split": "part"},
        "whose class `b` has no rows in `train`",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_in_one_sentence(tmp_path: Path, fault: str) -> None:
    content, options, sentence = FAULTS[fault]
    with pytest.raises(FileInvalid) as caught:
        sent(tmp_path, content, **options)
    assert sentence in str(caught.value)


def test_the_split_is_no_input_and_no_target_by_another_name(tmp_path: Path) -> None:
    facts = sent(tmp_path, table(), split="part")
    with pytest.raises(ChoiceInvalid, match="says the split"):
        plan(facts, Choice(target="part"))
