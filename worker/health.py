"""`python -m worker.health` says by its exit status whether the supervisor on this machine is alive.

The supervisor leaves the time of its last turn in a file; both read the same monotonic clock.
"""

import os
import sys
import tempfile
from pathlib import Path
from time import monotonic

STALE_SECONDS = 30.0  # more than the longest that one turn may wait for the database


def _file() -> Path:
    return Path(tempfile.gettempdir()) / f"lathe-worker-{os.getuid()}.alive"


def mark() -> None:
    """The supervisor took a turn just now."""
    _file().write_text(str(monotonic()))


def alive() -> bool:
    try:
        return monotonic() - float(_file().read_text()) < STALE_SECONDS
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if alive() else "The supervisor has not been heard of lately.")
