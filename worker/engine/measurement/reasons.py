"""Reasons why the stages so far made a model neither smaller nor faster than its first measured stage."""

from collections.abc import Iterator

from backend.domain.run.comparison import compare, files, same_size
from backend.domain.run.results import StageResult
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
    compared = compare(after, first)[0].times
    known = [time for time in compared if time.outcome != "unclear" and not time.busy]
    faster_or_unknown = any(time.outcome == "faster" for time in compared) or bool(compared and not known)
    for gained, candidates in ((smaller, NOT_SMALLER), (faster_or_unknown, NOT_FASTER)):
        sentences = (sentence for diagnose in candidates if (sentence := diagnose(after, first)))
        if not gained and (sentence := next(sentences, None)):
            yield sentence
