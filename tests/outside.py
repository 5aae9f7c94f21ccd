"""Tells which tests need more than their own process: a database server, a broker, a browser, or processes of ours.

It is seen from the fixtures that a test uses. Servers and the browser cannot be had but by a fixture; whoever starts an
interpreter must ask for the fixture `processes`, which is held by an ear on every start of a process.
"""

import sys
from typing import Any

import pytest

FIXTURES = {"browser", "postgresql_server", "processes", "redis_server"}
KINDS = {"postgresql", "redis"}
"""Parameters that have a fixture asked for one of these servers."""

_allowed = True


def needed(item: pytest.Item) -> set[str]:
    """The fixtures and kinds of servers that the test uses."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    kinds = {value for value in parameters if isinstance(value, str)} & KINDS
    return kinds | FIXTURES & {*getattr(item, "fixturenames", ())}


def allow(processes: bool) -> None:
    """Let what runs from now on start interpreters, or not."""
    global _allowed
    _allowed = processes


def demand() -> None:
    """Raises AssertionError when what runs now may not start interpreters."""
    assert _allowed, "this test starts a process: it, or a fixture of it, must ask for the fixture `processes`"


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and details[0] == sys.executable:
        demand()


sys.addaudithook(_hear)
