"""Two and three faults in a row, at random named places, over random runs: F4, F5, F28."""

import os
from pathlib import Path

import pytest

from backend.domain.catalog import Catalog
from backend.store.crash_points import Point
from tests.faults import figures
from tests.faults.director import Act, Fault
from tests.faults.sequences import Sequences, scenario, shrunk

NUMBER = int(os.environ.get("SEQUENCES", "60"))
"""Sequences that are played; `make faults` plays 1,000."""
WITHIN = 60
"""A planted bug must be found by so many sequences."""


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory, catalog: Catalog) -> Sequences:
    return Sequences(tmp_path_factory.mktemp("sequences"), catalog)


@pytest.mark.timeout(300 + 60 * NUMBER)
def test_no_sequence_of_faults_changes_how_a_run_ends(sequences: Sequences) -> None:
    """The same weights, the same points, every invariant kept, no file that nobody registered."""
    failures = sequences.failures(range(NUMBER))
    figures.count("F28 two or three faults in a row", NUMBER, len(failures))
    assert not failures, "\n".join(failures)
    assert sequences.injected > NUMBER


def test_a_planted_bug_is_found(tmp_path: Path, catalog: Catalog) -> None:
    """Before its first step a resumed training is attended to by who does not know its optimizer."""
    planted = Sequences(tmp_path, catalog, "forgets_the_training")
    found = next((failure for seed in range(WITHIN) if (failure := planted.failure(seed))), None)
    assert found is not None and "other weights" in found


def test_a_sequence_that_fails_is_told_without_what_it_does_not_need() -> None:
    needed = Fault(Point.STEPPED, 3, Act.KILL_TRAINER)
    more = [Fault(Point.CLAIMED, 1, Act.TERM_WORKER), Fault(Point.READY, 1, Act.PAUSE)]
    assert shrunk([more[0], needed, more[1]], lambda faults: needed in faults) == [needed]


def test_a_seed_gives_the_same_sequence_again() -> None:
    assert scenario(3) == scenario(3) and scenario(3) != scenario(4)
