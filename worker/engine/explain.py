"""What went wrong, told to the person whose run it was."""

import torch
from pydantic import ValidationError


def explain(error: Exception) -> str:
    """One sentence for the person whose run failed."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error):
        return "There was not enough memory. Try a smaller batch or a smaller model."
    return f"Unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}"
