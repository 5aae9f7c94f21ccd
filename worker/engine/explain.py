"""Explains the failure of a run to its owner."""

import re
import traceback
from pathlib import Path

import torch
from pydantic import ValidationError

from worker.contracts.component import COMPONENTS, PLUGINS
from worker.process.logs import conceal

MOST_TRACE = 8000  # characters of a traceback in a run's log: its end tells most
MOST_READ = 100_000  # characters of it that are searched for secrets
MOST_SENTENCE = 500
_COMPONENT = re.compile(rf"(?:{re.escape(COMPONENTS)}|{PLUGINS})\.(\w+)\.([a-z0-9]\w*)")


class Place(str):
    """Place in the pipeline where an error arose: a note that is put on it."""


def explain(error: Exception, data_dir: Path) -> str:
    """One sentence for the person whose run failed, with the stage and the component where one failed."""
    place = next((note for note in getattr(error, "__notes__", ()) if isinstance(note, Place)), None)
    sentence = _sentence(error, data_dir)
    return f"{place}: {sentence}" if place else sentence


def trace(error: Exception, data_dir: Path) -> str:
    """The end of the traceback for the run's log, without secrets and without folders of this machine."""
    lines = "".join(traceback.format_exception(error))
    return conceal(lines[-MOST_READ:], data_dir)[-MOST_TRACE:]


def _sentence(error: Exception, data_dir: Path) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return "There was not enough memory. Try a smaller batch or a smaller model."
    message = conceal(str(error).partition("\n")[0][:MOST_SENTENCE], data_dir)
    return f"Unexpected {type(error).__name__}{_component(error)}: {message}"


def _component(error: Exception) -> str:
    """The component whose code was at work, the innermost of several: ` in optimizers.adam`."""
    found = ""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        own = type(frame.f_locals.get("self")).__module__  # another module when the code is inherited
        for module in (frame.f_globals.get("__name__", ""), own):
            if match := _COMPONENT.fullmatch(module):
                found = f" in {match[1]}.{match[2]}"
    return found
