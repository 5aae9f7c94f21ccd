"""PyTorch: runs `.pt2` files, programs that torch.export has written."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from worker.runtimes import Call, Floats

TITLE = "torch.export"


def lacks(device: str) -> str | None:
    if device == "cpu" or torch.cuda.is_available():
        return None
    return "PyTorch sees no CUDA device on this worker; use `cpu`, or run it on a worker with a GPU"


class TorchSession:
    """The program as `torch.export.load(file).module()` gives it, without gradients."""

    name = f"torch {torch.__version__.partition('+')[0]}"

    def __init__(self, file: str, device: str, threads: int) -> None:
        torch.set_num_threads(threads)
        self._device = torch.device(device)
        program = torch.export.load(file)
        if device != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, device)
        self._module = program.module()

    def call(self, batch: NDArray[Any]) -> Call:
        return partial(self._run, torch.tensor(batch))

    @torch.inference_mode()
    def _run(self, batch: Tensor) -> list[Floats]:
        """The copy of the outputs waits for the device."""
        return [self._module(batch.to(self._device)).cpu().numpy()]

    def operators(self, sample: NDArray[Any]) -> dict[str, int]:
        call = self.call(sample)
        with _Counting() as counting:
            call()
        return dict(sorted(counting.seen.items()))


def load(file: str, device: str, threads: int) -> TorchSession:
    return TorchSession(file, device, threads)


class _Counting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the operators that reach a kernel; changes of shape, which move no data, are left out."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        if not function.is_view:
            self.seen[function.overloadpacket.__name__] += 1
        return function(*arguments, **(options or {}))
