"""Log lines that cannot be forged and hold no secret."""

import logging
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+(?=@)")
_TOKEN = re.compile(r"(?i)((?:token|password|authorization|secret)\W{1,3}(?:bearer\s+)?)[\w.~+/=-]{8,}")

_PACKAGES = re.compile(r"(?<![\w.:/])/[^\s'\"]*/site-packages/")
_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"]+/)+")


class Formatter(logging.Formatter):
    """`12:00:01 WARNING lathe.worker: …`; what follows a message's own line break is indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return redact(_CONTROL.sub("�", super().format(record))).replace("\n", "\n    ")


def redact(text: str) -> str:
    """The text without passwords of URLs and without what follows `token`, `password`, `authorization`, `secret`."""
    return _TOKEN.sub(r"\1[hidden]", _PASSWORD.sub(r"\1:[hidden]", text))


def conceal(text: str, data_dir: Path) -> str:
    """The text without secrets and without folders of this machine.

    Paths begin in the project, in the data folder or at an installed package; of others the last part is left.
    """
    for folder in sorted((str(ROOT), str(data_dir.resolve())), key=len, reverse=True):
        text = text.replace(f"{folder}/", "")
    return redact(_FOLDERS.sub("", _PACKAGES.sub("", text)))


def configure(level: int | str) -> None:
    """Our own lines at `level`, those of libraries from WARNING on, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("lathe").setLevel(level)
