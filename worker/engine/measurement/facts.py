"""Facts for diagnostics: comparable measurements, and the formatting of numbers."""

from collections.abc import Iterator
from typing import cast

from backend.domain.run.comparison import TimePair, files, pair_latencies, ran
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from worker.contracts.component import find
from worker.contracts.families.stages import Stage


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


def stage_of(result: StageResult) -> type[Stage]:
    """The component of the stage."""
    return cast(type[Stage], find("stages", result.kind))


def pairs(after: StageResult, before: StageResult) -> Iterator[TimePair]:
    """Times of what stands for both stages."""
    yield from pair_latencies(file_of(after), file_of(before), before.stage)


def place(latency: Latency) -> str:
    return f"batch {latency.batch_size} ({latency.device})"


def ratio(new: float, old: float, smaller: str, larger: str) -> str:
    """`2.50 times faster`: how many times less or more."""
    return f"{max(new, old) / min(new, old):.2f} times {smaller if new < old else larger}"


def ms(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms"


def words(kind: str) -> str:
    """An exporter's kind in a sentence."""
    return kind.replace("_", " ")
