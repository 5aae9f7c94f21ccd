"""Confidence interval of a measured share."""

from math import sqrt

Z = 1.959964  # of 95 %


def wilson(share: float, samples: int) -> tuple[float, float]:
    """The 95 % interval of a share that was counted over so many independent samples (Wilson 1927).

    Unlike the normal one it stays between 0 and 1, and is not empty for 0 and 1.
    """
    scale = 1 + Z * Z / samples
    middle = (share + Z * Z / (2 * samples)) / scale
    half = Z / scale * sqrt(share * (1 - share) / samples + Z * Z / (4 * samples * samples))
    return max(0.0, middle - half), min(1.0, middle + half)
