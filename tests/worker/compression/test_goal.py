"""The search for the best model that meets a goal, against every choice there is."""

from collections.abc import Callable

import pytest

from backend.domain.constraints import parse
from backend.domain.measures import Measured
from worker.compression.target_search import STARTS, STEPS, Choice, Goal, PatternSearch, Tried

FIRST = [Choice(amount, True) for amount in STARTS]
GRID = [Choice(part / 128, quantized) for part in range(128) for quantized in (True, False)]


def smooth(choice: Choice) -> Measured:
    """A model that loses accuracy slowly at first, and another point to 8 bits; pruning makes it small and fast."""
    accuracy = 0.98 - 0.6 * choice.amount**4 - 0.01 * choice.quantized
    size = 400_000 * (1 - choice.amount) * (0.25 if choice.quantized else 1)
    return {"accuracy": accuracy, "bytes": size, "p95_ms@1": 0.1 + 0.2 * (1 - choice.amount), "nonzero": size}


def goal(target: str, minimize: str = "bytes") -> Goal:
    tree = parse(target)
    assert tree is not None
    return Goal(tree, minimize)


def searched(goal: Goal, values: Callable[[Choice], Measured] = smooth, budget: int = 30) -> tuple[Tried, list[Tried]]:
    search = PatternSearch(lambda choice: goal.judge(choice, values(choice)), budget)
    return search.run(FIRST, STEPS, (True, False)), list(search.tried.values())


@pytest.mark.parametrize(
    ("target", "minimize"),
    [
        ("accuracy >= 96%", "bytes"),
        ("accuracy >= 97.5%", "bytes"),  # in 8 bits out of reach
        ("accuracy >= 90% and bytes <= 60KB", "p95_ms@1"),
        ("bytes <= 60KB", "loss"),
        ("bytes <= 30KB and accuracy > 70%", "accuracy"),
        ("p95_ms@1 <= 0.15ms or accuracy >= 98%", "bytes"),
        ("accuracy >= 50%", "bytes"),
        ("accuracy >= 99%", "bytes"),  # out of reach
        ("bytes <= 100 and accuracy >= 90%", "bytes"),  # out of reach
    ],
)
def test_it_finds_what_a_grid_of_256_finds(target: str, minimize: str) -> None:
    requested = goal(target, minimize)
    best, tried = searched(requested)
    assert best.rank == min(requested.judge(choice, smooth(choice)).rank for choice in GRID)
    assert len(tried) <= 30


@pytest.mark.parametrize("budget", [1, 2, 7, 20])
def test_it_spends_no_more_than_its_budget_and_never_twice(budget: int) -> None:
    requested: list[Choice] = []

    def values(choice: Choice) -> Measured:
        requested.append(choice)
        return smooth(choice)

    best, tried = searched(goal("accuracy >= 96%"), values, budget)
    assert len(requested) == len(set(requested)) == len(tried) == min(budget, len(tried))
    assert best in tried and best.rank == min(one.rank for one in tried)


def test_the_nearest_miss_is_the_best_when_none_meets_it() -> None:
    best, tried = searched(goal("accuracy >= 99%"))
    assert not best.meets and best.choice == Choice(0.0, False)
    assert best.miss == min(one.miss for one in tried)


def test_what_was_refused_is_never_the_best() -> None:
    requested = goal("accuracy >= 10%")

    def evaluate(choice: Choice) -> Tried:
        return requested.judge(choice, {}, "no") if choice.amount > 0.5 else requested.judge(choice, smooth(choice))

    search = PatternSearch(evaluate, 20)
    best = search.run(FIRST, STEPS, (True, False))
    assert best.choice == Choice(0.5, True)  # the most that is not refused
    assert any(one.refusal for one in search.tried.values())


def test_of_equal_cost_most_zeros_win() -> None:
    """Masks leave a dense file as large as it was."""
    best, _ = searched(goal("accuracy >= 96%"), lambda choice: {**smooth(choice), "bytes": 1000.0})
    assert best.choice.amount > 0.3
    alike, _ = searched(goal("accuracy >= 96%"), lambda choice: {"accuracy": 1.0, "bytes": 1.0, "nonzero": 1.0})
    assert alike.choice == FIRST[0]


def test_a_goal_names_everything_it_must_know() -> None:
    assert goal("accuracy > 1 or (p95 < 1ms and loss < 2)", "bytes").fields() == {
        "accuracy",
        "p95_ms@1",
        "loss",
        "bytes",
    }
