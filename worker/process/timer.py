"""Timer for repeated work, by the monotonic clock."""

from time import monotonic


class Timer:
    """Due at once, and then again whenever `seconds` have passed since it last was."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = 0.0

    def due(self) -> bool:
        """Returns whether it is time; if it is, the next wait begins."""
        now = monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def restart(self) -> None:
        """It was done just now, for another reason."""
        self._next = monotonic() + self._seconds

    def force(self) -> None:
        """Due at once again."""
        self._next = 0.0
