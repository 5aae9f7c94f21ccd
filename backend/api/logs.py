"""Keeps secrets and forged lines out of the access log."""

import logging
import re

_SECRET = re.compile(r"(token=)[^&\s\"']+", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Discreet(logging.Filter):
    """Replaces the token of a sign-in link, and control characters, in whatever a record is made from."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str) and not record.args:
            record.msg = _clean(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_clean(value) if isinstance(value, str) else value for value in record.args)
        return True


def _clean(text: str) -> str:
    return _CONTROL.sub("�", _SECRET.sub(r"\1…", text))


def install() -> None:
    """Idempotent: a process may make the application more than once."""
    log = logging.getLogger("uvicorn.access")
    if not any(isinstance(known, Discreet) for known in log.filters):
        log.addFilter(Discreet())
