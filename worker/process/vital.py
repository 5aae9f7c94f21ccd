"""Ends a process when the work fails that it cannot do without."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("lathe.worker")

FAILED = 1
"""Exit status of a process whose vital work ended by a mistake."""


@contextmanager
def vital(what: str) -> Iterator[None]:
    """End the whole process when the block, or the function that this decorates, raises anything.

    At once: whoever keeps the process starts it again, and a thread that died in one that lives on is seen by nobody.
    """
    try:
        yield
    except BaseException:
        try:
            log.critical("%s ended by a mistake, and this process with it.", what, exc_info=True)
        finally:
            os._exit(FAILED)
