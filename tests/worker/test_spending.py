"""The energy of a run is the sum of what its trainers took, over every death and every write that had to be repeated."""

import itertools
from pathlib import Path

import pytest

from backend.domain.run.states import JOULES
from worker.engine.measurement.energy import Counter, Meter, Spending, rapl
from worker.pipe.messages import Progress
from worker.supervisor.write_batch import WriteBatch


def counter(folder: Path, joules: float, span: float = 1000.0) -> None:
    zone = folder / "intel-rapl:0"
    zone.mkdir(exist_ok=True)
    (zone / "name").write_text("package-0\n")
    (zone / "energy_uj").write_text(f"{joules * 1e6:.0f}\n")
    (zone / "max_energy_range_uj").write_text(f"{span * 1e6:.0f}\n")


def test_it_is_told_piece_by_piece_and_a_counter_may_begin_again(tmp_path: Path) -> None:
    counter(tmp_path, 100)
    spending = Spending(rapl(tmp_path))
    assert spending.since() == 0
    counter(tmp_path, 130)
    assert spending.since() == pytest.approx(30)
    assert spending.since() == 0
    counter(tmp_path, 20)
    assert spending.since() == pytest.approx(890)


def test_nothing_is_lost_between_two_pieces() -> None:
    """A counter that goes on with each look, as a real one does."""
    readings = itertools.count(100.0)
    spending = Spending(Meter("climbing", [Counter(lambda: next(readings))]))
    assert [spending.since() for _ in range(3)] == [1, 1, 1]
    assert next(readings) == 104.0  # one look for each piece


def test_nothing_counts_where_no_meter_is() -> None:
    assert Spending(None).since() == 0


def test_a_turn_that_is_made_twice_counts_once() -> None:
    known = WriteBatch(step=0, latest={JOULES: 5.0})
    said = [Progress(0, 1, 10, 0.1, joules=2.0), Progress(0, 2, 10, 0.2, joules=3.0)]
    for _ in range(2):  # the first write failed
        turn = known.next(said)
        assert turn.changes["latest"][JOULES] == 10.0
    assert "latest" not in known.next([Progress(0, 1, 10, 0.1)]).changes
