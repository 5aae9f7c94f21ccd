"""Files of a stage beside those of the run's first measured stage: one answer for tables and sentences alike.

Like is compared with like: a format with the same format, times of the same runtime at the same batch size on the same
device, and each quantity with itself. A file is called faster or slower only where the interval of the ratio says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backend.domain.run.results import (
    ArtifactMeasure,
    Comparison,
    Interval,
    Latency,
    Outcome,
    Ratio,
    StageResult,
    TimeComparison,
)

SAME_SIZE = 0.02  # relative difference of two file sizes that is not worth a word
SAME_TIME = 0.05  # relative difference of two medians that is not worth a word
UNGAINED = {
    "even": "as fast within the accuracy",
    "same_work": "no faster as the same operators run",
    "unclear": "speed unclear",
}
BRIEF = {"even": "as fast within the accuracy", "same_work": "the same operators", "unclear": "unclear"}


def ran(result: StageResult) -> list[ArtifactMeasure]:
    """The files that a runtime has run."""
    return [measure for measure in result.measures if measure.runtime]


def files(after: StageResult, before: StageResult) -> list[tuple[ArtifactMeasure, ArtifactMeasure]]:
    """Files of one format that a runtime has run, after and before."""
    known = {measure.exporter: measure for measure in ran(before)}
    return [(new, known[new.exporter]) for new in ran(after) if new.exporter in known]


@dataclass(frozen=True)
class TimePair:
    """Times of two files at the same batch size on the same device; `ratio` where they were timed in alternating rounds."""

    now: Latency
    was: Latency
    ratio: Ratio | None

    @property
    def share(self) -> float:
        """Time of a call over what it was."""
        return self.ratio.ratio if self.ratio else self.now.p50_ms / self.was.p50_ms

    @property
    def interval(self) -> Interval | None:
        """Interval of `share`; None where the two were timed apart, by a release that knows better.

        Of two older results it is as wide as their calls scatter.
        """
        if self.ratio:
            return Interval(low=self.ratio.low, high=self.ratio.high)
        if self.now.ended or self.was.ended:
            return None
        scatter = max(self.now.spread_ms / self.was.p50_ms, self.was.spread_ms / self.was.p50_ms, SAME_TIME)
        return Interval(low=self.share - scatter, high=self.share + scatter)

    @property
    def outcome(self) -> Outcome:
        """Comparison of the medians: a difference only where the interval leaves no other explanation."""
        if self.interval is None:
            return "unclear"
        low, high = self.interval.low, self.interval.high
        if high < 1:
            return "faster"
        if low > 1:
            return "slower"
        return "even" if 1 - low <= 2 * SAME_TIME and high - 1 <= 2 * SAME_TIME else "unclear"

    @property
    def busy(self) -> bool:
        """Returns whether the machine's other work shows in the times."""
        return self.now.busy or (self.was.busy and self.ratio is None)

    @property
    def ungained(self) -> bool:
        """Returns whether it is known that the file is no faster: only that may be explained."""
        return not self.busy and self.outcome in ("even", "slower")


def pair_latencies(new: ArtifactMeasure, old: ArtifactMeasure, stage: int) -> Iterator[TimePair]:
    """Times of both at the same batch size on the same device; none when another runtime took them. `stage` left `old`."""
    if new.runtime != old.runtime:
        return
    known = {(latency.device, latency.batch_size): latency for latency in old.latency}
    for latency in new.latency:
        if was := known.get((latency.device, latency.batch_size)):
            yield TimePair(latency, was, next((one for one in latency.ratios if one.against == stage), None))


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
        times=[_time_change(pair, same_work) for pair in pair_latencies(new, old, first.stage)],
    )


def _size_change(new: int, old: int) -> str:
    return f"same size ({new / old:.2f}x)" if same_size(new, old) else times(new / old, "smaller", "larger")


def same_size(new: int, old: int) -> bool:
    return abs(new - old) <= SAME_SIZE * old


def _difference(new: float | None, old: float | None) -> float | None:
    return None if new is None or old is None else new - old


def _time_change(pair: TimePair, same_work: bool) -> TimeComparison:
    """Equal operators on equal shapes are the same work: a difference there is the machine's."""
    outcome = "same_work" if same_work else pair.outcome
    p95 = pair.now.p95_ms / pair.was.p95_ms
    return TimeComparison(
        batch_size=pair.now.batch_size,
        device=pair.now.device,
        p50=pair.share,
        p95=p95,
        outcome=outcome,
        interval=pair.interval if pair.ratio else None,
        busy=pair.busy,
        change=_describe(pair.share, outcome),
        p95_change=f"{p95:.2f}x",
    )


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
