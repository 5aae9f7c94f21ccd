"""Energy is read from counters, and is nothing where there are none."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from worker.engine.measurement import energy, measure_artifact
from worker.engine.measurement.energy import Counter, Meter
from worker.engine.measurement.measure_artifact import Timing

TIMING = Timing(
    5, 1.0, 1.0, 0.0, 1, 1.0, None, None, 1.0, 1.0, None, busy=False, others_busy=None, ended="budget", ratios=[]
)


def zone(root: Path, name: str, label: str, microjoules: int, span: int = 1_000_000) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for file, content in (("name", label), ("energy_uj", microjoules), ("max_energy_range_uj", span)):
        (folder / file).write_text(f"{content}\n")
    return folder


def test_the_packages_are_counted_once(tmp_path: Path) -> None:
    zones = [zone(tmp_path, f"intel-rapl:{index}", f"package-{index}", 100_000) for index in (0, 1)]
    part = zone(tmp_path, "intel-rapl:0:0", "core", 70_000)
    system = zone(tmp_path, "intel-rapl:2", "psys", 300_000)
    meter = energy.rapl(tmp_path)
    assert meter is not None

    def work() -> None:
        for folder in (*zones, part, system):
            (folder / "energy_uj").write_text("350000")

    assert meter.of(work) == pytest.approx(0.5)


def test_a_counter_that_began_again_is_read_right(tmp_path: Path) -> None:
    folder = zone(tmp_path, "intel-rapl:0", "package-0", 900_000)
    meter = energy.rapl(tmp_path)
    assert meter is not None

    def work() -> None:
        (folder / "energy_uj").write_text("200000")

    assert meter.of(work) == pytest.approx(0.3)


def test_what_is_not_there_or_may_not_be_read_counts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    assert energy.rapl(tmp_path / "nowhere") is None

    def refused() -> float:
        raise PermissionError("root alone may read it")

    monkeypatch.setattr(energy, "rapl", lambda: Meter("RAPL", [Counter(refused)]))
    monkeypatch.setattr(energy, "nvml", lambda: None)
    assert energy.meter("cpu") is energy.meter("cuda") is None
    timing = TIMING
    assert measure_artifact._with_energy(timing, None, None, None) is timing  # type: ignore[arg-type]


class Library:
    """NVML as far as it is asked: one card, or one that does not count."""

    def __init__(self, counts: bool = True) -> None:
        self.millijoules, self.counts, self.requested = 5_000, counts, ""
        self.nvmlInit_v2 = lambda: 0
        self.nvmlDeviceGetHandleByIndex_v2 = lambda index, card: self._handle(f"index {index}")
        self.nvmlDeviceGetHandleByUUID = lambda uuid, card: self._handle(uuid.decode())
        self.nvmlDeviceGetTotalEnergyConsumption = self._energy

    def _handle(self, requested: str) -> int:
        self.requested = requested
        return 0 if requested.startswith(("index", "GPU-")) else 6

    def _energy(self, card: Any, millijoules: Any) -> int:
        ctypes.cast(millijoules, ctypes.POINTER(ctypes.c_ulonglong)).contents.value = self.millijoules
        return 0 if self.counts else 3


@pytest.mark.parametrize(("visible", "requested"), [(None, "index 0"), ("3,1", "index 3"), ("GPU-8a,GPU-1", "GPU-8a")])
def test_the_card_that_is_used_is_read(visible: str | None, requested: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    library = Library()
    meter = energy.nvml(lambda name: library)
    assert meter is not None and library.requested == requested
    assert meter.of(lambda: setattr(library, "millijoules", 7_500)) == pytest.approx(2.5)


def test_a_card_that_is_hidden_or_does_not_count_is_no_meter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert energy.nvml(lambda name: Library()) is None
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(energy, "nvml", lambda found=energy.nvml: found(lambda name: Library(counts=False)))
    assert energy.meter("cuda") is None

    def missing(name: str) -> Any:
        raise OSError(name)

    monkeypatch.undo()
    assert energy.nvml(missing) is None


def test_a_sample_has_its_share_of_what_a_call_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that takes 10 W, and calls of 1 ms at batch 5: 10 mJ a call, 2 mJ a sample."""
    clock = [0]

    class Session:
        def call(self, batch: Any) -> Any:
            return lambda: clock.__setitem__(0, clock[0] + 1_000_000)

    monkeypatch.setattr(measure_artifact.time, "perf_counter_ns", lambda: clock[0])
    meter = Meter("10 W", [Counter(lambda: 10 * clock[0] / 1e9)])
    timing = TIMING
    found = measure_artifact._with_energy(timing, Session(), np.zeros((2, 3)), meter)  # type: ignore[arg-type]
    assert found.energy_mj == pytest.approx(2.0) and found.energy_spread_mj == pytest.approx(0.0)
