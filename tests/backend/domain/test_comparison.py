"""The table of results and the sentence above it come to the same, whatever was measured."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.run.comparison import UNGAINED, beside_first, compare, headline
from backend.domain.run.results import ArtifactMeasure, Interval, Latency, Ratio, StageResult

OPERATORS = ({"Conv": 3}, {"QLinearConv": 3})


def latency(batch: int, p50: float, spread: float = 0.01, p95: float | None = None) -> Latency:
    return Latency(
        batch_size=batch, device="cpu", p50_ms=p50, p95_ms=p95 or 2 * p50, spread_ms=spread, calls=50, samples_per_s=1.0
    )


def file(*times: Latency, exporter: str = "onnx", size: int = 1_000_000, **about: Any) -> ArtifactMeasure:
    return ArtifactMeasure.model_validate(
        {
            "exporter": exporter, "artifact": exporter, "runtime": "r", "bytes": size, "gzip_bytes": size,
            "operators": OPERATORS[0], "latency": list(times), **about,
        }
    )  # fmt: skip


def stage(index: int, *files: ArtifactMeasure, **about: Any) -> StageResult:
    fixed = {"kind": "train", "label": "train: adam", "step": 0, "seconds": 0.0, "weights_sha256": ""}
    counts = {"parameters": 10, "nonzero": 10, "flops": 100}
    return StageResult.model_validate({"stage": index, **fixed, **counts, "measures": list(files), **about})


def last(*results: StageResult) -> StageResult:
    return beside_first(results)[-1]


def test_the_sentence_names_what_is_compared_with_what() -> None:
    first = stage(0, file(latency(1, 1.0), latency(64, 10.0), accuracy=0.994))
    small = file(latency(1, 0.6), latency(64, 12.0), size=84_600, accuracy=0.944, operators=OPERATORS[1])
    assert last(first, stage(1, small, reasons=["Because."])).headline == (
        "vs. the model after “train: adam”: 11.8x smaller (onnx, 1 MB to 84.6 KB), 1.67x faster (batch 1), 1.20x slower "
        "(batch 64), 94.40 % accuracy (-5.00 points). Because."
    )


def test_a_file_is_compared_with_its_own_format_and_each_time_with_its_own_kind() -> None:
    first = stage(0, file(latency(1, 1.0, p95=4.0)), file(exporter="coded", size=500_000))
    after = stage(1, file(latency(1, 0.5, p95=3.0), flops=9), file(exporter="coded", size=50_000), flops=50)
    onnx, coded = last(first, after).compared
    assert (coded.exporter, coded.against, coded.size) == ("coded", "coded", "10.0x smaller")
    (time,) = onnx.times
    assert (time.p50, time.p95, time.change, time.p95_change) == (0.5, 0.75, "2.00x faster", "0.75x")


def test_what_scatters_is_not_called_no_faster() -> None:
    first, after = stage(0, file(latency(1, 1.0, 0.9))), stage(1, file(latency(1, 0.6, 0.9)), flops=50)
    reported = last(first, after)
    assert reported.headline is not None and "no faster" not in reported.headline
    assert "speed unclear (batch 1)" in reported.headline
    assert reported.compared[0].times[0].change == "0.60x the time, unclear"


@pytest.mark.parametrize(
    ("p50", "flops", "outcome"),
    [(1.01, 50, "even"), (0.5, 50, "faster"), (1.5, 50, "slower"), (0.5, 100, "same_work")],
)
def test_outcomes(p50: float, flops: int, outcome: str) -> None:
    (one,) = last(stage(0, file(latency(1, 1.0))), stage(1, file(latency(1, p50)), flops=flops)).compared
    assert one.times[0].outcome == outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome", "change"),
    [
        (0.45, 0.55, "faster", "2.00x faster"),
        (0.45, 1.01, "unclear", "0.73x the time, unclear"),
        (1.02, 1.30, "slower", "1.16x slower"),
        (0.93, 1.08, "even", "1.01x the time, as fast within the accuracy"),
        (0.85, 1.08, "unclear", "0.97x the time, unclear"),
    ],
)
def test_only_the_interval_of_the_ratio_calls_a_file_faster_or_slower(
    low: float, high: float, outcome: str, change: str
) -> None:
    """Whatever the medians of the two stages were, which other calls at other times gave."""
    ratio = Ratio(against=0, ratio=(low + high) / 2, low=low, high=high)
    now = latency(1, 5.0).model_copy(update={"ended": "settled", "ratios": [ratio]})
    (one,) = last(stage(0, file(latency(1, 1.0))), stage(1, file(now), flops=50)).compared
    time = one.times[0]
    assert (time.outcome, time.change, time.interval) == (outcome, change, Interval(low=low, high=high))


def test_files_that_were_not_timed_together_are_not_called_faster() -> None:
    now = latency(1, 0.1).model_copy(update={"ended": "settled"})
    (one,) = last(stage(0, file(latency(1, 1.0))), stage(1, file(now), flops=50)).compared
    assert (one.times[0].outcome, one.times[0].interval) == ("unclear", None)


def test_the_first_measured_stage_is_what_others_are_compared_with() -> None:
    results = [stage(2, file()), stage(0), stage(1, file())]
    assert [(one.stage, len(one.compared)) for one in beside_first(results)] == [(0, 0), (1, 0), (2, 1)]
    assert beside_first([stage(0)])[0].headline is None
    assert headline(stage(1, file(exporter="coded")), stage(0, file())) is None
    assert compare(stage(1, file(runtime=None)), stage(0, file()))[0].times == []


positive = st.floats(0.01, 100)
times = st.builds(latency, st.sampled_from([1, 8, 64]), positive, st.floats(0, 10), positive)
measured = st.lists(times, max_size=3, unique_by=lambda one: one.batch_size)
files = st.lists(
    st.builds(
        file, exporter=st.sampled_from(["onnx", "coded"]), size=st.integers(1, 10**7), latency=measured,
        operators=st.sampled_from(OPERATORS), accuracy=st.floats(0, 1),
    ),
    max_size=2, unique_by=lambda one: one.exporter,
)  # fmt: skip


def contradictions(reported: StageResult) -> list[str]:
    """Times of the table of which the sentence says something else, or nothing, or more than one thing."""
    found = []
    for time in reported.compared[0].times:
        said = re.findall(rf"([^,:]*) \(batch [^)]*\b{time.batch_size}\b[^)]*\)", reported.headline or "")
        expected = {"faster": time.change, "slower": time.change, **UNGAINED}
        right = expected[time.outcome]
        if len(said) != 1 or not said[0].strip().startswith(right):
            found.append(f"batch {time.batch_size} is {time.change}, and the sentence says {said}")
    return found


@given(files, files, st.sampled_from([50, 100]))
def test_the_sentence_never_contradicts_the_table(
    before: list[ArtifactMeasure], after: list[ArtifactMeasure], flops: int
) -> None:
    reported = last(stage(0, *before), stage(1, *after, flops=flops))
    known = {old.exporter: old.bytes for old in before}
    common = [one.bytes / known[one.exporter] for one in after if one.exporter in known]
    assert (reported.headline is not None) == bool(common)
    if reported.headline is None:
        return
    assert contradictions(reported) == []
    assert ("x smaller" in reported.headline) == (min(common) < 0.98) or min(common) == pytest.approx(0.98)
    for time in reported.compared[0].times:
        assert time.outcome != "faster" or time.p50 < 0.95
        assert time.outcome != "even" or time.p50 == pytest.approx(1, abs=0.05 + 1e-9)


@pytest.mark.parametrize("planted", ["no faster (batch 1)", "2.00x slower (batch 1)", "2.00x faster (batch 64)"])
def test_a_contradiction_would_be_seen(planted: str) -> None:
    reported = last(stage(0, file(latency(1, 1.0))), stage(1, file(latency(1, 0.5)), flops=50))
    assert contradictions(reported) == []
    assert contradictions(reported.model_copy(update={"headline": f"vs. it: no smaller, {planted}."}))
