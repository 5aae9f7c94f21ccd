"""Patience ends, and grows with the machine's load."""

import time

import pytest

from tests import patience
from tests.patience import Stopwatch, granted, until


def test_what_does_not_come_is_told() -> None:
    with pytest.raises(AssertionError, match=r"the end did not come within 0\.05 s"):
        until(lambda: None, 0.05, "the end")


def test_what_comes_is_returned() -> None:
    assert until(iter([0, 0, 3]).__next__, 60, "a number") == 3


def test_a_busy_machine_is_granted_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "slowness", lambda: 1.0)
    quiet, watch = granted(1.0), Stopwatch()
    time.sleep(0.05)
    assert watch.seconds >= 0.05
    monkeypatch.setattr(patience, "slowness", lambda: 1000.0)
    assert granted(1.0) == 1000 * quiet
    busy = Stopwatch()
    time.sleep(0.05)
    assert busy.seconds < 0.01
