"""Texts as numbers: a table of words that is made from the training split alone, and the ids of a text's first words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from backend.domain.experiment.upload_texts import words

PADDING, UNKNOWN = 0, 1  # ids: of places after a text's end, and of words that the table does not hold
SPECIAL = ("", "\ufffd")  # their words in the table


@dataclass(frozen=True)
class Vocabulary:
    """The words that are told apart; the place of each is its id."""

    words: tuple[str, ...]

    @classmethod
    def learn(cls, texts: Iterable[str], most: int) -> "Vocabulary":
        """The `most` ids of these texts: two special ones, then the most frequent words, equals in alphabetical order."""
        counts = Counter(word for text in texts for word in words(text))
        frequent = sorted(counts, key=lambda word: (-counts[word], word))
        return cls((*SPECIAL, *frequent[: most - len(SPECIAL)]))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def encode(self, texts: Sequence[str], length: int) -> NDArray[np.int64]:
        """The ids of each text's first words [texts, length], padded on the right."""
        ids = np.full((len(texts), length), PADDING, np.int64)
        for row, text in enumerate(texts):
            found = [self._ids.get(word, UNKNOWN) for word in words(text)[:length]]
            ids[row, : len(found)] = found
        return ids
