"""The order of labels, which are texts: no float is exact enough to hold them."""

from collections.abc import Iterable
from decimal import Decimal


def by_size(labels: Iterable[str]) -> list[str]:
    """Orders numbers as they are written, exact beyond 2^53; equal ones, such as `01` and `1`, by the alphabet."""
    return sorted(labels, key=lambda label: (Decimal(label), label))
