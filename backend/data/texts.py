"""Texts of a column, which are kept as one array of UTF-8 bytes and one of the places where each text ends."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from backend.data.growing import GrowingArray
from backend.domain.experiment.upload_texts import words


class GrowingTexts:
    """`texts-<index>.npy` (uint8 [bytes]) and `ends-<index>.npy` (int64 [texts]) in a folder, which grow by blocks."""

    def __init__(self, folder: Path, index: int) -> None:
        self._bytes = GrowingArray(folder / f"texts-{index}.npy", np.uint8)
        self._ends = GrowingArray(folder / f"ends-{index}.npy", np.int64)

        self._words: list[int] = []

    @property
    def words(self) -> dict[str, int]:
        """Number of words of the middle text and of the longest one."""
        return {"median_words": int(np.median(self._words)), "most_words": max(self._words)} if self._words else {}

    def append(self, texts: Sequence[str]) -> None:
        self._words += [len(words(text)) for text in texts]
        encoded = [text.encode() for text in texts]
        ends = self._bytes.rows + np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
        self._bytes.append(np.frombuffer(b"".join(encoded), np.uint8))
        self._ends.append(ends)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bytes.__exit__()
        self._ends.__exit__()
