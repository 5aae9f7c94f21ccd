"""The server of the API: uvicorn, with an end to every wait and to the number of connections."""

import resource
from typing import Any

from backend.config import Settings
from backend.connection import Limits, limited

OTHER_FILES = 128  # that the process needs open beside its connections


def options(settings: Settings) -> dict[str, Any]:
    """Returns what uvicorn is told; lets the process open as many files as there may be connections."""
    connections = settings.connections + settings.strangers
    _allow_files(connections + OTHER_FILES)
    return {
        "http": limited(Limits(settings.head_seconds, settings.portion_seconds, settings.strangers)),
        "limit_concurrency": connections,
        "timeout_keep_alive": settings.keep_alive_seconds,
        "timeout_graceful_shutdown": 3,
        "access_log": False,
        "log_level": "warning",
    }


def _allow_files(number: int) -> None:
    """Raises the soft limit of open files towards `number`, as far as the hard one allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if resource.RLIM_INFINITY != soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
