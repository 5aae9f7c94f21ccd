"""Quantizers: fewer bits for each number, in the artifact that is really shipped."""

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.companion import Companion
from worker.component import Component
from worker.context import Context
from worker.engine.kernels import INT8
from worker.subject import Subject


class Quantizer(Component, family="quantizers", default="dynamic_int8"):
    """Fewer bits for each number."""

    def quantize(self, subject: Subject, context: Context) -> Subject:
        """The subject whose artifacts are converted by this quantizer."""
        return replace(subject, quantizer=self)

    def companion(self) -> Companion | None:
        """What lets the model act quantized while it is trained after `quantize`; None where it trains as it is."""
        return None

    def convert(self, source: Path, target: Path, calibration: NDArray[np.float32]) -> None:
        """Read the float ONNX file `source`, write the quantized one to `target`.

        `calibration` [n, *input_shape] is taken from the training split. Raises ValueError with the reason when
        this machine's runtime would fall back to float.
        """
        raise NotImplementedError

    def label(self) -> str:
        """How it is called on the timeline, with what matters most of its parameters."""
        return self.kind.replace("_", " ")


def multiplies_without_saturation() -> bool:
    """Whether this CPU has VNNI or its like: without, sums of 8-bit products saturate unless weights use 7 bits.

    Where the kernel does not say (no /proc/cpuinfo), 7 bits are the safe answer on Intel's architecture alone.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return any(flag in flags for flag in ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp"))


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
    from worker.engine.runtimes.onnxruntime import executed_operators

    executed = executed_operators(file, sample)
    if not INT8 & executed.keys():
        raise ValueError(
            "quantization would be without effect: ONNX Runtime executes none of this model's layers in 8 bits on this "
            f"machine, only {', '.join(executed)}; leave the stage out or take another quantizer"
        )
