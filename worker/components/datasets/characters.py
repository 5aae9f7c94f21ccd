"""Texts, character by character."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.contracts.component import hyperparameter
from worker.contracts.families.datasets import Dataset
from worker.data.splits import generator
from worker.data.tensors import Corpus, Samples

STRETCHES, HELD_OUT = 50, 5  # contiguous stretches of the text; how many of them are for validation, and for testing
MOST = 20_000_000  # characters; each takes 16 bytes of memory
OTHER = "�"
CODES = 0x110000  # Unicode's code points


class Characters(Dataset):
    """Your own text, or Python's reference manual: the model predicts each next character.

    The text is all files `*.txt` (UTF-8) in the data folder `datasets/characters/`, in the order of their names; without
    any, the language reference that comes with every Python (`pydoc_data.topics`, about 700,000 characters of English
    and code; other versions of Python bring a slightly different one).
    It is cut into 50 contiguous stretches, of which the run's seed draws 5 for validation and 5 for testing. A sample is
    a window of one stretch; windows neither overlap nor cross the end of a stretch, so that nothing that is held out
    was trained on. Inputs are [length] tokens, targets the token after each. Tokens are the characters of the whole
    text, whatever the seed: the rare ones beyond `tokens` become one, `�`.
    """

    formula = "x = (c₁ … c_L), y = (c₂ … c_{L+1})"
    reference = "Karpathy: The Unreasonable Effectiveness of Recurrent Neural Networks (2015)"
    provides = ("classes", "tokens", "sequence")
    facts = {"task": "language"}

    length: int = hyperparameter(64, ge=8, le=1024, unit="characters", description="Characters that a sample shows, L.")
    tokens: int = hyperparameter(
        128, ge=2, le=4096, unit="characters", description="Characters that are told apart: the most frequent ones."
    )

    def load(self, folder: Path, seed: int) -> Corpus:
        codes = np.frombuffer(_text(folder).encode("utf-32-le"), np.uint32)
        least = STRETCHES * (self.length + 1)
        if not least <= len(codes) <= MOST:
            raise ValueError(
                f"The text has {len(codes):,} characters, but from {least:,} to {MOST:,} are needed for samples of "
                f"{self.length}: change the texts in {folder}, or `length`."
            )
        names, lookup = _vocabulary(codes, self.tokens)
        stretches = np.array_split(lookup[codes], STRETCHES)
        order = generator(seed, "split").permutation(STRETCHES)
        held_out = (order[:HELD_OUT], order[HELD_OUT : 2 * HELD_OUT])
        parts = (order[2 * HELD_OUT :], *held_out)
        train, validation, test = (self._windows([stretches[number] for number in sorted(part)]) for part in parts)
        return Corpus(train, validation, test, "language", len(names), names)

    def _windows(self, stretches: list[NDArray[np.int64]]) -> Samples:
        """Every window of `stretches`, side by side; the few characters that are left at an end are not used."""
        inputs, targets = [], []
        for stretch in stretches:
            used = (len(stretch) - 1) // self.length * self.length
            inputs.append(stretch[:used].reshape(-1, self.length))
            targets.append(stretch[1 : used + 1].reshape(-1, self.length))
        return Samples(np.concatenate(inputs), np.concatenate(targets))


def _text(folder: Path) -> str:
    files = sorted(folder.glob("*.txt"))
    try:
        return "\n".join([file.read_text(encoding="utf-8-sig") for file in files]) if files else _manual()
    except UnicodeDecodeError as error:
        raise ValueError(f"The texts in {folder} must be UTF-8, but one is not: {error}.") from None
    except ImportError:
        raise ValueError(f"This Python has no manual to read from: put a text as *.txt into {folder}.") from None


def _manual() -> str:
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


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
