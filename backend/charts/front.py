"""The Pareto front."""

from collections.abc import Sequence


def front(costs: Sequence[float], gains: Sequence[float]) -> list[bool]:
    """Which points no other is at least as good as in both respects and better in one."""
    order = sorted(range(len(costs)), key=lambda index: (costs[index], -gains[index]))
    on_front = [False] * len(costs)
    best: tuple[float, float] | None = None  # gain and cost of the last point on the front
    for index in order:
        here = (gains[index], costs[index])
        if best is None or here[0] > best[0] or here == best:
            on_front[index], best = True, here
    return on_front
