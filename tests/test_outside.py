"""Tests that need more than their own process are known before they run."""

import subprocess
import sys

import pytest

from tests.outside import needed


def test_who_starts_a_process_without_asking_is_caught() -> None:
    with pytest.raises(AssertionError, match="must ask for the fixture `processes`"):
        subprocess.run([sys.executable, "-c", ""], check=True)


def test_who_asks_may(processes: None, request: pytest.FixtureRequest) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert needed(request.node) == {"processes"}


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_kinds_of_servers_are_needed(server: str, request: pytest.FixtureRequest) -> None:
    assert needed(request.node) == {server} - {"sqlite"}
