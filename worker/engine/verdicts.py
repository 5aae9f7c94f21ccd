"""What a stage gained and what it did not, and why: plain words from measured facts alone.

Each verdict is a pure function of a stage's result and the one before it, and answers with a sentence or None.
"""

from collections.abc import Callable, Iterator

from backend.spec.results import ArtifactMeasure, Latency, StageResult
from worker.engine.kernels import CONVERSION, FLOAT, INT8, UNPACKING

Verdict = Callable[[StageResult, StageResult], str | None]

SAME_SIZE = 0.02  # relative difference of two file sizes that is not worth a word
HALF = (0.45, 0.65)  # relative sizes of a file with weights in half as many bits, biases and the graph as they were


def verdicts(after: StageResult, before: StageResult | None) -> list[str]:
    """Every sentence that the facts support; none for the first stage."""
    if before is None or _ran(after) is None or _ran(before) is None:
        return []
    return [sentence for verdict in VERDICTS if (sentence := verdict(after, before))]


def file_size(after: StageResult, before: StageResult) -> str | None:
    """How the bytes on disk changed."""
    new, old = _file(after).bytes, _file(before).bytes
    if abs(new - old) <= SAME_SIZE * old:
        return None
    change = f"{old / new:.2f} times smaller" if new < old else f"{new / old:.2f} times larger"
    return f"The file is {change}: {_bytes(new)}, before {_bytes(old)}."


def speed(after: StageResult, before: StageResult) -> str | None:
    """How the median call changed, where the change is larger than the spread of the calls.

    Equal operators on equal shapes are the same work: a difference there is the machine's.
    """
    if after.flops == before.flops and _file(after).operators == _file(before).operators:
        return None
    parts = []
    for new, old in _pairs(after, before):
        if _differs(new, old):
            change = "faster" if new.p50_ms < old.p50_ms else "slower"
            ratio = max(new.p50_ms, old.p50_ms) / min(new.p50_ms, old.p50_ms)
            parts.append(f"{ratio:.2f} times {change} at batch {new.batch_size} ({new.device})")
    return f"A call is {', '.join(parts)}." if parts else None


def masked_not_removed(after: StageResult, before: StageResult) -> str | None:
    """Zeros are stored and multiplied like any other number."""
    new, old = _file(after), _file(before)
    if after.parameters != before.parameters or after.nonzero > 0.98 * before.nonzero:
        return None
    if abs(new.bytes - old.bytes) > SAME_SIZE * old.bytes:
        return None
    zeros = 100 * (1 - after.nonzero / after.parameters)
    packed = f"gzip -6 makes it {_bytes(new.gzip_bytes)}, before {_bytes(old.gzip_bytes)}"
    return (
        f"{zeros:.3g} % of the parameters are zero but masked, not removed: the file keeps its size ({packed}), and "
        "dense kernels multiply by the zeros; removing channels shrinks the tensors themselves."
    )


def launch_bound(after: StageResult, before: StageResult) -> str | None:
    """Less arithmetic does not help where a call's fixed cost is what takes the time."""
    if not after.flops or not before.flops or after.flops > 0.8 * before.flops:
        return None
    for new, old in _pairs(after, before):
        if new.batch_size == 1 and new.p50_ms > 0.9 * old.p50_ms:
            return (
                f"At batch 1 a call takes {_ms(new.p50_ms)} although the arithmetic fell to "
                f"{100 * after.flops / before.flops:.0f} %: the fixed cost of starting each operator dominates; "
                "larger batches or fewer operators help."
            )
    return None


def unaligned_channels(after: StageResult, before: StageResult) -> str | None:
    """The runtime's fast convolutions work on blocks of channels."""
    if not after.flops or not before.flops or after.flops > 0.8 * before.flops:
        return None
    new, old = _file(after).operators, _file(before).operators
    names = [name for name in ("FusedConv", "ReorderInput", "ReorderOutput") if new.get(name, 0) > old.get(name, 0)]
    if not names:
        return None
    return (
        "The numbers of channels that are left do not fill the runtime's blocks (16 channels with AVX-512, 8 with AVX2), "
        f"which costs {', '.join(f'{new[name] - old.get(name, 0)} {name}' for name in names)} more; `round_to: 16` avoids it."
    )


def no_int8_kernel(after: StageResult, before: StageResult) -> str | None:
    """A quantized file may still be computed in float."""
    if after.kind != "quantize" or INT8 & _file(after).operators.keys() or _unpacking(after) or _cast(after, before):
        return None
    return "No 8-bit kernel was executed: the file is smaller, but the runtime computes in floating point."


