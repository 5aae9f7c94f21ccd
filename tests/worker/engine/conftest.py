"""Settings of the engine's tests."""

from pathlib import Path

import pytest

from backend.domain.settings import Settings
from tests.worker.engine.harness import settings_for
from worker.engine import reporter


@pytest.fixture
def settings(tmp_path: Path, processes: None) -> Settings:
    return settings_for(tmp_path)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, processes: None) -> Settings:
    """Flushes every seven steps, whatever the clock says, and takes a checkpoint with each flush."""
    monkeypatch.setattr(reporter, "FLUSH_SECONDS", 1e6)
    monkeypatch.setattr(reporter, "MOST_STEPS", 7)
    return settings_for(tmp_path, checkpoint_seconds=1e-9)
