"""Lathe as it is installed from its wheel: everything, and the client alone."""

from pathlib import Path

import pytest

from tests.lathe.installing import ROOT, Installed, install, wheel


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def everything(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(built, "all", tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="session")
def client_alone(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(built, "", tmp_path_factory.mktemp("client"))
