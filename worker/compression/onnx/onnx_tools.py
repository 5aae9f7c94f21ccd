"""Helpers around ONNX Runtime for quantizers: they silence its tools, and check which kernels it really executes."""

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.runtimes.kernels import INT8


def multiplies_without_saturation() -> bool:
    """Returns whether this CPU has VNNI or its like: without, 8-bit products saturate unless weights use 7 bits.

    Where the kernel does not say (no /proc/cpuinfo), 7 bits are the safe answer on Intel's architecture alone.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp"))


def int8_magnitude() -> int:
    """The largest magnitude of an 8-bit weight that ONNX Runtime's tools choose for this CPU."""
    return 127 if multiplies_without_saturation() else 64


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps ONNX Runtime's quantization tools from printing, and from setting up the root logger on their own."""
    root, level = logging.getLogger(), logging.root.manager.disable
    handler = logging.NullHandler()
    root.addHandler(handler)
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(level)
        root.removeHandler(handler)


def require_int8(file: Path, sample: NDArray[np.float32]) -> None:
    """Run `file` once; ValueError when the runtime executes none of its products with 8-bit numbers."""
    from worker.runtimes.onnxruntime import executed_operators

    executed = executed_operators(file, sample)
    if not INT8 & executed.keys():
        raise ValueError(
            "quantization would have no effect: ONNX Runtime executes none of this model's layers in 8 bits on this "
            f"machine, only {', '.join(executed)}; leave the stage out, or use another quantizer"
        )
