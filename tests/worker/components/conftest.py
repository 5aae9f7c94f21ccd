"""Fixtures for tests that add components of their own."""

import sys
from collections.abc import Iterator

import pytest

from tests.worker.components import registry
from worker.components.datasets import cifar10
from worker.contracts import component

COUNTS = ("train", "validation", "test", "bytes")


@pytest.fixture(scope="module")
def small_cifar10() -> Iterator[None]:
    """A tenth of CIFAR-10's images, in all its files and counts: the whole fills hundreds of megabytes, again and again."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("RECORDS", "VALIDATION"):
            patch.setattr(cifar10, name, getattr(cifar10, name) // 10)
        facts = cifar10.CIFAR10.facts
        patch.setattr(cifar10.CIFAR10, "facts", {**facts, **{name: facts[name] // 10 for name in COUNTS}})
        yield


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