def float_layers_left(after: StageResult, before: StageResult) -> str | None:
    """Layers that a quantizer left alone."""
    operators = _file(after).operators
    left = {name: number for name, number in operators.items() if name in FLOAT}
    if after.kind != "quantize" or not left or not INT8 & operators.keys():
        return None
    quantized = sum(number for name, number in operators.items() if name in INT8)
    named = ", ".join(f"{number} {name}" for name, number in left.items())
    total = sum(left.values()) + quantized
    return f"{quantized} of {total} layers compute in 8 bits; still in floating point: {named}."


def conversion_cost(after: StageResult, before: StageResult) -> str | None:
    """Going from float to 8 bits and back is work too."""
    if after.kind != "quantize":
        return None
    slow = [str(new.batch_size) for new, old in _pairs(after, before) if new.p50_ms > 0.95 * old.p50_ms]
    operators = _file(after).operators
    if not INT8 & operators.keys():
        return None
    conversions = sum(number for name, number in operators.items() if name in CONVERSION or name.startswith("Dynamic"))
    if not slow or not conversions:
        return None
    return (
        f"No faster at batch {' and '.join(slow)}: {conversions} of {sum(operators.values())} operators convert between "
        "floating point and 8 bits, which costs more there than 8-bit arithmetic saves."
    )


def already_folded(after: StageResult, before: StageResult) -> str | None:
    """The runtime folds batch normalization by itself."""
    if after.kind != "fold" or _file(after).operators != _file(before).operators:
        return None
    return (
        "Both files run the same operators: ONNX Runtime already folds batch normalization when it loads a file, so "
        "folding saves bytes and other runtimes' time, but none here."
    )


# ---- weights stored in fewer bits, computed with in float


def unpacked_in_each_call(after: StageResult, before: StageResult) -> str | None:
    """Weights that are stored in fewer bits are floats again before they are multiplied."""
    kernels = _unpacking(after)
    slow = [(new, old) for new, old in _pairs(after, before) if new.p50_ms > 0.95 * old.p50_ms]
    if not kernels or not slow:
        return None
    slower = any(_differs(new, old) and new.p50_ms > old.p50_ms for new, old in slow)
    batches = " and ".join(str(new.batch_size) for new, _ in slow)
    named = ", ".join(f"{number} {name}" for name, number in kernels.items())
    return (
        f"{'Slower than before' if slower else 'No faster'} at batch {batches}: dequantization overhead; the weights are "
        f"unpacked to floating point in each call ({named}), and what is saved are bytes. `static_int8` computes in 8 bits."
    )


def half_computed_in_float32(after: StageResult, before: StageResult) -> str | None:
    """A processor without half-precision kernels."""
    if not _cast(after, before):
        return None
    return (
        "Half the bytes, computed in float32: the runtime casts the weights once, when it loads the file, and multiplies "
        "as before, so a call is no faster."
    )


def _unpacking(result: StageResult) -> dict[str, int]:
    """The executed kernels that make floats of packed weights; none in a file that computes in 8 bits."""
    operators = _file(result).operators
    if result.kind != "quantize" or INT8 & operators.keys():
        return {}
    return {name: number for name, number in operators.items() if name in UNPACKING}


def _cast(after: StageResult, before: StageResult) -> bool:
    """Whether the file has about half the bytes and the runtime does the same products on it, with no cast in a call."""
    new, old = _file(after), _file(before)
    products = [{name: number for name, number in file.operators.items() if name in FLOAT} for file in (new, old)]
    casts = new.operators.get("Cast", 0) > old.operators.get("Cast", 0)
    halved = HALF[0] * old.bytes < new.bytes < HALF[1] * old.bytes
    return after.kind == "quantize" and halved and products[0] == products[1] and not casts


VERDICTS: tuple[Verdict, ...] = (
    file_size,
    speed,
    masked_not_removed,
    launch_bound,
    unaligned_channels,
    no_int8_kernel,
    float_layers_left,
    conversion_cost,
    already_folded,
    unpacked_in_each_call,
    half_computed_in_float32,
)


def _ran(result: StageResult) -> ArtifactMeasure | None:
    """The measured file that a runtime has run."""
    return next((measure for measure in result.measures if measure.runtime), None)


def _file(result: StageResult) -> ArtifactMeasure:
    found = _ran(result)
    assert found is not None
    return found


def _pairs(after: StageResult, before: StageResult) -> Iterator[tuple[Latency, Latency]]:
    """Latencies of both at the same batch size on the same device."""
    known = {(latency.device, latency.batch_size): latency for latency in _file(before).latency}
    for latency in _file(after).latency:
        if (latency.device, latency.batch_size) in known:
            yield latency, known[latency.device, latency.batch_size]


def _differs(new: Latency, old: Latency) -> bool:
    """Whether the medians are further apart than the calls scatter."""
    return abs(new.p50_ms - old.p50_ms) > max(new.spread_ms, old.spread_ms, 0.05 * old.p50_ms)


def _bytes(number: int) -> str:
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1e3:.4g} KB" if number < 1e6 else f"{number / 1e6:.4g} MB"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms"
