"""Diagnostics on quantization: which kernels ran, and the cost of converting between number formats."""

from backend.domain.run.results import StageResult
from worker.engine.measurement.facts import file_of, pairs, stage_of
from worker.runtimes.kernels import CONVERSION, FLOAT, INT8, UNPACKING

HALF = (0.45, 0.65)  # relative sizes of a file with weights in half as many bits, biases and the graph as they were


def no_int8_kernel(after: StageResult, before: StageResult) -> str | None:
    """Reports that a quantized file is still computed in floating point."""
    if (
        not stage_of(after).quantizes
        or INT8 & file_of(after).operators.keys()
        or _unpacking(after)
        or _cast(after, before)
    ):
        return None
    return "No 8-bit kernel was executed: the file is smaller, but the runtime computes in floating point."


def float_layers_left(after: StageResult, before: StageResult) -> str | None:
    """Reports layers that the quantizer left in floating point."""
    operators = file_of(after).operators
    left = {name: number for name, number in operators.items() if name in FLOAT}
    if not stage_of(after).quantizes or not left or not INT8 & operators.keys():
        return None
    quantized = sum(number for name, number in operators.items() if name in INT8)
    named = ", ".join(f"{number} {name}" for name, number in left.items())
    total = sum(left.values()) + quantized
    return f"{quantized} of {total} layers compute in 8 bits; still in floating point: {named}."


def conversion_cost(after: StageResult, before: StageResult) -> str | None:
    """Reports that the conversion between floating point and 8 bits costs time."""
    if not stage_of(after).quantizes:
        return None
    slow = [str(pair.now.batch_size) for pair in pairs(after, before) if pair.ungained]
    operators = file_of(after).operators
    if not INT8 & operators.keys():
        return None
    conversions = sum(number for name, number in operators.items() if name in CONVERSION or name.startswith("Dynamic"))
    if not slow or not conversions:
        return None
    return (
        f"No faster at batch {' and '.join(slow)}: {conversions} of {sum(operators.values())} operators convert between "
        "floating point and 8 bits, which costs more there than 8-bit arithmetic saves."
    )


def unpacked_in_each_call(after: StageResult, before: StageResult) -> str | None:
    """Reports that weights in fewer bits are unpacked to floats before each multiplication."""
    kernels = _unpacking(after)
    slow = [pair for pair in pairs(after, before) if pair.ungained]
    if not kernels or not slow:
        return None
    slower = any(pair.outcome == "slower" for pair in slow)
    batches = " and ".join(str(pair.now.batch_size) for pair in slow)
    named = ", ".join(f"{number} {name}" for name, number in kernels.items())
    return (
        f"{'Slower than before' if slower else 'No faster'} at batch {batches}: dequantization overhead; the weights are "
        f"unpacked to floating point in each call ({named}), so only bytes are saved. `static_int8` computes in 8 bits."
    )


def half_computed_in_float32(after: StageResult, before: StageResult) -> str | None:
    """Reports that a processor without half-precision kernels computes in float32."""
    if not _cast(after, before):
        return None
    return (
        "Half the bytes, computed in float32: the runtime casts the weights once, when it loads the file, and multiplies "
        "as before, so a call is no faster."
    )


def _unpacking(result: StageResult) -> dict[str, int]:
    """The executed kernels that make floats of packed weights; none in a file that computes in 8 bits."""
    operators = file_of(result).operators
    if not stage_of(result).quantizes or INT8 & operators.keys():
        return {}
    return {name: number for name, number in operators.items() if name in UNPACKING}


def _cast(after: StageResult, before: StageResult) -> bool:
    """Returns whether the file has half the bytes and the runtime does the same products on it, without casts."""
    new, old = file_of(after), file_of(before)
    products = [{name: number for name, number in file.operators.items() if name in FLOAT} for file in (new, old)]
    casts = new.operators.get("Cast", 0) > old.operators.get("Cast", 0)
    halved = HALF[0] * old.bytes < new.bytes < HALF[1] * old.bytes
    return stage_of(after).quantizes and halved and products[0] == products[1] and not casts
