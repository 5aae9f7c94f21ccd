"""Questions to columns have the same answers as questions to one artifact after the other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.charts import choice as choices
from backend.charts.artifacts import Artifacts
from backend.charts.choice import choose
from backend.charts.data import Options, RunData
from backend.charts.front import spread
from backend.charts.measures import File
from backend.domain.constraint_tree import Constraint
from backend.domain.constraints import parse

FIELDS = ("accuracy", "bytes", "r2", "p95_ms@1")
NUMBER = st.sampled_from([0.0, 0.5, 0.9, 0.93, 1.0, 2.0, 20_000.0, float("nan")])  # NaN: it was not measured
ROWS = st.lists(st.tuples(*[NUMBER] * len(FIELDS)), max_size=30)
COMPARISON = st.tuples(
    st.sampled_from(FIELDS), st.sampled_from([">=", "<=", "<", ">", "="]), st.sampled_from(["0", "0.5", "0.93", "2"])
).map(" ".join)
WHERE = st.recursive(
    COMPARISON,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=5,
)
OWNER = RunData("run", "A run", 0, "#4090f8")


def artifacts(rows: list[tuple[float, ...]]) -> Artifacts:
    files = [File(0, "train", "onnx", f"file-{index}", "onnxruntime", ("cpu",)) for index in range(len(rows))]
    table = np.array(rows, dtype=float).reshape(len(rows), len(FIELDS)).T
    return Artifacts([OWNER], np.zeros(len(rows), int), files, table, FIELDS)


def tree(text: str) -> Constraint:
    parsed = parse(text)
    assert parsed is not None
    return parsed


@given(ROWS, WHERE)
def test_a_constraint_on_columns_is_the_same_on_each_artifact(rows: list[tuple[float, ...]], text: str) -> None:
    found, constraint = artifacts(rows), tree(text)
    columns = {field: found.column(field) for field in FIELDS}
    together = np.broadcast_to(constraint.miss(columns, np.where), len(rows)).tolist()
    assert together == [constraint.miss(values) for values in found.values(range(len(rows)))]


@given(ROWS, WHERE, st.sampled_from(["accuracy", "r2"]), st.sampled_from(["bytes", "p95_ms@1"]))
def test_the_answer_is_the_definition(rows: list[tuple[float, ...]], text: str, quality: str, goal: str) -> None:
    found, constraint = artifacts(rows), tree(text)
    choice = choose(found, Options(cost=goal, quality=quality, where=constraint))
    able = [
        (index, values) for index, values in enumerate(found.values(range(len(rows)))) if {quality, goal} <= set(values)
    ]
    ranked = sorted(able, key=lambda one: (one[1][goal], -one[1][quality], one[0]))
    meeting = [index for index, values in ranked if constraint.miss(values) == 0]
    nearest = sorted(ranked, key=lambda one: constraint.miss(one[1]))[: choices.NEAREST]
    on_front = [
        index
        for index, mine in able
        if not any(
            other[goal] <= mine[goal]
            and other[quality] >= mine[quality]
            and (other[goal], other[quality]) != (mine[goal], mine[quality])
            for _, other in able
        )
    ]
    assert choice.meeting.tolist() == meeting
    assert choice.near.tolist() == ([] if meeting else [index for index, _ in nearest])
    assert np.flatnonzero(choice.front).tolist() == on_front


@given(ROWS, st.lists(WHERE, min_size=2, max_size=3), st.sampled_from(["bytes", "p95_ms@1"]))
def test_what_is_remembered_of_another_question_changes_no_answer(
    rows: list[tuple[float, ...]], texts: list[str], goal: str
) -> None:
    found = artifacts(rows)
    for text in texts:
        options = Options(cost="bytes", minimize=goal, where=tree(text))
        again, anew = choose(found, options), choose(artifacts(rows), options)
        for name in ("candidates", "able", "front", "drawn_front", "meeting", "near", "shown"):
            assert getattr(again, name).tolist() == getattr(anew, name).tolist(), name


@given(st.integers(0, 2**32), st.sampled_from(["bytes <= 1000", "bytes <= 30 and accuracy >= 0.99999"]))
def test_of_a_crowd_everything_that_matters_is_shown(seed: int, text: str) -> None:
    luck = np.random.default_rng(seed)
    rows = np.column_stack([luck.random(400), np.exp(luck.uniform(3, 15, 400)), luck.random(400), luck.random(400)])
    found = artifacts([tuple(row) for row in rows.tolist()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choices, "MAX_SHOWN", 60)
        patch.setattr(choices, "BEST", 10)
        choice = choose(found, Options(cost="bytes", minimize="p95_ms@1", where=tree(text)))
    shown = set(choice.shown.tolist())
    kept = {*np.flatnonzero(choice.front | choice.drawn_front).tolist(), *choice.near.tolist(), *choice.meeting[:10]}
    assert kept <= shown and len(shown) <= 60 + len(kept) and choice.shown.tolist() == sorted(shown)


def test_the_spread_of_a_crowd_reaches_as_far_as_the_crowd() -> None:
    luck = np.random.default_rng(1)
    across, up = luck.normal(size=5000), luck.normal(size=5000)
    across[17], up[4711] = 40.0, -40.0  # alone, far from all others
    kept = spread(across, up, 300)
    assert {17, 4711} <= set(kept.tolist()) and len(kept) <= 300
    assert spread(np.array([np.nan, 1.0, 2.0]), np.array([0.0, 0.0, np.inf]), 10).tolist() == [0, 2]


def test_quality_is_what_was_measured() -> None:
    numbers = artifacts([(np.nan, 5.0, 0.8, 1.0), (np.nan, 4.0, 0.7, 1.0)])
    assert choose(numbers, Options()).quality == "r2" and len(choose(numbers, Options()).candidates) == 2
    assert len(choose(numbers, Options(quality="accuracy")).candidates) == 0
    both = replace(numbers, table=np.column_stack([numbers.table, [0.9, 5.0, np.nan, 1.0]]), files=[*numbers.files] * 2)
    assert choose(replace(both, files=both.files[:3], owner=np.zeros(3, int)), Options()).quality == "accuracy"
