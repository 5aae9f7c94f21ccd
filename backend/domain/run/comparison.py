"""Files of a stage beside those of the run's first measured stage: one answer for tables and sentences alike.

Like is compared with like: a format with the same format, times of the same runtime at the same batch size on the same
device, and each quantity with itself.
"""

from collections.abc import Iterator, Sequence

from backend.domain.run.results import ArtifactMeasure, Comparison, Latency, Outcome, StageResult, TimeComparison

SAME_SIZE = 0.02  # relative difference of two file sizes that is not worth a word
SAME_TIME = 0.05  # relative difference of two medians that is not worth a word
UNGAINED = {
    "even": "no faster",
    "same_work": "no faster as the same operators run",
    "unclear": "speed within the scatter",
}
BRIEF = {"even": "no faster", "same_work": "the same operators", "unclear": "within the scatter"}


def ran(result: StageResult) -> list[ArtifactMeasure]:
    """The files that a runtime has run."""
    return [measure for measure in result.measures if measure.runtime]


def files(after: StageResult, before: StageResult) -> list[tuple[ArtifactMeasure, ArtifactMeasure]]:
    """Files of one format that a runtime has run, after and before."""
    known = {measure.exporter: measure for measure in ran(before)}
    return [(new, known[new.exporter]) for new in ran(after) if new.exporter in known]


def pair_latencies(new: ArtifactMeasure, old: ArtifactMeasure) -> Iterator[tuple[Latency, Latency]]:
    """Latencies of both at the same batch size on the same device; none when another runtime took them."""
    if new.runtime != old.runtime:
        return
    known = {(latency.device, latency.batch_size): latency for latency in old.latency}
    for latency in new.latency:
        if (latency.device, latency.batch_size) in known:
            yield latency, known[latency.device, latency.batch_size]


def differs(new: Latency, old: Latency) -> bool:
    """Returns whether the medians are further apart than the calls scatter."""
    return abs(new.p50_ms - old.p50_ms) > max(new.spread_ms, old.spread_ms, SAME_TIME * old.p50_ms)


def beside_first(results: Sequence[StageResult]) -> list[StageResult]:
    """A run's results in order, each with its files beside those of the first one, and the sentence on it."""
    ordered = sorted(results, key=lambda result: result.stage)
    first = next((result for result in ordered if result.measures), None)
    return [result if first is None or result is first else _beside(result, first) for result in ordered]


def _beside(result: StageResult, first: StageResult) -> StageResult:
    return result.model_copy(update={"compared": compare(result, first), "headline": headline(result, first)})


def compare(after: StageResult, first: StageResult) -> list[Comparison]:
    """Each file of `after` that has a counterpart in the run's first measured stage."""
    known = {measure.exporter: measure for measure in first.measures}
    return [_compared(new, known[new.exporter], after, first) for new in after.measures if new.exporter in known]


def _compared(new: ArtifactMeasure, old: ArtifactMeasure, after: StageResult, first: StageResult) -> Comparison:
    same_work = after.flops == first.flops and new.operators == old.operators
    return Comparison(
        artifact=new.artifact,
        exporter=new.exporter,
        against=old.artifact,
        size=_size_change(new.bytes, old.bytes),
        gzip_size=_size_change(new.gzip_bytes, old.gzip_bytes),
        accuracy=_difference(new.accuracy, old.accuracy),
        r2=_difference(new.r2, old.r2),
        times=[_time_change(now, was, same_work) for now, was in pair_latencies(new, old)],
    )


def _size_change(new: int, old: int) -> str:
    return f"same size ({new / old:.2f}x)" if same_size(new, old) else times(new / old, "smaller", "larger")


def same_size(new: int, old: int) -> bool:
    return abs(new - old) <= SAME_SIZE * old


def _difference(new: float | None, old: float | None) -> float | None:
    return None if new is None or old is None else new - old


def _time_change(now: Latency, was: Latency, same_work: bool) -> TimeComparison:
    outcome = _outcome(now, was, same_work)
    return TimeComparison(
        batch_size=now.batch_size,
        device=now.device,
        p50=now.p50_ms / was.p50_ms,
        p95=now.p95_ms / was.p95_ms,
        outcome=outcome,
        change=_describe(now.p50_ms / was.p50_ms, outcome),
        p95_change=f"{now.p95_ms / was.p95_ms:.2f}x",
    )


def _outcome(now: Latency, was: Latency, same_work: bool) -> Outcome:
    """Equal operators on equal shapes are the same work: a difference there is the machine's."""
    if same_work:
        return "same_work"
    if differs(now, was):
        return "faster" if now.p50_ms < was.p50_ms else "slower"
    return "even" if max(now.spread_ms, was.spread_ms) <= SAME_TIME * was.p50_ms else "unclear"


def _describe(share: float, outcome: Outcome) -> str:
    if outcome in ("faster", "slower"):
        return times(share, "faster", "slower")
    return f"{share:.2f}x the time, {BRIEF[outcome]}"


def times(share: float, less: str, more: str) -> str:
    """`2.50x faster`: how many times less or more."""
    factor = max(share, 1 / share)
    return (
        f"{factor:.2f}x {less if share < 1 else more}"
        if factor < 10
        else f"{factor:.1f}x {less if share < 1 else more}"
    )


# ---- the sentence


def headline(after: StageResult, first: StageResult) -> str | None:
    """The stages up to `after` against the run's first measured stage; None where nothing can be compared.

    The size is that of the format that gained most, times and quality are those of the file that stands for the stage:
    the first one that ran in both.
    """
    common = files(after, first)
    if not common:
        return None
    stands = _compared(*common[0], after, first)
    parts = [_size(common), *_speed(stands), *_quality(common[0][0], stands)]
    words = f"vs. the model after “{first.label}”: {', '.join(parts)}."
    return " ".join([words, *after.reasons])


def _size(common: Sequence[tuple[ArtifactMeasure, ArtifactMeasure]]) -> str:
    new, old = min(common, key=lambda pair: pair[0].bytes / pair[1].bytes)
    if same_size(new.bytes, old.bytes):
        return f"no smaller ({size(new.bytes)})"
    change = times(new.bytes / old.bytes, "smaller", "larger")
    return f"{change} ({new.exporter.replace('_', ' ')}, {size(old.bytes)} to {size(new.bytes)})"


def _speed(stands: Comparison) -> Iterator[str]:
    """Every time that was compared, those that came to the same together."""
    groups: dict[str, list[TimeComparison]] = {}
    for time in stands.times:
        groups.setdefault(UNGAINED.get(time.outcome, time.change), []).append(time)
    for words, together in groups.items():
        batches = " and ".join(
            f"{time.batch_size}" + ("" if time.device == "cpu" else f" on {time.device}") for time in together
        )
        yield f"{words} (batch {batches})"


def _quality(new: ArtifactMeasure, stands: Comparison) -> Iterator[str]:
    if new.accuracy is not None and stands.accuracy is not None:
        yield f"{100 * new.accuracy:.2f} % accuracy ({100 * stands.accuracy:+.2f} points)"
    elif new.r2 is not None and stands.r2 is not None:
        yield f"R² {new.r2:.4f} ({stands.r2:+.4f})"


def size(number: int) -> str:
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1e3:.4g} KB" if number < 1e6 else f"{number / 1e6:.4g} MB"
