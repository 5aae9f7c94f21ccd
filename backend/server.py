"""The server of the API: uvicorn, with an end to every wait and to the number of connections."""

import resource
import socket
from typing import Any, TypeVar

from backend.config import Settings
from backend.connection import Limits, limit

S = TypeVar("S", bound=Settings)

OTHER_FILES = 128  # that the process needs open beside its connections


class Refused(Exception):
    """It cannot start; the message is one sentence that says what to do."""


def listening(settings: S) -> S:
    """The settings with the port to listen on, a free one for 0. Raises Refused when it is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Refused(
                f"Port {settings.port} cannot be used ({error.strerror}): choose another one, "
                f"such as --port {settings.port + 1}, or --port 0 for any that is free."
            ) from None
        return settings.model_copy(update={"port": probe.getsockname()[1]})


def address(settings: Settings) -> str:
    """URL under which a program of this machine reaches it."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def options(settings: Settings) -> dict[str, Any]:
    """Returns what uvicorn is told; lets the process open as many files as there may be connections."""
    connections = settings.connections + settings.strangers
    _allow_files(connections + OTHER_FILES)
    return {
        "http": limit(Limits(settings.head_seconds, settings.portion_seconds, settings.strangers)),
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
