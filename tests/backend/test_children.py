"""The launcher's children: started again with a pause that grows, which is said."""

import os
import sys

import pytest

from backend.children import Child, say
from tests.patience import until

pytestmark = pytest.mark.usefixtures("processes")


def lines(capsys: pytest.CaptureFixture[str], child: Child, number: int) -> list[str]:
    """Messages about the child, up to a number of lines."""
    said: list[str] = []

    def heard() -> bool:
        child.tend()
        said.extend(capsys.readouterr().err.splitlines())
        return len(said) >= number

    until(heard, 60, f"line {number}")
    return said


def test_one_that_keeps_ending_is_started_later_and_later(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("API", [sys.executable, "-c", "import sys; sys.exit(3)"], dict(os.environ))
    assert lines(capsys, child, 3) == [
        f"The API ended (exit code 3); starting it again in {seconds} s." for seconds in (1, 2, 4)
    ]


def test_one_that_cannot_be_started_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    child = Child("worker", ["/nowhere/at/all"], {})
    assert lines(capsys, child, 2) == [
        f"The worker cannot be started (No such file or directory); starting it again in {seconds} s."
        for seconds in (1, 2)
    ]


def test_a_terminal_that_is_gone_ends_nobody() -> None:
    with open("/dev/full", "w", closefd=True) as stream:  # noqa: PTH123
        say("unheard", stream)
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is left in its buffer has to go somewhere
