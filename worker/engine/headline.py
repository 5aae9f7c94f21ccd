"""One sentence on what a run has gained so far: smaller by how much, faster by how much, or not, and why."""

from backend.spec.results import StageResult
from worker.engine import quantization_verdicts, verdicts
from worker.engine.facts import SAME_SIZE, alike, differs, files, ratio, size, timed, words
from worker.engine.verdicts import Verdict

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


def headline(after: StageResult, first: StageResult | None) -> str | None:
    """What the stages up to `after` gained over `first`, the run's first stage; None where nothing can be compared.

    The smallest file that ran is told against the same format of the first stage, speed where it gained most and where
    it lost most, and accuracy as it changed. What was not gained is followed by its reason.
    """
    pair = alike(after, first) if first is not None else None
    if pair is None:
        return None
    bytes_told, smaller = _size(*pair)
    speed_told, faster = _speed(*pair)
    reasons = [] if smaller else [_reason(NOT_SMALLER, *pair)]
    reasons += [] if faster else [_reason(NOT_FASTER, *pair)]
    told = f"Since {pair[1].label}: {bytes_told}, {speed_told}{_accuracy(*pair)}."
    return " ".join([told, *dict.fromkeys(reason for reason in reasons if reason)])


def _size(after: StageResult, first: StageResult) -> tuple[str, bool]:
    """The format that gained most, and whether it is smaller at all."""
    new, old = min(files(after, first), key=lambda pair: pair[0].bytes / pair[1].bytes)
    if abs(new.bytes - old.bytes) <= SAME_SIZE * old.bytes:
        return f"no smaller ({size(new.bytes)})", False
    change = ratio(new.bytes, old.bytes, "smaller", "larger")
    return f"{change} ({words(new.exporter)}, {size(old.bytes)} to {size(new.bytes)})", new.bytes < old.bytes


def _speed(after: StageResult, first: StageResult) -> tuple[str, bool]:
    """The change of the median call where it is largest in favour, and where it is worst if that is a loss; and whether
    there is a gain.

    Of each runtime its first file speaks: files that decode to the same model would only be more draws of the same
    times, of which the luckiest would be told. Equal operators on equal shapes are the same work: a difference there is
    the machine's.
    """
    spoken = {new.runtime: (new, old) for new, old in reversed(files(after, first))}
    changes = [
        (now.p50_ms / was.p50_ms, now.batch_size, now.device)
        for new, old in spoken.values()
        if after.flops != first.flops or new.operators != old.operators
        for now, was in timed(new, old)
        if differs(now, was)
    ]
    if not changes:
        return "no faster", False
    best, worst = min(changes), max(changes)
    told = [best, worst] if best[0] < 1 < worst[0] else [best]
    sentences = [
        f"{ratio(share, 1.0, 'faster', 'slower')} at batch {batch} ({device})" for share, batch, device in told
    ]
    return " but ".join(sentences), best[0] < 1


def _accuracy(after: StageResult, first: StageResult) -> str:
    new, old = files(after, first)[0]
    if new.accuracy is None or old.accuracy is None:
        return ""
    points = 100 * (new.accuracy - old.accuracy)
    return f", at {100 * new.accuracy:.2f} % accuracy ({points:+.2f} points)"


def _reason(candidates: tuple[Verdict, ...], after: StageResult, first: StageResult) -> str | None:
    return next((sentence for verdict in candidates if (sentence := verdict(after, first))), None)
