"""Folders: class and part of each picture, and what systems leave among them."""

from pathlib import Path

import numpy as np
import pytest

from backend.data.faults import FileInvalid
from backend.domain.experiment.upload_facts import Facts
from tests.backend.data.making import checked
from tests.backend.data.photographs import Files, file, folder, packed, shades

PICTURE = file(shades(9, 9))
SOME = folder(8)


def read(place: Path, files: Files) -> Facts:
    return checked(place, {"file": packed(files)})


def inside(prefix: str, files: Files) -> dict[str, bytes]:
    return {f"{prefix}{name}": content for name, content in files.items()}


@pytest.mark.parametrize("prefix", ["", "pets/", "a/b/pets/", "./", ".//pets/./"])
def test_folders_around_everything_do_not_matter(tmp_path: Path, prefix: str) -> None:
    facts = read(tmp_path, inside(prefix, SOME))
    assert facts.columns[0].counts == {"cat": 8, "dog": 8} and facts.own_split is None
    assert np.load(tmp_path / "targets.npy").tolist() == [0] * 8 + [1] * 8


def test_folders_below_a_class_are_of_that_class(tmp_path: Path) -> None:
    assert read(tmp_path, {**SOME, "cat/tabby/kitten/1.png": PICTURE}).columns[0].counts == {"cat": 9, "dog": 8}


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("Training", "VALID", "testing"), ("train", "dev", "test")]
)
def test_a_split_is_kept(tmp_path: Path, names: tuple[str, str, str]) -> None:
    facts = read(tmp_path, inside("pets/", folder(6, *names)))
    assert facts.own_split is not None
    own = facts.own_split
    assert (own.train, own.validation, own.test, own.drawn) == (12, 12, 12, 0)
    assert np.bincount(np.load(tmp_path / "splits.npy")).tolist() == [12, 12, 12]


def test_a_part_alone_is_no_split(tmp_path: Path) -> None:
    facts = read(tmp_path, folder(8, "train"))
    assert facts.own_split is None and facts.columns[0].counts == {"cat": 8, "dog": 8}


def test_names_of_parts_are_classes_where_no_training_is(tmp_path: Path) -> None:
    facts = read(tmp_path, {name.replace("cat", "test").replace("dog", "val"): one for name, one in SOME.items()})
    assert facts.columns[0].counts == {"test": 8, "val": 8} and facts.own_split is None


FAULTS: dict[str, tuple[Files, str]] = {
    "a folder beside the parts": (
        {**folder(6, "train", "test"), "more/cat/1.png": PICTURE},
        "The folder `more` lies beside `train`",
    ),
    "a picture in no folder": ({**SOME, "1.png": PICTURE}, "`1.png` lies in no folder"),
    "a test without classes": ({**folder(6, "train", "test"), "test/1.png": PICTURE}, "`test/1.png` lies in no folder"),
    "one class": ({f"pets/cat/{n}.png": PICTURE for n in range(12)}, "one class only"),
    "a class of one picture": ({**SOME, "cow/1.png": PICTURE}, "whose class `cow` has 1 row"),
    "a class that is not trained on": (
        {**folder(6, "train", "val", "test"), "test/cow/1.png": PICTURE},
        "whose class `cow` has no rows in `train`: at least 1 are needed",
    ),
    "a class of one picture from which a test is drawn": (
        {**folder(6, "train", "val"), "train/cow/1.png": PICTURE},
        "whose class `cow` has 1 row in `train`: at least 2 are needed",
    ),
    "dust alone": ({"cat/.DS_Store": b"x", "__MACOSX/cat/1.png": PICTURE}, "holds no file"),
    "a name of nothing": ({**SOME, "\u202e/1.png": PICTURE}, "lies in no folder"),
    "too many classes": ({f"{n}/1.png": PICTURE for n in range(1001)}, "There are 1,001 folders of classes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_in_one_sentence(tmp_path: Path, fault: str) -> None:
    files, sentence = FAULTS[fault]
    with pytest.raises(FileInvalid) as caught:
        read(tmp_path, files)
    assert sentence in str(caught.value)


def test_a_class_of_one_picture_is_enough_in_a_split_of_ones_own(tmp_path: Path) -> None:
    facts = read(tmp_path, {**folder(6, "train", "val", "test"), "train/cow/1.png": PICTURE})
    assert facts.columns[0].train_counts == {"cat": 6, "cow": 1, "dog": 6}


def test_dust_of_systems_is_ignored_and_counted(tmp_path: Path) -> None:
    dust = ["__MACOSX/cat/._1.png", ".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini", ".git/HEAD"]
    facts = read(tmp_path, {**SOME, **dict.fromkeys(dust, b"x")})
    assert facts.files is not None and (facts.rows, facts.files.dust, facts.left_out) == (16, 6, 0)
