"""Shows the page of a server that has just started."""

import os
import sys
import webbrowser
from html import escape
from pathlib import Path


def show(link: str, data_dir: Path) -> None:
    """Open `link` in the browser of a person who sits before this machine; elsewhere do nothing.

    The link holds the token, and everybody on a machine can read the arguments of a program: the browser is given a
    file that leads there and that this user alone may read.
    """
    if not _somebody_looks():
        return
    try:
        webbrowser.open(write(link, data_dir).as_uri())
    except OSError:
        return  # a full disk: the link has been printed as well


def _somebody_looks() -> bool:
    """Without a terminal nobody has asked; without a screen some text browser would take the terminal."""
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.stdout.isatty() and bool(screen)


def write(link: str, data_dir: Path) -> Path:
    """A file that leads a browser to `link`, for this user alone."""
    file = data_dir / "open.html"
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(link)}"><title>Lathe</title>')
    return file
