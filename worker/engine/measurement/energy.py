"""Counters of energy that the machine has: read where they can be, never estimated.

The processor's are RAPL's (whole packages, whatever else runs on them), the graphics card's is NVML's (the whole board).
"""

import ctypes
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
NVML = "libnvidia-ml.so.1"


@dataclass(frozen=True)
class Counter:
    """Joules since some moment; starts again at 0 when it reaches `span`."""

    read: Callable[[], float]
    span: float = float("inf")

    def since(self, before: float) -> float:
        """Joules since it stood at `before`."""
        return self.between(before, self.read())

    def between(self, before: float, now: float) -> float:
        """Joules from one reading to the next."""
        return now - before if now >= before else now + self.span - before


@dataclass(frozen=True)
class Meter:
    """Everything that counts the energy of one device."""

    name: str
    counters: Sequence[Counter]

    def of(self, work: Callable[[], None]) -> float:
        """Joules that the device took while `work` ran."""
        before = [counter.read() for counter in self.counters]
        work()
        return sum(counter.since(was) for counter, was in zip(self.counters, before, strict=True))


class Spending:
    """Energy that a device takes, reported piece by piece; nothing where no meter counts it."""

    def __init__(self, meter: Meter | None = None) -> None:
        self._counters = meter.counters if meter else ()
        self._before = [counter.read() for counter in self._counters]

    def since(self) -> float:
        """Joules since it was last asked."""
        before, self._before = self._before, [counter.read() for counter in self._counters]
        pairs = zip(self._counters, before, self._before, strict=True)
        return sum(counter.between(was, now) for counter, was, now in pairs)


def meter(device: str) -> Meter | None:
    """Meter of the energy of `device` (cpu, cuda); None where there is none, or nobody may read it."""
    found = rapl() if device == "cpu" else nvml()
    with suppress(OSError, ValueError):
        if found is not None and all(counter.read() >= 0 for counter in found.counters):
            return found
    return None


def rapl(root: Path = POWERCAP) -> Meter | None:
    """The processor packages. Their parts and the whole system's `psys` would count the same energy again."""
    packages = list(_packages(root))
    return Meter("RAPL, processor packages", packages) if packages else None


def _packages(root: Path) -> Iterator[Counter]:
    for zone in sorted(root.glob("intel-rapl:*")):
        with suppress(OSError, ValueError):
            if (zone / "name").read_text().startswith("package"):
                yield Counter(lambda zone=zone: _joules(zone / "energy_uj"), _joules(zone / "max_energy_range_uj"))  # type: ignore[misc]


def _joules(file: Path) -> float:
    return int(file.read_text()) / 1e6


def nvml(open_library: Callable[[str], Any] = ctypes.CDLL) -> Meter | None:
    """The first graphics card that this process sees; Volta and later have the counter."""
    try:
        library = open_library(NVML)
    except OSError:
        return None
    if library.nvmlInit_v2() != 0:
        return None
    card = ctypes.c_void_p()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
    if visible.isdecimal():
        missing = library.nvmlDeviceGetHandleByIndex_v2(int(visible), ctypes.byref(card))
    else:
        missing = library.nvmlDeviceGetHandleByUUID(visible.encode(), ctypes.byref(card))
    return None if missing else Meter("NVML, whole graphics card", [Counter(lambda: _board(library, card))])


def _board(library: Any, card: ctypes.c_void_p) -> float:
    millijoules = ctypes.c_ulonglong()
    if library.nvmlDeviceGetTotalEnergyConsumption(card, ctypes.byref(millijoules)) != 0:
        raise OSError("this graphics card does not count its energy")
    return millijoules.value / 1e3
