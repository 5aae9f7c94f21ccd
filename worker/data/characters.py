"""Windows of a text, character by character, in contiguous stretches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.domain.experiment.upload_plan import STRETCHES
from worker.data.layout import Layout, Tokens
from worker.data.splits import generator
from worker.data.tensors import Corpus, Samples

OTHER = "�"
CODES = 0x110000  # Unicode's code points


@dataclass(frozen=True)
class Windows:
    """The way in which a text is cut: samples of `length` characters, `tokens` of which are told apart."""

    length: int
    tokens: int
    held_out: tuple[int, int] = (5, 5)  # stretches for validation, and for the test

    def corpus(self, codes: NDArray[np.uint32], seed: int) -> Corpus:
        """The splits of a text that is given as code points: `seed` draws which stretches are held out."""
        names, lookup = _vocabulary(codes, self.tokens)
        stretches = np.array_split(lookup[codes], STRETCHES)
        order = generator(seed, "split").permutation(STRETCHES)
        validation, test, train = np.split(order, np.cumsum(self.held_out))
        first, second, third = (
            self._cut([stretches[number] for number in sorted(part)]) for part in (train, validation, test)
        )
        return Corpus(first, second, third, "language", len(names), names, layout=Layout(tokens=Tokens(names)))

    def _cut(self, stretches: Sequence[NDArray[np.int64]]) -> Samples:
        """Every window of `stretches`, side by side; the few characters that are left at an end are not used."""
        inputs, targets = [], []
        for stretch in stretches:
            used = (len(stretch) - 1) // self.length * self.length
            inputs.append(stretch[:used].reshape(-1, self.length))
            targets.append(stretch[1 : used + 1].reshape(-1, self.length))
        return Samples(np.concatenate(inputs), np.concatenate(targets))


def _vocabulary(codes: NDArray[np.uint32], most: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The tokens' names, in the order of their code points, and the token of each code point [CODES]."""
    counts = np.bincount(codes, minlength=CODES)
    present = np.flatnonzero(counts)
    if len(present) <= most:
        known, names = present, []
    else:
        frequent = np.argsort(-counts[present], kind="stable")[: most - 1]
        known, names = np.sort(present[frequent]), [OTHER]
    lookup = np.zeros(CODES, np.int64)  # whatever is not known is token 0, which is OTHER where there is any
    lookup[known] = np.arange(len(known)) + len(names)
    return (*names, *map(chr, known.tolist())), lookup
