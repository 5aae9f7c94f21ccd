"""Texts that have classes or numbers: split first, so that no word is known that the training split does not hold."""

from collections.abc import Sequence

import numpy as np

from backend.domain.experiment.upload_texts import WORD
from worker.data.layout import Layout, Tokens
from worker.data.sources import Rows
from worker.data.splits import check
from worker.data.tensors import Array, Corpus, Samples, Task
from worker.data.tokens import PADDING, UNKNOWN, Vocabulary


def corpus_of_texts(
    texts: Sequence[str],
    targets: Array,
    parts: Sequence[Rows],
    *,
    length: int,
    vocabulary: int,
    outputs: int,
    task: Task = "classification",
    names: tuple[str, ...] = (),
) -> Corpus:
    """The `parts` (training, validation, test) of the texts, as ids [n, length] of the training split's words."""
    learnt = Vocabulary.learn((texts[row] for row in parts[0].tolist()), vocabulary)
    whole = Samples(learnt.encode(texts, length), targets)
    train, validation, test = map(whole.take, parts)
    layout = Layout(tokens=Tokens(learnt.words, WORD.pattern, lower=True, unknown=UNKNOWN, padding=PADDING))
    return check(Corpus(train, validation, test, task, outputs, names, vocabulary=learnt.words, layout=layout))


def read_texts(content: Array, ends: Array) -> list[str]:
    """The texts in one array of UTF-8 bytes, and the places where they end."""
    data, starts = content.tobytes(), [0, *np.asarray(ends[:-1]).tolist()]
    return [data[start:end].decode() for start, end in zip(starts, ends.tolist(), strict=True)]
