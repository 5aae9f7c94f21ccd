"""Tests that need more than their own process are known before they run."""

import subprocess
import sys

import pytest

from tests import outside


def start() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def test_who_starts_a_process_without_asking_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "_allowed", False)
    with pytest.raises(AssertionError, match="must ask for the fixture `processes`"):
        start()


def test_who_asks_may(processes: None, request: pytest.FixtureRequest) -> None:
    start()
    assert outside.needed(request.node) == {"processes"}


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_kinds_of_servers_are_needed(server: str, request: pytest.FixtureRequest) -> None:
    assert outside.needed(request.node) == {server} - {"sqlite"}
