"""Sets up torch on this machine for exact results, and describes the machine."""

import os
import platform
from functools import cache
from typing import Any

import torch

from backend.domain.settings import Settings
from worker.engine.measurement.energy import meter


def prepare(settings: Settings) -> str:
    """Set torch's threads and determinism for this process; returns the device to compute on."""
    torch.set_num_threads(settings.threads_of(cores()))
    _warm_up()
    if not torch.cuda.is_available():
        return "cpu"
    # cuBLAS reads this when its first handle is made; without it deterministic mode is refused.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    return "cuda"


@cache
def _warm_up() -> None:
    """Takes one empty step: torch loads half of its code (two seconds) with the first optimizer of a process."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.0)
    torch.autograd.backward(weight.sum())
    optimizer.step()


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine(device: str) -> str:
    """Name of the hardware that calls on `device` (cpu, cuda) take their time on: `AMD EPYC 7B13, 2 cores`."""
    if device == "cuda":
        return str(torch.cuda.get_device_properties(0).name)
    return f"{_processor()}, {cores()} core{'s' * (cores() > 1)}"


def describe() -> dict[str, Any]:
    """Description of this machine for people; plain JSON."""
    description: dict[str, Any] = {
        "kind": "cuda" if torch.cuda.is_available() else "cpu",
        "name": _processor(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "torch": str(torch.__version__),
    }
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        description |= {"name": properties.name, "memory_bytes": properties.total_memory}
    counted = meter(description["kind"])
    return description | ({"energy": counted.name} if counted else {})


def _processor() -> str:
    """The CPU's own name where the system tells it, else its architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
