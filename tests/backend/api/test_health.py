"""Alive is not ready: what `/readyz` says, to whom, and that no wall clock has a say in it."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError

from backend.api import monitor
from backend.domain.catalog import Catalog
from backend.store import workers
from backend.store.clock import now
from backend.store.engine import sqlite_module
from backend.store.migrate import migrate
from backend.store.session import Store
from backend.store.tables import Run
from backend.store.tables import Worker as WorkerRow
from backend.store.trouble import Trouble, trouble
from tests.backend.api.conftest import TOKEN, Api, running
from tests.backend.api.making import claimed, queued
from tests.patience import until


@contextmanager
def with_settings(published: Path, folder: Path, **more: float) -> Iterator[Api]:
    shutil.copy(published, folder / "lathe.sqlite")
    with running(f"sqlite:///{folder / 'lathe.sqlite'}", folder, **more) as api:
        yield api


def checks(api: Api) -> dict[str, str]:
    """Sentences about failed checks, by the name of the check."""
    answer = api.client.get("/readyz").json()
    return {check["name"]: check["sentence"] for check in answer["checks"] if not check["ok"]}


def until_lacking(api: Api, *names: str) -> dict[str, str]:
    """Wait until these checks, and no others, are not well."""
    until(lambda: set(checks(api)) == set(names), 60, f"{names}, not {checks(api)}")
    return checks(api)


def beaten(api: Api) -> bool:
    """The worker is heard of once more."""
    with api.store.begin() as session:
        workers.beat(session, "worker-1", None)
    return True


def test_it_is_ready_while_its_database_takes_what_is_written(api_on_each: Api) -> None:
    assert api_on_each.client.get("/healthz").json() == {"status": "ok"}
    answer = api_on_each.client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert [check["name"] for check in answer.json()["checks"]] == ["database", "queue", "leases", "workers", "disk"]
    assert answer.json()["free_bytes"] > 0


@pytest.mark.timeout(60)
def test_it_answers_while_every_turn_at_the_database_is_taken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.client.app.state, "turns", asyncio.Semaphore(0))  # type: ignore[attr-defined]
    assert [api.client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_strangers_are_told_the_status_alone(api: Api) -> None:
    api.client.cookies.clear()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Cookie": "lathe_x=1"}):
        answer = api.client.get("/readyz", headers=headers)
        assert {name: value for name, value in answer.json().items() if value} == {"status": "ready"}
    assert api.client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"}).json()["checks"]


def test_a_locked_database_is_named_and_then_not(api: Api) -> None:
    holder = sqlite_module().connect(api.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert until_lacking(api, "database")["database"].startswith("The database is locked by another process")
        assert api.client.get("/readyz").status_code == 503
        assert api.client.get("/healthz").status_code == 200
        assert 'lathe_ready{check="database"} 0' in api.client.get("/metrics").text
        assert api.client.get("/api/workers").json()["complaints"][0]["name"] == "database"
    finally:
        holder.close()
    until_lacking(api)


def test_without_a_worker_it_is_not_ready(api_without_worker: Api) -> None:
    assert until_lacking(api_without_worker, "workers")["workers"].startswith("No worker is running")


def test_a_worker_that_fell_silent_is_not_counted(published: Path, tmp_path: Path) -> None:
    """Nobody else is there who would write that it is gone."""
    with with_settings(published, tmp_path, lease_seconds=1.0) as api:
        until_lacking(api, "workers")
        assert [row["gone"] for row in api.client.get("/api/workers").json()["workers"]] == [True]
        assert 'lathe_workers{busy="false"} 0' in api.client.get("/metrics").text
        until(lambda: beaten(api) and not checks(api), 60, "readiness")


def test_a_lease_that_nobody_renews_or_takes_over_is_named(published: Path, tmp_path: Path, catalog: Catalog) -> None:
    with with_settings(published, tmp_path, lease_seconds=1.0) as api:
        queued(api.store, catalog)
        claimed(api.store)
        assert "sent no sign of life" in until_lacking(api, "workers", "leases")["leases"]


def test_a_run_that_an_idle_worker_leaves_waiting_is_named(
    published: Path, tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "STUCK", 1.0)
    with with_settings(published, tmp_path, lease_seconds=1000.0) as api:
        queued(api.store, catalog, name="Left")
        assert "“Left” could start" in until_lacking(api, "queue")["queue"]
        claimed(api.store)
        until_lacking(api)


def test_a_disk_that_is_nearly_full_is_named(published: Path, tmp_path: Path) -> None:
    with with_settings(published, tmp_path, least_free_bytes=1 << 60) as api:
        assert "nearly full" in until_lacking(api, "disk")["disk"]


def test_clocks_that_are_wrong_change_nothing(api: Api, catalog: Catalog) -> None:
    """Only the wait that people are shown comes from them, and never is negative."""
    queued(api.store, catalog, seeds=2)
    claimed(api.store)
    for hours in (-1, 1):
        moment = now() + timedelta(hours=hours)
        with api.store.begin() as session:
            session.execute(update(Run).values(heartbeat_at=moment, created_at=moment))
            session.execute(update(WorkerRow).values(heartbeat_at=moment))
        time.sleep(1.1 * monitor.FRESH)
        answer = api.client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json()["queue_seconds"] == pytest.approx(3600 if hours < 0 else 0, abs=60)


def test_troubles_are_told_apart(sqlite_url: str, postgres_url: str) -> None:
    """The errors come from real databases."""
    assert (
        _trouble(sqlite_url, "PRAGMA max_page_count = 1", "CREATE TABLE x AS SELECT zeroblob(100000)") == Trouble.FULL
    )
    assert _trouble(postgres_url, "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '53100'; END $$") == Trouble.FULL
    assert _trouble(postgres_url, "DO $$ BEGIN RAISE EXCEPTION SQLSTATE '55P03'; END $$") == Trouble.LOCKED
    assert _trouble("postgresql://lathe@127.0.0.1:1/none", "SELECT 1") == Trouble.AWAY
    assert _trouble("sqlite:////nowhere/at/all", "SELECT 1") == Trouble.AWAY


def _trouble(url: str, *statements: str) -> Trouble:
    store = Store.open(url, patience=1.0)
    try:
        with pytest.raises(OperationalError) as raised:
            _execute(store, statements)
        return trouble(raised.value)
    finally:
        store.close()


def _execute(store: Store, statements: Sequence[str]) -> None:
    with store.begin() as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_touch_reaches_the_disk(store_url: str) -> None:
    """It is a write to the database, not only to the memory of a connection."""
    migrate(store_url)
    store = Store.open(store_url)
    seen: Any = None
    with store.read() as session:
        query = "PRAGMA data_version" if store_url.startswith("sqlite") else "SELECT pg_current_wal_insert_lsn()"
        seen = session.execute(text(query)).scalar()
    other = Store.open(store_url)
    other.touch()
    other.close()
    with store.read() as session:
        assert session.execute(text(query)).scalar() != seen
    store.close()
