"""Submitting: in every form, and once however often the connection is cut."""

from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select

from backend.store import tables
from client import Lathe, LatheError
from client.wire import connection
from tests.backend.api.making import SPEC
from tests.client.conftest import Server
from tests.client.proxy import Proxy


def count(server: Server) -> int:
    with server.store.read() as session:
        return session.scalar(select(func.count()).select_from(tables.Run)) or 0


@pytest.mark.parametrize("form", ["mapping", "text", "path", "name"])
def test_a_spec_is_taken_in_every_form(server: Server, lathe: Lathe, tmp_path: Path, form: str) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(text := yaml.safe_dump(SPEC))
    run = lathe.submit({"mapping": SPEC, "text": text, "path": file, "name": str(file)}[form]).run
    assert run.name == "A run" and run.state == "queued"
    assert run.spec["model"]["kind"] == "mlp" and run.spec["stages"][0]["optimizer"]["kind"]  # with every default


def test_seeds_variants_and_orders_become_runs(lathe: Lathe) -> None:
    assert [run.row.seed for run in lathe.submit(SPEC, seeds=[3, 5])] == [3, 5]
    varied = lathe.submit(SPEC, variants={"short": {"stages[0].epochs": 1}, "long": {"stages[0].epochs": 9}})
    assert [(run.name, run.spec["stages"][0]["epochs"]) for run in varied] == [
        ("A run · short", 1),
        ("A run · long", 9),
    ]
    assert {run.row.group_id for run in varied} == {varied.id}
    stages = [{"kind": "train", "epochs": 1}, {"kind": "prune", "method": {"kind": "magnitude"}}, SPEC["stages"][1]]
    ordered = lathe.submit({**SPEC, "stages": stages}, orders=[1, 2])
    assert len(ordered) + len(ordered.left_out) == 2
    with pytest.raises(LatheError, match="created 2 runs"):
        varied.run  # noqa: B018


def test_what_is_wrong_is_told_with_its_path(lathe: Lathe) -> None:
    with pytest.raises(LatheError) as caught:
        lathe.submit({**SPEC, "stages": [{"kind": "train", "epochs": -1, "optimizer": {"kind": "adamm"}}]})
    error = caught.value
    assert (error.error, error.path, error.status) == ("Invalid", "stages[0].epochs", 422)
    assert str(error) == error.detail and "at least 1" in error.detail
    assert [problem.path for problem in error.problems] == ["stages[0].epochs", "stages[0].optimizer.kind"]


def test_a_file_that_cannot_be_read_is_named(lathe: Lathe, tmp_path: Path) -> None:
    with pytest.raises(LatheError, match=r"missing\.yaml cannot be read: No such file"):
        lathe.submit(tmp_path / "missing.yaml")
    (tmp_path / "spec.yaml").write_bytes(b"name: \xff")
    with pytest.raises(LatheError, match=r"spec\.yaml is not UTF-8"):
        lathe.submit(str(tmp_path / "spec.yaml"))


@pytest.mark.parametrize("bytes_of_answer", [0, 40])
def test_a_cut_connection_creates_nothing_twice(
    server: Server, proxy: Proxy, cut_lathe: Lathe, bytes_of_answer: int
) -> None:
    """The first two answers are lost, after the server has acted."""
    proxy.allow = lambda number: bytes_of_answer if number <= 2 else float("inf")
    before = count(server)
    made = cut_lathe.submit(SPEC, seeds=[0, 1])
    assert proxy.cuts == 2 and proxy.connections == 3
    assert count(server) == before + 2
    assert [run.row.seed for run in made] == [0, 1]


def test_without_the_key_the_same_would_be_created_twice(server: Server, proxy: Proxy, cut_lathe: Lathe) -> None:
    """The negative control: the count sees what a client without the key makes of the same cut."""
    proxy.allow = lambda number: 0 if number == 1 else float("inf")
    before = count(server)
    with pytest.raises(LatheError) as caught:
        cut_lathe._wire.post("/api/experiments", {"spec": SPEC})  # not tried again: nobody knows what became of it
    assert caught.value.error == "Cut"
    cut_lathe._wire.post("/api/experiments", {"spec": SPEC})
    assert count(server) == before + 2


def test_a_key_of_ones_own_holds_across_scripts(server: Server, lathe: Lathe) -> None:
    first, second = (lathe.submit(SPEC, key="nightly-2026-01-31") for _ in range(2))
    assert first.run.id == second.run.id
    with pytest.raises(LatheError) as caught:
        lathe.submit({**SPEC, "seed": 9}, key="nightly-2026-01-31")
    assert (caught.value.error, caught.value.status) == ("Conflict", 409)


def test_a_server_that_stays_away_is_given_up(proxy: Proxy, cut_lathe: Lathe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PAUSES", (0.01, 0.01))
    proxy.allow = lambda number: 0
    with pytest.raises(LatheError, match="was cut before the answer was complete"):
        cut_lathe.submit(SPEC)
    assert proxy.connections == 3
