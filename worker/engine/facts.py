"""What verdicts are made of: measurements that may be compared, and how numbers are told."""

from collections.abc import Iterator

from backend.spec.results import ArtifactMeasure, Latency, StageResult

SAME_SIZE = 0.02  # relative difference of two file sizes that is not worth a word


def ran(result: StageResult) -> list[ArtifactMeasure]:
    """The files that a runtime has run."""
    return [measure for measure in result.measures if measure.runtime]


def files(after: StageResult, before: StageResult) -> list[tuple[ArtifactMeasure, ArtifactMeasure]]:
    """Files of one format that a runtime has run, after and before."""
    known = {measure.exporter: measure for measure in ran(before)}
    return [(new, known[new.exporter]) for new in ran(after) if new.exporter in known]


def alike(after: StageResult, before: StageResult) -> tuple[StageResult, StageResult] | None:
    """Both with nothing but files of formats that ran in both, in the same order; None when there is none.

    The first of them is what `file_of` answers with: like is compared with like.
    """
    common = files(after, before)
    if not common:
        return None
    new, old = ([pair[side] for pair in common] for side in (0, 1))
    return after.model_copy(update={"measures": new}), before.model_copy(update={"measures": old})


def file_of(result: StageResult) -> ArtifactMeasure:
    """The file that stands for the stage: the first one that a runtime has run."""
    return ran(result)[0]


def pairs(after: StageResult, before: StageResult) -> Iterator[tuple[Latency, Latency]]:
    """Latencies of what stands for both stages."""
    yield from timed(file_of(after), file_of(before))


def timed(new: ArtifactMeasure, old: ArtifactMeasure) -> Iterator[tuple[Latency, Latency]]:
    """Latencies of both at the same batch size on the same device; none when another runtime took them."""
    if new.runtime != old.runtime:
        return
    known = {(latency.device, latency.batch_size): latency for latency in old.latency}
    for latency in new.latency:
        if (latency.device, latency.batch_size) in known:
            yield latency, known[latency.device, latency.batch_size]


def differs(new: Latency, old: Latency) -> bool:
    """Whether the medians are further apart than the calls scatter."""
    return abs(new.p50_ms - old.p50_ms) > max(new.spread_ms, old.spread_ms, 0.05 * old.p50_ms)


def ratio(new: float, old: float, smaller: str, larger: str) -> str:
    """`2.50 times faster`: how many times less or more."""
    return f"{max(new, old) / min(new, old):.2f} times {smaller if new < old else larger}"


def size(number: int) -> str:
    if number < 1000:
        return f"{number} bytes"
    return f"{number / 1e3:.4g} KB" if number < 1e6 else f"{number / 1e6:.4g} MB"


def ms(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms"


def words(kind: str) -> str:
    """An exporter's kind in a sentence."""
    return kind.replace("_", " ")
