"""Docstrings of Python's own packages."""

import ast
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from worker.contracts.component import hyperparameter
from worker.contracts.families.datasets import Dataset
from worker.data.splits import part
from worker.data.tensors import Corpus
from worker.data.texts import corpus_of_texts

PACKAGES = ("asyncio", "email", "http", "importlib", "logging", "multiprocessing", "unittest", "xml")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


class Docstrings(Dataset):
    """Docstrings of Python's standard library, about 1,900 short English texts: the model tells the package of each.

    Nothing is downloaded; other versions of Python bring slightly different texts. Inputs are the ids of a text's first
    words [length], 0 after its end. Words are runs of letters and digits in lower case, and single signs. The table of
    words is made from the training split alone: the most frequent ones; all others share one id.
    """

    formula = "x = (w₁ … w_L) of {0 … vocabulary−1}, y ∈ {0 … 7}"
    reference = "Python Software Foundation: The Python Standard Library, https://docs.python.org/3/library"
    provides = ("classes", "text", "sequence")
    facts = {"outputs": len(PACKAGES), "task": "classification"}

    length: int = hyperparameter(32, ge=4, le=1024, unit="words", description="Words that a sample shows, L.")
    vocabulary: int = hyperparameter(
        2000,
        ge=16,
        le=100_000,
        unit="words",
        description="Words that are told apart, padding and unknown ones included.",
    )

    def load(self, folder: Path, seed: int) -> Corpus:
        library = Path(sysconfig.get_path("stdlib"))
        found = [sorted({*_docstrings(library / package)}) for package in PACKAGES]
        if lacking := [name for name, texts in zip(PACKAGES, found, strict=True) if len(texts) < 10]:
            raise ValueError(f"This Python has no sources of its package `{lacking[0]}`: choose another dataset.")
        targets = np.repeat(np.arange(len(PACKAGES)), [len(texts) for texts in found])
        tenth = len(targets) // 10
        return corpus_of_texts(
            [text for texts in found for text in texts],
            targets,
            part(targets, (tenth, tenth), seed),
            length=self.length,
            vocabulary=self.vocabulary,
            outputs=len(PACKAGES),
            names=PACKAGES,
        )


def _docstrings(package: Path) -> Iterator[str]:
    for file in sorted(package.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
                yield text
