"""Sessions: transactions, snapshots, and column types that mean the same on both databases."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from backend.domain.run.states import RunState
from backend.store import engine, experiments, runs
from backend.store.migrate import migrate
from backend.store.session import UNAVAILABLE, Store
from tests import services
from tests.backend.store.conftest import SPEC, Submit, claim, log
from tests.backend.store.invariants import violations
from tests.patience import granted


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False),
        ((3, 50, 7), True), ((3, 51, 0), False), ((3, 51, 2), False), ((3, 51, 3), True), ((3, 53, 0), True),
    ],
)  # fmt: skip
def test_only_sqlites_without_the_wal_race_are_taken(version: tuple[int, int, int], safe: bool) -> None:
    assert engine.is_safe(version) is safe


def test_without_a_safe_sqlite_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "is_safe", lambda version: False)
    with pytest.raises(RuntimeError, match=r"install the package pysqlite3, .* or set LATHE_DATABASE to PostgreSQL"):
        Store.open("sqlite:////nowhere")


def test_sqlite_is_set_up_for_safety(sqlite_url: str) -> None:
    store = Store.open(sqlite_url)
    with store.begin() as session:
        found = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        version = session.scalar(text("SELECT sqlite_version()"))
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert engine.is_safe(tuple(map(int, str(version).split("."))))


def test_a_suspended_writer_cannot_hold_a_row_for_ever(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    with store.begin() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "5s"
        assert session.scalar(text("SHOW lock_timeout")) == "5s"
    store.close()


def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    def interrupted() -> None:
        with store.begin() as session:
            experiments.create(session, SPEC, [0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with store.read() as session:
        assert runs.counts(session)[RunState.QUEUED] == 0


def test_a_reader_sees_one_snapshot_and_stops_no_writer(store: Store, submit: Submit) -> None:
    with store.read() as session:
        before = runs.counts(session)[RunState.QUEUED]
        submit()
        assert runs.counts(session)[RunState.QUEUED] == before == 0
    with store.read() as session:
        assert runs.counts(session)[RunState.QUEUED] == 1


def test_a_reader_cannot_write_on_postgresql(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    with pytest.raises(Exception, match="read-only transaction"), store.read() as session:
        session.execute(text("CREATE TABLE forbidden (id INTEGER)"))
    store.close()


def test_sqlite_writers_wait_for_each_other_from_the_first_statement(sqlite_url: str) -> None:
    store = Store.open(sqlite_url)
    entered = threading.Event()

    def second() -> None:
        with store.begin() as session:
            session.execute(text("SELECT 1"))
            entered.set()

    with store.begin() as session:
        session.execute(text("SELECT 1"))
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.wait(0.2)
    waiting.join(granted(10))
    assert entered.is_set()
    store.close()


def test_a_locked_database_says_try_again(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.1)
    first, second = Store.open(sqlite_url), Store.open(sqlite_url)
    with first.begin() as holder:
        holder.execute(text("SELECT 1"))
        with pytest.raises(UNAVAILABLE), second.begin() as session:
            session.execute(text("SELECT 1"))
    first.close()
    second.close()


def test_what_was_loaded_stays_readable(store: Store, submit: Submit) -> None:
    (run_id,) = submit(name="Kept")
    with store.read() as session:
        run = runs.get(session, run_id)
    assert run is not None
    assert run.experiment.name == "Kept"
    assert run.state is RunState.QUEUED


def test_moments_are_utc_on_both_databases(store: Store, lease: runs.Lease) -> None:
    tokyo = datetime(2030, 1, 1, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with store.begin() as session:
        runs.write(session, lease, started_at=tokyo)
    with store.read() as session:
        run = runs.get(session, lease.run_id)
    assert run is not None
    assert run.started_at == tokyo
    assert run.started_at.tzinfo is UTC
    assert run.created_at.tzinfo is UTC


def test_a_moment_without_a_timezone_is_refused(store: Store, lease: runs.Lease) -> None:
    with pytest.raises((StatementError, AssertionError)), store.begin() as session:
        runs.write(session, lease, started_at=datetime(2030, 1, 1))


def test_bodies_hold_finite_numbers_alone(store: Store, lease: runs.Lease) -> None:
    with pytest.raises((StatementError, ValueError)), store.begin() as session:
        runs.write(session, lease, [log(value=float("nan"))])


def test_sentences_may_quote_anything(store: Store, submit: Submit) -> None:
    submit()
    lease = claim(store)
    with store.begin() as session:
        runs.finish(session, lease, RunState.FAILED, "a\0b \udc80 ü", [log("\0 \udc80 ü")])
    with store.read() as session:
        run = runs.get(session, lease.run_id)
    assert run is not None
    assert run.error == "a\N{REPLACEMENT CHARACTER}b ? ü"


def test_a_lease_outlives_an_outage_of_the_database() -> None:
    with services.postgresql() as server:
        migrate(server.url)
        store = Store.open(server.url)
        with store.begin() as session:
            experiments.create(session, SPEC, [0])
        lease = claim(store)
        for end in (server.stop, server.kill):
            end()
            with pytest.raises(UNAVAILABLE), store.begin() as session:
                runs.write(session, lease, [log()])
            server.start()
            with store.begin() as session:
                runs.write(session, lease, [log()])
        with store.read() as session:
            assert violations(session) == []
            assert session.scalar(text("SELECT count(*) FROM events")) == 3
        store.close()


def test_a_connection_that_was_cut_is_replaced(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    with store.begin() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        operator.execute("SELECT pg_terminate_backend(%s)", [pid])
    with store.begin() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != pid
    store.close()
