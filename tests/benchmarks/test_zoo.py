"""The optimizer zoo: misses are counted, intervals are right, and the page is about the optimizers there are."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import zoo
from benchmarks.zoo import Figure, Outcome
from worker.contracts.component import components, discover
from worker.contracts.families.optimizers import Optimizer

discover()
PAGE = zoo.PAGE.read_text()
EASY = replace(zoo.TASKS[0], target=0.5, epochs=3)


def test_misses_are_counted_and_no_part_of_the_mean() -> None:
    figure = Figure(0.1, [Outcome(20, 2.0, 0.96), Outcome(None, 15.0, 0.5), Outcome(40, 4.0, 0.97)])
    assert zoo.row("adam", figure) == "| `adam` | 0.1 | 30 ± 127 | 3.0 | 1 of 3 | 0.810 |"
    missed = Figure(0.1, [Outcome(None, 15.0, 0.5)] * 5)
    assert zoo.row("adam", missed) == "| `adam` | 0.1 | — | — | 5 of 5 | 0.500 |"


def test_the_interval_holds_the_true_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    inside = 0
    for values in random.normal(1000.0, 100.0, (2000, 5)):
        mean, half = (float(part.replace(",", "")) for part in zoo.interval(list(values)).split(" ± "))
        inside += abs(mean - 1000.0) <= half
    assert 0.93 < inside / 2000 < 0.97


def test_a_hit_ranks_before_a_miss_and_fewer_steps_before_more() -> None:
    best, slower, close, far = Outcome(20, 1, 0.9), Outcome(30, 1, 0.99), Outcome(None, 1, 0.8), Outcome(None, 1, 0.3)
    assert sorted([far, slower, close, best], key=zoo.rank) == [best, slower, close, far]


def test_a_run_ends_at_the_target_and_counts_what_it_computed(tmp_path: Path) -> None:
    adam, sam = Optimizer.choose({"kind": "adam", "lr": 0.01}), Optimizer.choose("sam")
    hit, missed = zoo.once(EASY, adam, 1, tmp_path), zoo.once(replace(EASY, target=1.1), adam, 1, tmp_path)
    assert (hit.steps, hit.passes) == (23, 1.0) and hit.best >= 0.5
    assert (missed.steps, missed.passes) == (None, 3.0)
    assert zoo.once(replace(EASY, target=1.1), sam, 1, tmp_path).passes == 6.0


def test_a_run_that_diverges_is_a_miss(tmp_path: Path) -> None:
    wild = Optimizer.choose({"kind": "sgd", "lr": 100.0})
    assert zoo.once(replace(EASY, target=1.1), wild, 1, tmp_path).steps is None


@pytest.mark.parametrize("kind", sorted(components("optimizers")))
def test_the_page_has_every_optimizer_and_a_figure_on_every_task(kind: str) -> None:
    assert f"**`{kind}`** — " in PAGE
    assert f"`{components('optimizers')[kind].formula}`" in PAGE
    rows = re.findall(
        rf"^\| `{kind}` \|.* of {len(zoo.SEEDS)} \| 0\.\d+ \|$|^\| `{kind}` \|.* \| 1\.000 \|$", PAGE, re.M
    )
    assert len(rows) == len(zoo.TASKS)


def test_the_page_names_its_command_and_its_targets() -> None:
    assert zoo.COMMAND in PAGE
    assert all(zoo.table(task, {}) in PAGE for task in zoo.TASKS)
