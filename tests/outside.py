"""Tells which tests need more than their own process: a database server, a broker, a browser, or processes of ours.

The fixtures of a test tell it. Servers and the browser come from fixtures alone. A test that starts an interpreter, or does
the work of a supervisor and its trainer, asks for the fixture `processes`: an audit hook hears every start of a process.
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
    """Raises AssertionError when what runs now may neither start interpreters nor work as they do."""
    assert _allowed, "this test starts processes, or works as they do: it must ask for the fixture `processes`"


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen" and details[0] == sys.executable:
        demand()


sys.addaudithook(_hear)
