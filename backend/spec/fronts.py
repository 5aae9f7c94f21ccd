"""Pareto fronts of any number of objectives."""

from collections.abc import Sequence


def undominated(costs: Sequence[Sequence[float]]) -> list[bool]:
    """Which points no other is at least as good as in every respect and better in one; all are to be small."""
    best: list[int] = []
    for index in sorted(range(len(costs)), key=lambda one: (sum(costs[one]), one)):
        if not any(_dominates(costs[other], costs[index]) for other in best):
            best.append(index)
    found = set(best)
    return [index in found for index in range(len(costs))]


def _dominates(better: Sequence[float], worse: Sequence[float]) -> bool:
    return better != worse and all(mine <= theirs for mine, theirs in zip(better, worse, strict=True))
