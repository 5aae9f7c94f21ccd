"""Constant rate."""

from worker.contracts.families.schedules import Schedule


class Constant(Schedule):
    """The base rate, unchanged."""

    formula = "α(t) = α₀"
    reference = "Robbins, Monro: A Stochastic Approximation Method (1951)"

    def factor(self, step: int, total: int) -> float:
        return 1.0
