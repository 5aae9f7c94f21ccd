"""A text whose next characters are learnt: it is kept as code points."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.data import lines
from backend.data.faults import FileInvalid
from backend.data.growing import GrowingArray
from backend.domain.experiment.upload_facts import Facts
from backend.domain.experiment.upload_plan import MOST_CHARACTERS

BLOCK = 1 << 20
SHOWN_LINES, SHOWN_CHARACTERS = 8, 200


def read(path: Path, folder: Path) -> Facts:
    """Write the text's code points to `characters.npy` (uint32) in the folder. Raises FileInvalid in one sentence."""
    lines.check(path, longest=None)
    different: set[int] = set()
    with GrowingArray(folder / "characters.npy", np.uint32) as characters:
        for codes in _blocks(path):
            characters.append(codes)
            different |= set(np.unique(codes).tolist())
            if characters.rows > MOST_CHARACTERS:
                raise FileInvalid(f"The text has more than {MOST_CHARACTERS:,} characters: send a part of it.")
    if len(different) < 2:
        raise FileInvalid("The text has no two different characters: there is nothing to learn from it.")
    preview = [[line[:SHOWN_CHARACTERS]] for line in _start(path).splitlines()[:SHOWN_LINES]]
    return Facts(kind="text", rows=characters.rows, columns=[], characters=len(different), preview=preview)


def _start(path: Path) -> str:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(SHOWN_LINES * SHOWN_CHARACTERS)


def _blocks(path: Path) -> Iterator[NDArray[np.uint32]]:
    with path.open(encoding="utf-8-sig") as file:  # all kinds of line breaks become one
        while text := file.read(BLOCK):
            yield np.frombuffer(text.encode("utf-32-le"), np.uint32)
