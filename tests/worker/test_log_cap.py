"""A run's log is bounded, says so itself, and nothing but its lines is dropped."""

from collections.abc import Sequence

import pytest

from backend.domain.run.events import EventKind, NewEvent
from worker.pipe.messages import Happened
from worker.supervisor import write_batch
from worker.supervisor.write_batch import WriteBatch

LINE = Happened(EventKind.LOG, {"level": "info", "text": "so far, so good"})
ERROR = Happened(EventKind.LOG, {"level": "error", "text": "this is why"})
BEGAN = Happened(EventKind.STAGE_BEGAN, {"stage": 0, "kind": "train", "label": "train", "step": 0})


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_batch, "MOST_LINES", 5)
    monkeypatch.setattr(write_batch, "SPARE_LINES", 2)


def texts(written: Sequence[NewEvent]) -> list[str]:
    return [event.body["text"] for event in written if event.kind is EventKind.LOG]


def test_the_last_line_says_that_no_more_are_kept() -> None:
    first = WriteBatch(0, {}).next([LINE] * 3)
    second = first.next([LINE] * 100)
    assert texts(first.events) == ["so far, so good"] * 3
    assert texts(second.events) == ["so far, so good", "The log has 5 lines: further lines are not kept."]
    assert texts(second.next([LINE] * 100).events) == []


def test_nothing_else_is_dropped_and_errors_have_room_of_their_own() -> None:
    full = WriteBatch(0, {}).next([LINE] * 100)
    later = full.next([LINE, BEGAN, ERROR, LINE, BEGAN, ERROR, ERROR])
    assert texts(later.events) == ["this is why"] * 2
    assert [event.kind for event in later.events].count(EventKind.STAGE_BEGAN) == 2


def test_the_next_worker_goes_on_counting() -> None:
    assert texts(WriteBatch(0, {}, lines=4).next([LINE] * 100).events) == [
        "The log has 5 lines: further lines are not kept."
    ]
    assert WriteBatch(0, {}, lines=5).next([LINE] * 100).events == []
