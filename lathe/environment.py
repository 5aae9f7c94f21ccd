"""Settings on their way to the processes that read them: a flag goes before the environment, that before a default."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHORT = {"PORT": "LATHE_PORT", "DATA_DIR": "LATHE_DATA_DIR"}  # read where the long name is not set


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Absolute path of the folder where everything is kept, the same for every command.

    It is the one that the environment names; else `data` of the checkout; else, where Lathe is installed, a folder of
    this user.
    """
    if named := environment.get("LATHE_DATA_DIR") or environment.get("DATA_DIR"):
        return Path(named).expanduser().absolute()
    return default_folder(environment)


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    if (ROOT / "pyproject.toml").is_file():
        return ROOT / "data"
    return Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "lathe"


def complete(environment: Mapping[str, str], flags: Mapping[str, object]) -> dict[str, str]:
    """The environment of a process of the server; `flags` are settings by name, such as `port`.

    Packages are found beside this one, and never in the folder where the command happens to be typed: many a project
    has a folder `backend` or `client`.
    """
    short = {long: environment[name] for name, long in SHORT.items() if environment.get(name)}
    given = {f"LATHE_{name.upper()}": str(value) for name, value in flags.items()}
    found = {**short, **environment, **given}
    path = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    return {**found, "LATHE_DATA_DIR": str(data_folder(found)), "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
