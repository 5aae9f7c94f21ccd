"""Diagnostics on a stage: say in plain words what it gained or did not gain, and why, from measured facts alone.

Each diagnostic is a pure function of a stage's result and the result before it, and returns a sentence or None.
"""

from collections.abc import Callable

from backend.domain.run.comparison import TimePair, files, pair_latencies, ran, same_size, size
from backend.domain.run.results import ArtifactMeasure, StageResult
from worker.engine.measurement.facts import alike, file_of, ms, pairs, place, ratio, stage_of, words
from worker.engine.measurement.quantization_diagnostics import (
    conversion_cost,
    float_layers_left,
    half_computed_in_float32,
    no_int8_kernel,
    unpacked_in_each_call,
)

Diagnose = Callable[[StageResult, StageResult], str | None]


def diagnose(after: StageResult, before: StageResult | None) -> list[str]:
    """Every sentence that the facts support; of a first stage only what its own files say beside each other."""
    alone = (busy_machine(after), smaller_until_it_is_loaded(after), several_runtimes(after, before))
    sentences = [sentence for sentence in alone if sentence]
    if before is None or not ran(after) or not ran(before):
        return sentences
    pair = alike(after, before)
    if pair is None:
        return [*sentences, nothing_in_common(after, before)]
    return [sentence for diagnose in DIAGNOSTICS if (sentence := diagnose(*pair))] + sentences


def file_size(after: StageResult, before: StageResult) -> str | None:
    """Change of the bytes on disk of each file that a runtime runs."""
    changes = [_size_change(new, old) for new, old in files(after, before)]
    if all(change is None for change in changes):
        return None
    text = "; ".join(
        f"the {words(new.exporter)} file {change or 'keeps its size'}"
        for (new, _), change in zip(files(after, before), changes, strict=True)
    )
    return f"T{text[1:]}."


def _size_change(new: ArtifactMeasure, old: ArtifactMeasure) -> str | None:
    if same_size(new.bytes, old.bytes):
        return None
    return f"is {ratio(new.bytes, old.bytes, 'smaller', 'larger')}: {size(new.bytes)}, before {size(old.bytes)}"


def speed(after: StageResult, before: StageResult) -> str | None:
    """Change of the median call in each runtime, with its interval, where that leaves no doubt.

    Equal operators on equal shapes are the same work: a difference there is the machine's.
    """
    firsts = {new.runtime: (new, old) for new, old in reversed(files(after, before))}
    by_runtime = {
        new.runtime: ", ".join(_speed_changes(new, old, before.stage))
        for new, old in reversed(firsts.values())
        if after.flops != before.flops or new.operators != old.operators
    }
    changes = [
        f"in {runtime} {change}" if len(firsts) > 1 else change for runtime, change in by_runtime.items() if change
    ]
    return f"A call is {'; '.join(changes)}." if changes else None


def _speed_changes(new: ArtifactMeasure, old: ArtifactMeasure, stage: int) -> list[str]:
    return [
        f"{ratio(pair.share, 1, 'faster', 'slower')}{_between(pair)} at {place(pair.now)}"
        for pair in pair_latencies(new, old, stage)
        if pair.outcome in ("faster", "slower")
    ]


def _between(pair: TimePair) -> str:
    """` (1.88 to 2.13)`: what the interval of the ratio leaves open."""
    if pair.ratio is None:
        return ""
    factors = sorted(max(end, 1 / end) for end in (pair.ratio.low, pair.ratio.high))
    return f" ({factors[0]:.2f} to {factors[1]:.2f})"


