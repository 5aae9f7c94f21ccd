"""Explains a failure to the person whose run it was."""

import torch
from pydantic import ValidationError


class Place(str):
    """Place in the pipeline where an error arose: a note that is put on it."""


def explain(error: Exception) -> str:
    """One sentence for the person whose run failed, with the stage where one failed."""
    place = next((note for note in getattr(error, "__notes__", ()) if isinstance(note, Place)), None)
    return f"{place}: {_sentence(error)}" if place else _sentence(error)


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return "There was not enough memory. Try a smaller batch or a smaller model."
    return f"Unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}"
