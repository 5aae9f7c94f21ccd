"""Reasons why the stages so far made a model neither smaller nor faster than its first measured stage."""

from collections.abc import Iterator, Sequence

from backend.domain.run.comparison import compare, files, same_size
from backend.domain.run.results import StageResult, TimeComparison
from worker.engine.measurement import diagnostics, quantization_diagnostics
from worker.engine.measurement.diagnostics import Diagnose
from worker.engine.measurement.facts import alike

NOT_SMALLER: tuple[Diagnose, ...] = (diagnostics.nothing_changed, diagnostics.masked_not_removed)
NOT_FASTER: tuple[Diagnose, ...] = (
    diagnostics.other_circumstances,
    diagnostics.nothing_changed,
    quantization_diagnostics.conversion_cost,
    quantization_diagnostics.no_int8_kernel,
    quantization_diagnostics.unpacked_in_each_call,
    quantization_diagnostics.half_computed_in_float32,
    diagnostics.unaligned_channels,
    diagnostics.launch_bound,
    diagnostics.no_sparse_kernel,
    diagnostics.masked_not_removed,
    diagnostics.already_folded,
)
"""Reasons, the one that explains most first."""


def reasons(after: StageResult, first: StageResult | None) -> list[str]:
    """A sentence for each of the two that was not gained, where the facts support one; nothing of the first stage."""
    pair = alike(after, first) if first is not None else None
    return list(dict.fromkeys(_found(*pair))) if pair else []


def _found(after: StageResult, first: StageResult) -> Iterator[str]:
    smaller = any(new.bytes < old.bytes and not same_size(new.bytes, old.bytes) for new, old in files(after, first))
    times = compare(after, first)[0].times
    for missed, candidates in ((not smaller, NOT_SMALLER), (_is_no_faster(times), NOT_FASTER)):
        sentences = (sentence for diagnose in candidates if (sentence := diagnose(after, first)))
        if missed and (sentence := next(sentences, None)):
            yield sentence


def _is_no_faster(times: Sequence[TimeComparison]) -> bool:
    """Returns whether it is known that no time got shorter: what the machine's other work disturbed is not explained."""
    if any(time.outcome == "faster" for time in times):
        return False
    return not times or any(
        time.outcome == "same_work" or not (time.busy or time.outcome == "unclear") for time in times
    )
