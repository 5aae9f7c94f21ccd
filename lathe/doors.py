"""The server's commands: each becomes the process that does it. Nothing of the server is imported here."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, NoReturn

from backend import __version__
from lathe.environment import complete, default_folder


@dataclass(frozen=True)
class Door:
    """A command: the module that Python runs with its arguments, the settings that it has flags for, and packages that
    are there only where it can be run."""

    summary: str
    module: tuple[str, ...]
    flags: tuple[str, ...]
    needs: tuple[str, ...]


DOORS = {
    "up": Door(
        "start the API, its pages and the workers on this machine",
        ("backend.embedded",),
        ("--port", "--data", "--workers", "--no-browser", "--verbose"),
        ("uvicorn", "torch"),
    ),
    "serve": Door(
        "start the API and its pages alone", ("backend", "serve"), ("--host", "--port", "--data"), ("uvicorn",)
    ),
    "worker": Door("start one worker alone", ("worker.app",), ("--data", "--verbose"), ("celery", "torch")),
    "migrate": Door(
        "bring the database to the schema of this version", ("backend", "migrate"), ("--data",), ("alembic",)
    ),
}

DEFAULT = str(default_folder()).replace("%", "%%")  # argparse formats its help

# Whether a value fits is for the settings to say, wherever it was written: here it is text.
FLAGS: dict[str, dict[str, Any]] = {
    "--host": {"metavar": "ADDRESS", "help": "to listen on (127.0.0.1); LATHE_HOST"},
    "--port": {"metavar": "N", "help": "to listen on (8000); 0 takes a free one; LATHE_PORT or PORT"},
    "--data": {
        "metavar": "FOLDER", "dest": "data_dir",
        "help": f"where everything is kept ({DEFAULT}); LATHE_DATA_DIR or DATA_DIR",
    },
    "--workers": {"metavar": "N", "help": "so many runs at once (1); LATHE_WORKERS"},
    "--no-browser": {
        "action": "store_const", "const": "no", "dest": "browser", "help": "only print the link; LATHE_BROWSER=no",
    },
    "--verbose": {"action": "store_const", "const": "yes", "help": "say what the workers do; LATHE_VERBOSE=yes"},
}  # fmt: skip


def add(made: Any) -> None:
    """Add the server's commands to the subparsers `made`."""
    for name, door in DOORS.items():
        described = f"{door.summary[:1].upper()}{door.summary[1:]}."
        one: ArgumentParser = made.add_parser(name, help=door.summary, description=described)
        one.set_defaults(door=name)
        for flag in door.flags:
            one.add_argument(flag, default=SUPPRESS, **FLAGS[flag])


def flags(requested: Namespace) -> dict[str, str]:
    """The settings that the command line gives, by name."""
    names = {spelt.get("dest", flag.removeprefix("--")) for flag, spelt in FLAGS.items()}
    return {name: value for name, value in vars(requested).items() if name in names}


def enter(name: str, given: Mapping[str, str]) -> NoReturn:
    """Become the process of the command `name`. Exits with one sentence where its packages are not installed."""
    door = DOORS[name]
    if missing := [package for package in door.needs if find_spec(package) is None]:
        sys.exit(
            f"lathe {name} needs packages that are not installed here, such as {missing[0]}: install Lathe's wheel with "
            f"its extra `all`, pip install 'lathe-{__version__}-py3-none-any.whl[all]'."
        )
    environment = complete(os.environ, given)
    with suppress(OSError):  # nobody reads it, or the disk that it is written to is full
        sys.stdout.write(f"Data: {environment['LATHE_DATA_DIR']}\n")
        sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", *door.module], environment)
