"""Farms of workers. Starting one takes seconds, a run afterwards does not: most tests share one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.director import Template
from tests.faults.farm import Farm, Worker, farm
from tests.faults.figures import table


@pytest.fixture(scope="session")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Farm, Worker]]:
    """A farm with one worker, whose trainer counts as hung after twenty seconds of silence."""
    with farm(tmp_path_factory.mktemp("farm")) as made:
        yield made, made.start(stall_seconds=20.0)[0]


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    """A process that workers can be forked from in a moment."""
    made = Template({})
    yield made
    made.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Several processes import torch one after the other: on a busy machine each takes a minute."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in table():
        terminalreporter.write_line(line)
