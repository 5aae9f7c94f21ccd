"""Texts, character by character."""

from pathlib import Path

import numpy as np

from backend.domain.experiment.upload_plan import MOST_CHARACTERS, STRETCHES
from worker.contracts.component import hyperparameter
from worker.contracts.families.datasets import Dataset
from worker.data.characters import Windows
from worker.data.tensors import Corpus


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
        if not least <= len(codes) <= MOST_CHARACTERS:
            raise ValueError(
                f"The text has {len(codes):,} characters, but from {least:,} to {MOST_CHARACTERS:,} are needed for samples of "
                f"{self.length}: change the texts in {folder}, or `length`."
            )
        return Windows(self.length, self.tokens).corpus(codes, seed)


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
