"""No process outlives the one that it works for."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent, process id `parent`, dies (Linux; elsewhere nothing).

    Call it first thing in a spawned process's main. A parent that died before the call is noticed as well.
    The signal comes when the parent's *thread* that spawned this process ends: spawn from one that stays.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
