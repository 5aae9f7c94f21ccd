"""Data of one's own are sent with progress, and once however often the connection is cut."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from client import Lathe, LatheError
from tests.backend.data.making import csv, images
from tests.backend.data.photographs import folder
from tests.client.conftest import Server
from tests.client.proxy import Proxy

pytestmark = pytest.mark.usefixtures("processes")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    (tmp_path / "own.csv").write_bytes(csv(40))
    return tmp_path / "own.csv"


def test_a_file_is_sent_with_what_is_said_of_it(lathe: Lathe, table: Path) -> None:
    sent = lathe.upload(table, target="width", name='A "table"')
    assert (sent.name, sent.rows, sent.facts.target) == ('A "table"', 40, "width")
    assert (sent.bytes, sent.sha256) == (len(csv(40)), hashlib.sha256(csv(40)).hexdigest())


def test_inputs_and_targets_are_two_parts(lathe: Lathe, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", images(30))
    np.save(tmp_path / "y.npy", np.arange(30) % 3)
    assert lathe.upload({"inputs": tmp_path / "x.npy", "targets": str(tmp_path / "y.npy")}).shape == [1, 9, 10]


def test_a_folder_is_sent_with_its_folders(lathe: Lathe, tmp_path: Path) -> None:
    for name, content in folder(6, "train", "test").items():
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).write_bytes(content)
    whole = lathe.upload(tmp_path / "pets", side="16", fit="pad")
    assert (whole.name, whole.rows, whole.shape) == ("pets", 24, [3, 16, 16])
    assert whole.facts.own_split and whole.facts.own_split.test == 12
    listed = lathe.upload([str(path) for path in (tmp_path / "pets").rglob("*.png")], side="16", fit="pad")
    assert (listed.name, listed.facts) == ("24 files", whole.facts)


def test_progress_grows_to_the_whole_form(lathe: Lathe, table: Path) -> None:
    table.write_bytes(csv(60_000))
    seen: list[tuple[int, int]] = []
    lathe.upload(table, progress=lambda sent, all: seen.append((sent, all)))
    assert len(seen) > 4 and seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > table.stat().st_size


def test_a_cut_connection_sends_again_and_keeps_one(
    server: Server, lathe: Lathe, proxy: Proxy, cut_lathe: Lathe, table: Path
) -> None:
    proxy.allow = lambda number: 0 if number <= 2 else float("inf")
    before = len(list((server.folder / "uploads").glob("*")))
    sent = cut_lathe.upload(table)
    assert proxy.cuts == 2 and proxy.connections == 3
    assert len(list((server.folder / "uploads").glob("*"))) == before + 1
    assert lathe.upload(table).id != sent.id  # another call is another upload


def test_what_cannot_be_sent_is_told(lathe: Lathe, tmp_path: Path) -> None:
    for data, sentence in (
        (tmp_path / "missing.csv", "missing.csv cannot be read: No such file"),
        (tmp_path, "holds no file"),
        ([], "no file to send"),
    ):
        with pytest.raises(LatheError, match=sentence):
            lathe.upload(data)
    (tmp_path / "short.csv").write_bytes(csv(3))
    with pytest.raises(LatheError) as caught:
        lathe.upload(tmp_path / "short.csv")
    assert (caught.value.status, caught.value.path) == (422, "file")
