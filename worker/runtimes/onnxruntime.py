"""ONNX Runtime: runs `.onnx` files, and coded ones after it has decoded them."""

import json
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from worker import codec
from worker.runtimes import Call

TITLE = "ONNX Runtime"
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def lacks(device: str) -> str | None:
    if PROVIDERS[device] in onnxruntime.get_available_providers():
        return None
    return "this worker's ONNX Runtime has no CUDA provider; use `cpu`, or install onnxruntime-gpu on the worker"


class OnnxSession:
    """The file with every optimization of the runtime. `options` are the runtime's own."""

    name = f"onnxruntime {onnxruntime.__version__}"

    def __init__(self, file: str | Path, device: str, threads: int, **options: Any) -> None:
        self._file, self._device = file, device
        model = _model(Path(file))
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        settings.log_severity_level = 3
        for name, value in options.items():
            setattr(settings, name, value)
        self._session = onnxruntime.InferenceSession(model, settings, providers=[PROVIDERS[device]])
        self._input = self._session.get_inputs()[0].name

    def call(self, batch: NDArray[Any]) -> Call:
        return partial(self._session.run, None, {self._input: np.ascontiguousarray(batch)})

    def operators(self, sample: NDArray[Any]) -> dict[str, int]:
        return executed_operators(self._file, sample, self._device)

    def profile(self) -> list[dict[str, Any]]:
        """Records since a session with `enable_profiling` began."""
        events: list[dict[str, Any]] = json.loads(Path(self._session.end_profiling()).read_text())
        return events


def _model(file: Path) -> str | bytes:
    """Model for the runtime: the file's name, or the ONNX file that a coded one holds."""
    with file.open("rb") as stream:
        return codec.decode(stream.read()) if codec.is_coded(stream.peek(16)) else str(file)


def load(file: str | Path, device: str, threads: int) -> OnnxSession:
    return OnnxSession(file, device, threads)


def executed_operators(file: str | Path, inputs: NDArray[Any], device: str = "cpu") -> dict[str, int]:
    """The kernels that one call really runs, by operator type, as the runtime's own profile lists them."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = str(Path(folder) / "profile")
        session = OnnxSession(file, device, 1, enable_profiling=True, profile_file_prefix=prefix)
        session.call(inputs)()
        events = session.profile()
    kernels = [event for event in events if event["cat"] == "Node" and event["name"].endswith("_kernel_time")]
    return dict(sorted(Counter(kernel["args"]["op_name"] for kernel in kernels).items()))
