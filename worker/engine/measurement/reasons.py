"""Reasons why the stages so far made a model neither smaller nor faster than its first measured stage."""

from collections.abc import Iterator

from backend.domain.run.comparison import compare, files, same_size
from backend.domain.run.results import StageResult
from worker.engine.measurement import quantization_verdicts, verdicts
from worker.engine.measurement.facts import alike
from worker.engine.measurement.verdicts import Verdict

NOT_SMALLER: tuple[Verdict, ...] = (verdicts.nothing_changed, verdicts.masked_not_removed)
NOT_FASTER: tuple[Verdict, ...] = (
    verdicts.other_circumstances,
    verdicts.nothing_changed,
    quantization_verdicts.conversion_cost,
    quantization_verdicts.no_int8_kernel,
    quantization_verdicts.unpacked_in_each_call,
    quantization_verdicts.half_computed_in_float32,
    verdicts.unaligned_channels,
    verdicts.launch_bound,
    verdicts.no_sparse_kernel,
    verdicts.masked_not_removed,
    verdicts.already_folded,
)
"""Reasons, the one that explains most first."""


def reasons(after: StageResult, first: StageResult | None) -> list[str]:
    """A sentence for each of the two that was not gained, where the facts support one; nothing of the first stage."""
    pair = alike(after, first) if first is not None else None
    return list(dict.fromkeys(_found(*pair))) if pair else []


def _found(after: StageResult, first: StageResult) -> Iterator[str]:
    smaller = any(new.bytes < old.bytes and not same_size(new.bytes, old.bytes) for new, old in files(after, first))
    faster = any(time.outcome == "faster" for time in compare(after, first)[0].times)
    for gained, candidates in ((smaller, NOT_SMALLER), (faster, NOT_FASTER)):
        sentences = (sentence for verdict in candidates if (sentence := verdict(after, first)))
        if not gained and (sentence := next(sentences, None)):
            yield sentence
