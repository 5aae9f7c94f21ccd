"""An API that kills itself at a named place of an upload: `-m tests.faults.dying_api PORT POINT`."""

import os
import signal
import sys
from typing import Any

import uvicorn

from backend.api import uploads
from backend.api.bodies import receiving
from backend.api.staging import Staging
from backend.app import create_app

POINTS: dict[str, tuple[Any, str, bool]] = {
    "receiving": (receiving.Writer, "take", True),
    "checking": (uploads, "_check", False),
    "checked": (uploads, "_check", True),
    "syncing": (uploads.files, "sync", False),
    "synced": (uploads.files, "sync", True),
    "registering": (uploads.uploads, "register", True),
    "committed": (Staging, "_settle", False),
}
"""The function at which it dies, and whether it runs before."""


def main() -> None:
    port, point = sys.argv[1:]
    if point in POINTS:
        _die(*POINTS[point])
    uvicorn.run(create_app(), host="127.0.0.1", port=int(port), log_level="warning")


def _die(place: Any, name: str, after: bool) -> None:
    real = getattr(place, name)

    def died(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, died)


if __name__ == "__main__":
    main()
