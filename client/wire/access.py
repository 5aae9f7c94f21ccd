"""Finds the server and its token: in the arguments, else in the environment, else in this machine's data folder."""

import os
import re
from urllib.parse import urlsplit

from client.errors import LatheError
from lathe.environment import data_folder

DEFAULT_URL = "http://127.0.0.1:8000"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address(url: str | None) -> str:
    """The server's URL, without a slash at its end. Raises LatheError when it is not an HTTP URL."""
    chosen = (url or os.environ.get("LATHE_URL") or _address_of_embedded() or DEFAULT_URL).rstrip("/")
    parts = urlsplit(chosen)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LatheError("UrlWrong", f"`{chosen}` is not the address of a server: write it like {DEFAULT_URL}.", "url")
    return chosen


def token_for(url: str, token: str | None) -> str:
    """The token for `url`. A token from a data folder is sent only to a server on this machine."""
    chosen = token or os.environ.get("LATHE_TOKEN") or (_read_private("token") if is_local(url) else None)
    if not chosen:
        where = (
            ", or set LATHE_DATA_DIR to the server's data folder, whose file `token` holds it" if is_local(url) else ""
        )
        raise LatheError("TokenMissing", f"{url} needs a token: set LATHE_TOKEN{where}.", "token")
    return chosen


def is_local(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def _address_of_embedded() -> str | None:
    """Address of the server that `lathe up` started: it stands in the lock file."""
    found = re.match(r"(https?://\S+), process \d+", _read_private("lathe.lock") or "")
    return found[1] if found else None


def _read_private(name: str) -> str | None:
    """Content of a file of the data folder; None when it does not exist or this user may not read it."""
    try:
        return (data_folder() / name).read_text().strip()
    except OSError:
        return None