def energy(after: StageResult, before: StageResult) -> str | None:
    """Change of the energy of a sample, if something counts it and the change is larger than the spread."""
    if after.flops == before.flops and file_of(after).operators == file_of(before).operators:
        return None
    parts = []
    for new, old in ((pair.now, pair.was) for pair in pairs(after, before) if not pair.busy):
        if new.energy_mj and old.energy_mj:
            spread = max(new.energy_spread_mj or 0.0, old.energy_spread_mj or 0.0, 0.05 * old.energy_mj)
            if abs(new.energy_mj - old.energy_mj) > spread:
                change = ratio(new.energy_mj, old.energy_mj, "less", "more")
                parts.append(f"{change} energy at {place(new)}")
    return f"A sample takes {', '.join(parts)}, as {file_of(after).energy_meter} counts it." if parts else None


def masked_not_removed(after: StageResult, before: StageResult) -> str | None:
    """Reports that masked zeros are stored and multiplied like other numbers."""
    new, old = file_of(after), file_of(before)
    if after.parameters != before.parameters or after.nonzero > 0.98 * before.nonzero:
        return None
    if not same_size(new.bytes, old.bytes):
        return None
    zeros = 100 * (1 - after.nonzero / after.parameters)
    packed = f"gzip -6 makes it {size(new.gzip_bytes)}, before {size(old.gzip_bytes)}"
    return (
        f"{zeros:.3g} % of the parameters are zero but masked, not removed: the {words(new.exporter)} file keeps its size "
        f"({packed}), and dense kernels multiply by the zeros; removing channels shrinks the tensors themselves."
    )


def launch_bound(after: StageResult, before: StageResult) -> str | None:
    """Reports that less arithmetic does not help when the fixed cost of a call dominates."""
    if not after.flops or not before.flops or after.flops > 0.8 * before.flops:
        return None
    for pair in pairs(after, before):
        if pair.now.batch_size == 1 and pair.ungained:
            return (
                f"At batch 1 a call takes {ms(pair.now.p50_ms)} although the arithmetic fell to "
                f"{100 * after.flops / before.flops:.0f} %: the fixed cost of starting each operator dominates; "
                "larger batches or fewer operators help."
            )
    return None


def unaligned_channels(after: StageResult, before: StageResult) -> str | None:
    """Reports numbers of channels that do not fill the blocks of the runtime's fast convolutions."""
    if not after.flops or not before.flops or after.flops > 0.8 * before.flops:
        return None
    new, old = file_of(after).operators, file_of(before).operators
    names = [name for name in ("FusedConv", "ReorderInput", "ReorderOutput") if new.get(name, 0) > old.get(name, 0)]
    if not names:
        return None
    return (
        "The numbers of channels that are left do not fill the runtime's blocks (16 channels with AVX-512, 8 with AVX2), "
        f"which costs {', '.join(f'{new[name] - old.get(name, 0)} {name}' for name in names)} more; `round_to: 16` avoids it."
    )


def already_folded(after: StageResult, before: StageResult) -> str | None:
    """Reports that the runtime already folds batch normalization."""
    same_work = after.flops == before.flops and file_of(after).operators == file_of(before).operators
    if not stage_of(after).folds or not same_work:
        return None
    return (
        "Both files run the same operators: ONNX Runtime already folds batch normalization when it loads a file, so "
        "folding saves bytes and other runtimes' time, but none here."
    )


def no_sparse_kernel(after: StageResult, before: StageResult) -> str | None:
    """A pattern of zeros that hardware could use, on hardware or in a runtime that does not."""
    layers = after.two_of_four - before.two_of_four
    if layers <= 0 or any("sparse" in name.lower() for name in file_of(after).operators):
        return None
    which = "1 layer keeps" if layers == 1 else f"{layers} layers keep"
    return (
        f"{which} 2 of every 4 weights, a pattern that only sparse tensor cores (NVIDIA, since Ampere) compute faster. No "
        f"such kernel ran here, so the zeros are multiplied like other numbers; {after.two_of_four_fit} of "
        f"{after.two_of_four} such layers have a shape that these kernels take (half precision: a multiple of 32 outputs "
        "and of 64 inputs)."
    )


