"""Names of 0.1, for one release: each warns, and does what the new one does."""

import warnings
from typing import Any


def warn(old: str, new: str) -> None:
    """Says once for each place in a script that a name will go."""
    warnings.warn(f"`{old}` is called `{new}` now, and will be removed.", DeprecationWarning, stacklevel=3)


class Renamed:
    """Older name of a method: `look = Renamed("fetch")`."""

    def __init__(self, new: str) -> None:
        self._new = new

    def __set_name__(self, owner: type, name: str) -> None:
        self._old = name

    def __get__(self, instance: Any, owner: type) -> Any:
        warn(self._old, self._new)
        return getattr(owner if instance is None else instance, self._new)
