"""The commands about data of one's own, and the check of a spec, against a real server."""

import json
from pathlib import Path

import numpy as np
import pytest

from client import Lathe, LatheError
from tests.backend.api.making import SPEC
from tests.backend.data.making import csv, images
from tests.client.test_cli import Command, lathe_says, words

__all__ = ["lathe_says"]
pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "own.csv").write_bytes(csv(40) + b",7,low\n")
    return tmp_path / "own.csv"


def test_data_are_sent_listed_described_and_deleted(lathe_says: Command, lathe: Lathe, table: Path) -> None:
    arguments = ("--name", "[red]flowers", "--target", "kind", "--missing", "leave_out")
    code, sent, told = lathe_says("upload", str(table), *arguments)
    upload_id = sent.strip()
    assert (code, "[red]flowers: 40 rows, 3 columns, 1 more left out" in told) == (0, True)
    assert lathe.find_upload(upload_id).facts.target == "kind"
    code, listed, _ = lathe_says("data")
    assert code == 0 and words(listed)[2][:4] == [upload_id[:8], "[red]flowers", "table", "40"]
    code, shown, _ = lathe_says("data", upload_id[:8])
    assert code == 0 and words(shown)[-3:] == [
        ["length", "number", "0 … 3.9", "many", "1"],
        ["width", "number", "0 … 6", "7", "0"],
        ["kind", "text", "–", "2", "0"],
    ]
    assert lathe_says("data", "[red]flowers", "--delete") == (0, "", "deleted [red]flowers\n")
    assert all(row.id != upload_id for row in lathe.uploads())


def test_records_and_texts_are_sent_too(lathe_says: Command, lathe: Lathe, tmp_path: Path) -> None:
    records = [{"text": f"text {row} is {('good', 'bad')[row % 2]}", "id": row, "y": row % 2} for row in range(40)]
    (tmp_path / "reviews.jsonl").write_text("\n".join(map(json.dumps, records)))
    code, sent, _ = lathe_says(
        "upload", str(tmp_path / "reviews.jsonl"), "--task", "text classification", "--ignore", "id"
    )
    assert code == 0 and lathe.find_upload(sent.strip()).traits == ["classes", "text", "sequence"]
    (tmp_path / "story.txt").write_text("All happy families are alike. " * 200)
    code, sent, told = lathe_says("upload", str(tmp_path / "story.txt"), "--task", "language")
    assert code == 0 and "a text of 6,000 characters" in told
    assert lathe.find_upload(sent.strip()).traits == ["classes", "tokens", "sequence"]


def test_two_files_are_inputs_and_targets(lathe_says: Command, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", images(30))
    np.save(tmp_path / "labels.npy", np.arange(30) % 3)
    code, _, told = lathe_says("upload", str(tmp_path / "labels.npy"), str(tmp_path / "a.npy"))
    assert code == 0 and "30 rows, samples of [1, 9, 10]" in told
    np.save(tmp_path / "b.npy", images(30))
    code, _, told = lathe_says("upload", str(tmp_path / "a.npy"), str(tmp_path / "b.npy"))
    assert code == 2 and "one must have `targets` or `labels` in its name" in told


def test_what_is_wrong_is_one_sentence(lathe_says: Command, table: Path, tmp_path: Path) -> None:
    assert lathe_says("upload", str(table)) == (
        2,
        "",
        "lathe: Line 42 has nothing in column `length` (1 such line): fill in the cells, or choose to leave out lines with "
        "missing values.\n",
    )
    code, _, told = lathe_says("upload", str(tmp_path / "none.csv"))
    assert code == 2 and "none.csv cannot be read" in told
    code, _, told = lathe_says("data", "nothing")
    assert code == 2 and "There is no upload `nothing`" in told
    assert lathe_says("data", "--delete")[0] == 2


def test_a_name_that_two_uploads_have_is_refused(lathe: Lathe, table: Path) -> None:
    table.write_bytes(csv(40))
    made = [lathe.upload(table, name="twice") for _ in range(2)]
    with pytest.raises(LatheError, match="2 uploads are called `twice`"):
        lathe.find_upload("twice")
    assert lathe.delete_upload(made[0].id).id == made[0].id
    assert lathe.find_upload("twice").id == made[1].id


def test_a_spec_is_checked_without_a_run(lathe_says: Command, lathe: Lathe, tmp_path: Path) -> None:
    before = len(lathe.runs(limit=None))
    spec = tmp_path / "spec.yaml"
    spec.write_text(json.dumps(SPEC))
    assert lathe_says("check", str(spec)) == (0, "The spec is right.\n", "")
    wrong = {**SPEC, "model": {"kind": "mlpp"}, "seed": -1}
    spec.write_text(json.dumps(wrong))
    code, out, _ = lathe_says("check", str(spec))
    assert code == 1 and {line.partition(":")[0] for line in out.splitlines()} == {"model.kind", "seed"}
    spec.write_text("stages: [")
    code, out, _ = lathe_says("check", str(spec))
    assert code == 1 and len(out.splitlines()) == 1
    assert lathe_says("check", str(tmp_path / "none.yaml"))[0] == 2
    assert len(lathe.runs(limit=None)) == before
