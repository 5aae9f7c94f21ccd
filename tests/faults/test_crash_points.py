"""Every named place where a process can be halted is in the code, once, and real runs pass it: F4."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.store.crash_points import Point
from tests.faults.director import Act, Director, Fault, directing
from tests.faults.sequences import GRADUAL, MLP, OPTIMIZERS, document
from tests.processes.forking import ROOT

PASSES = re.compile(r"\bpassing\(Point\.(\w+)\)")
FOLD = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.3}}
HARD = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.7}}


def misplaced(root: Path) -> list[str]:
    """The points that are not passed in exactly one place of the code."""
    files = (file for place in ("backend", "worker") for file in (root / place).rglob("*.py"))
    places = Counter(name for file in files for name in PASSES.findall(file.read_text()))
    return sorted(point.name for point in Point if places[point.name] != 1)


def test_every_point_is_passed_in_one_place() -> None:
    assert misplaced(ROOT) == []


def test_a_point_that_is_passed_nowhere_or_twice_is_found(tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    once = [f"passing(Point.{point.name})" for point in Point if point is not Point.CLAIMED]
    (tmp_path / "worker" / "all.py").write_text("\n".join([*once, "passing(Point.STEPPED)"]))
    assert misplaced(tmp_path) == ["CLAIMED", "STEPPED"]


@pytest.fixture
def director(tmp_path: Path, migrated_sqlite: Path, catalog: Catalog) -> Any:
    with directing(tmp_path / "data", migrated_sqlite, catalog) as made:
        yield made


def spec(*stages: dict[str, Any]) -> dict[str, Any]:
    made = document(OPTIMIZERS[1], "dropout")
    return {**made, "stages": [*made["stages"], *stages]}


TOUR = [
    Fault(Point.CHECKPOINT_NAMED, 2, Act.KILL_TRAINER),
    Fault(Point.STEPPED, 3, Act.PAUSE),
    Fault(Point.STEPPED, 9, Act.TERM_WORKER),
]


def test_a_run_that_is_interrupted_and_steered_passes_every_point_but_a_forks(director: Director) -> None:
    [run_id] = director.submit({**spec(FOLD), "model": MLP})
    played = director.play(run_id, TOUR, everywhere=True)
    assert played.broken == [] and played.done == TOUR
    assert set(Point) - played.passed == {Point.FILE_SHARED}


def test_an_undisturbed_run_does_not(director: Director) -> None:
    """The check above can fail."""
    [run_id] = director.submit(spec(GRADUAL))
    passed = director.play(run_id, [], everywhere=True).passed
    assert {Point.RESTING, Point.COLLECTING, Point.COMMAND_HEARD}.isdisjoint(passed) and Point.STEPPED in passed


def test_a_worker_that_dies_while_it_copies_a_forks_past_has_done_no_harm(director: Director) -> None:
    first, second = director.submit(spec(FOLD, HARD), spec(HARD, FOLD))
    fault = Fault(Point.FILE_SHARED, 1, Act.KILL_WORKER)
    played = director.play(second, [fault])  # the first one with it: the worker that ends it takes the second at once
    assert played.broken == [] and played.done == [fault]
    assert director.play(first, []).broken == []
    [alone] = director.submit(spec(HARD, FOLD))
    expected = director.play(alone, [])
    assert (played.weights, played.points) == (expected.weights, expected.points)