def other_circumstances(after: StageResult, before: StageResult) -> str | None:
    """Another version, device or number of threads: what differs then is not the stage's doing."""
    new, old = file_of(after), file_of(before)
    if new.runtime == old.runtime:
        return None
    return f"Times are not compared: the {words(new.exporter)} file ran in {new.runtime}, before in {old.runtime}."


def nothing_changed(after: StageResult, before: StageResult) -> str | None:
    """A stage that found nothing to do."""
    same = ("parameters", "nonzero", "flops")
    if any(getattr(after, name) != getattr(before, name) for name in same) or file_size(after, before):
        return None
    if any((new.accuracy, new.operators) != (old.accuracy, old.operators) for new, old in files(after, before)):
        return None
    if after.weights_sha256 == before.weights_sha256:
        return "The stage changed nothing: the weights are those of the stage before, bit by bit, and so are size and work."
    return (
        "The stage changed nothing that is measured: parameters, size, accuracy and executed operators are those of the "
        "stage before, so no gain can be expected."
    )


DIAGNOSTICS: tuple[Diagnose, ...] = (
    file_size,
    speed,
    energy,
    masked_not_removed,
    launch_bound,
    unaligned_channels,
    no_int8_kernel,
    float_layers_left,
    conversion_cost,
    already_folded,
    no_sparse_kernel,
    other_circumstances,
    nothing_changed,
    unpacked_in_each_call,
    half_computed_in_float32,
)


# ---- a stage by itself


def busy_machine(after: StageResult) -> str | None:
    """Reports times that other work of the machine disturbed so much that they are not the file's own."""
    rows = [(file, latency) for file in ran(after) for latency in file.latency if latency.busy]
    if not rows:
        return None
    named = ", ".join(
        f"the {words(file.exporter)} file at {place(latency)} ({100 * (latency.disturbed or 0):.0f} % of the calls disturbed)"
        for file, latency in rows
    )
    return f"The machine was busy with other work: the times of {named} are not the file's own, and nothing is concluded from them."


def smaller_until_it_is_loaded(after: StageResult) -> str | None:
    """Two files of one model: the smaller one is worth its bytes on disk and on the wire, and nothing else."""
    for number, small in enumerate(ran(after)):
        for other in ran(after)[:number]:
            if small.bytes < 0.8 * other.bytes and (small.runtime, small.operators) == (other.runtime, other.operators):
                loading = (
                    ""
                    if small.load_ms is None or other.load_ms is None
                    else (
                        f"; loading it takes {ms(small.load_ms)}, the {words(other.exporter)} file {ms(other.load_ms)}"
                    )
                )
                return (
                    f"The {words(small.exporter)} file is {ratio(small.bytes, other.bytes, 'smaller', 'larger')} than the "
                    f"{words(other.exporter)} file, but decodes to the same model, which runs the same operators: it saves "
                    f"disk space and transfer, but neither time nor memory{loading}."
                )
    return None


def several_runtimes(after: StageResult, before: StageResult | None) -> str | None:
    """Said once, with the first stage."""
    ran_in = {measure.runtime: words(measure.exporter) for measure in ran(after)}
    if before is not None or len(ran_in) < 2:
        return None
    runtimes = ", ".join(f"{exporter} in {runtime}" for runtime, exporter in ran_in.items())
    return (
        f"The files ran in different runtimes ({runtimes}): a difference between them comes from the runtimes. Compare "
        "files of one format to see the gain of a stage."
    )


def nothing_in_common(after: StageResult, before: StageResult) -> str:
    """Times of different runtimes would pass for the stage's work."""
    new, old = file_of(after), file_of(before)
    return (
        f"Not compared with the stage before: of this stage the {words(new.exporter)} file ran in {new.runtime}, of that "
        f"one the {words(old.exporter)} file in {old.runtime}. Put `{new.exporter}` into measure.formats to compare like "
        "with like."
    )
