"""Every benchmark can be begun: what it is made of is there, and `python -m benchmarks` knows it."""

import importlib

import pytest

from benchmarks.__main__ import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_loads(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").main)


def test_one_that_is_not_there_is_caught() -> None:
    with pytest.raises(ImportError):
        importlib.import_module("benchmarks.nothing")
