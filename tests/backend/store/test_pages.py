"""Runs page by page: stable under inserts, on every sort, with nothing injected."""

import base64
import json

import pytest
from sqlalchemy import update

from backend.domain.run.states import RunState
from backend.store import runs
from backend.store.run_listing import SORTS, PageInvalid
from backend.store.session import Store
from backend.store.tables import Run
from tests.backend.store.conftest import Submit, claim


def walk(store: Store, *, between: object = None, **query: object) -> list[str]:
    """Every page's runs, one after the other; `between` is called after each page."""
    ids, cursor = list[str](), None
    while True:
        with store.read() as session:
            page, cursor = runs.page(session, cursor=cursor, **query)  # type: ignore[arg-type]
        ids += [run.id for run in page]
        if cursor is None:
            return ids
        if callable(between):
            between()


def names(store: Store, **query: object) -> list[str]:
    with store.read() as session:
        return sorted(run.experiment.name for run in runs.page(session, **query)[0])  # type: ignore[arg-type]


def test_pages_hold_each_run_once_on_every_sort(store: Store, submit: Submit) -> None:
    ids = {*submit(4, name="b"), *submit(5, name="a"), *submit(2, name="ä")}
    for step in range(5):
        lease = claim(store)
        with store.begin() as session:
            runs.write(session, lease, step=step % 2, active_seconds=step / 2)
            if step % 2:
                runs.finish(session, lease, RunState.SUCCEEDED)
    for sort in SORTS:
        walked = walk(store, sort=sort, descending=True, limit=2)
        assert len(walked) == 11
        assert set(walked) == ids
        with store.read() as session:
            whole, _ = runs.page(session, sort=sort, descending=True, limit=100)
        assert walked == [run.id for run in whole]
        assert walked == walk(store, sort=sort, descending=False, limit=3)[::-1]


def test_pages_stay_right_while_runs_are_added(store: Store, submit: Submit) -> None:
    ids = submit(9)
    assert walk(store, limit=2, between=lambda: submit(1)) == ids[::-1]


def test_runs_are_found_by_state_name_and_id(store: Store, submit: Submit) -> None:
    (first,) = submit(name="LeNet on digits")
    submit(name="100% _sure_")
    submit(name="MLP")
    claim(store)
    assert names(store, states=[RunState.RUNNING]) == ["LeNet on digits"]
    assert names(store, states=[RunState.QUEUED, RunState.FAILED]) == ["100% _sure_", "MLP"]
    assert names(store, search="lenet") == ["LeNet on digits"]
    assert names(store, search=first[:8]) == ["LeNet on digits"]
    assert names(store, search="%") == names(store, search="_") == ["100% _sure_"]
    assert names(store, search="'; DROP TABLE runs; --") == names(store, search="\0") == []


def test_runs_are_counted_by_state(store: Store, submit: Submit) -> None:
    submit(3)
    claim(store)
    with store.read() as session:
        counts = runs.counts(session)
    assert counts == {**dict.fromkeys(RunState, 0), RunState.QUEUED: 2, RunState.RUNNING: 1}


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    ("sort", "bad"),
    [
        ("step", "nonsense"), ("step", "ü"), ("step", ""), ("step", cursor()), ("step", cursor("name", "a", "id")),
        ("step", cursor("step", "a", "id")), ("step", cursor("step", True, "id")), ("step", cursor("step", 10**30, "id")),
        ("step", cursor("step", 1, None)), ("step", cursor("step", 1, "\0")), ("name", cursor("name", "\ud800", "id")),
        ("created_at", cursor("created_at", "yesterday", "id")), ("created_at", cursor("created_at", "2030-01-01", "id")),
        ("active_seconds", cursor("active_seconds", float("nan"), "id")),
        ("state", base64.urlsafe_b64encode(b"[" * 100_000).decode()),
    ],
)  # fmt: skip
def test_a_damaged_cursor_is_refused(store: Store, sort: str, bad: str) -> None:
    with store.read() as session, pytest.raises(PageInvalid, match="The cursor does not belong to this list"):
        runs.page(session, sort=sort, cursor=bad)


def test_a_cursor_at_a_state_that_no_longer_exists(store: Store, submit: Submit) -> None:
    submit(2)
    with store.read() as session:
        assert len(runs.page(session, sort="state", descending=False, cursor=cursor("state", "melted", ""))[0]) == 2


def test_an_unknown_sort_is_refused_with_what_is_known(store: Store) -> None:
    with (
        store.read() as session,
        pytest.raises(PageInvalid, match="cannot be sorted by 'password'; choose one of created_at"),
    ):
        runs.page(session, sort="password")


def test_runs_that_never_started_come_last_when_the_latest_come_first(store: Store, submit: Submit) -> None:
    first, second = submit(2)
    claim(store)
    with store.begin() as session:
        session.execute(update(Run).where(Run.id == second).values(started_at=None))
    assert walk(store, sort="started_at", limit=1) == [first, second]
