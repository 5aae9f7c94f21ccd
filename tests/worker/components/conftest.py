"""Fixtures for tests that add components of their own."""

import sys
from collections.abc import Iterator

import pytest

from tests.worker.components import registry
from worker.contracts import component


@pytest.fixture
def forget() -> Iterator[None]:
    """Leave the registry as it was: other tests run over all of it."""
    assert registry.EVERY  # all built-in components are known before any is added
    known = {family: dict(kinds) for family, kinds in component._kinds.items()}
    yield
    for family, kinds in component._kinds.items():
        kinds.clear()
        kinds.update(known[family])
    for name in [name for name in sys.modules if name.startswith("lathe_plugins.")]:
        del sys.modules[name]
