"""A latency is the file's own beside busy loops, and one file is never faster than itself; the benchmark has the counts.

Whatever else runs on the machine runs beside these too: a trial is made again before it counts as failed.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.latency_trust import is_own, is_undecided, loud_trial, measure, twice_trial, write
from worker.engine.measurement.measure_artifact import Job

pytestmark = pytest.mark.usefixtures("processes")

TRIES = 3


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    return replace(write(tmp_path_factory.mktemp("job")), batch_sizes=[64], seconds=1.0)


def test_beside_busy_loops_the_figure_is_the_quiet_one_or_the_row_is_marked(job: Job) -> None:
    assert any(all(is_own(*pair) for pair in loud_trial(job, filtered=True)) for _ in range(TRIES))


def test_without_the_filter_it_is_the_figure_as_seen_beside_the_loops(job: Job) -> None:
    for _, loud in loud_trial(job, filtered=False):
        assert loud["p95_ms"] == loud["p95_seen_ms"] and not loud["busy"]


def test_one_file_twice_is_neither_faster_nor_slower(job: Job) -> None:
    assert any(all(map(is_undecided, twice_trial(job, loud=False))) for _ in range(TRIES))


def test_another_file_is_told_apart(job: Job, tmp_path: Path) -> None:
    wide = write(tmp_path, width=64).file
    tried = (measure(replace(job, others={"0": wide}))[0] for _ in range(TRIES))
    assert any(timing["busy"] or not is_undecided(timing) for timing in tried)
