"""Farms of workers. Starting one takes seconds, a run afterwards does not: most tests share one."""

from collections.abc import Iterator

import pytest

from tests.faults.farm import Farm, Worker, farm
from tests.faults.figures import table


@pytest.fixture(autouse=True)
def _real(processes: None) -> None:
    """Nothing here is played."""


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Iterator[tuple[Farm, Worker]]:
    """A farm with one worker, whose trainer counts as hung after twenty seconds of silence."""
    with farm(tmp_path_factory.mktemp("farm")) as made:
        yield made, made.start(stall_seconds=20.0)[0]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in table():
        terminalreporter.write_line(line)
