"""Seeded, disjoint, stratified splits."""

import numpy as np

from worker.data.sources import Rows, Source
from worker.data.tensors import Array, Corpus, Samples, Task


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers as a pure function of the seed and the purpose."""
    return np.random.default_rng([seed, *purpose.encode()])


def draw(strata: Array, count: int, random: np.random.Generator) -> Rows:
    """`count` distinct positions, ascending; each stratum has its share of them, to within one sample.

    Systematic sampling: shuffle, line up by stratum [n], take every (n / count)-th.
    """
    shuffled = random.permutation(len(strata))
    lined_up = shuffled[np.argsort(strata[shuffled], kind="stable")]
    picked = (2 * np.arange(count, dtype=np.int64) + 1) * len(strata) // (2 * count)
    return np.sort(lined_up[picked])


def part(strata: Array, counts: tuple[int, ...], seed: int) -> list[Rows]:
    """Disjoint, stratified positions: first all that is left over, then `counts` of each further part."""
    random, left = generator(seed, "split"), np.arange(len(strata))
    drawn = []
    for count in counts:
        picked = draw(strata[left], count, random)
        drawn.append(left[picked])
        left = np.delete(left, picked)
    return [left, *drawn]


def keep(parts: Array, targets: Array, counts: tuple[int, int, int], seed: int) -> list[Rows]:
    """Positions of a split that came with the data: `parts` [n] (uint8) holds 0 for training, 1 for validation, 2 for the test.

    A part of 1 or 2 that has no sample is drawn from training, with its number in `counts`.
    """
    rows = [np.flatnonzero(parts == number) for number in range(3)]
    missing = [number for number in (1, 2) if len(rows[number]) == 0]
    train = rows[0]
    rest, *drawn = part(strata(targets[train]), tuple(counts[number] for number in missing), seed)
    rows[0] = train[rest]
    for number, picked in zip(missing, drawn, strict=True):
        rows[number] = train[picked]
    return rows


def strata(targets: Array) -> Array:
    """Stratum of each sample [n]: its class; where targets are numbers, the tenth that its first one lies in."""
    if targets.ndim == 1 and targets.dtype.kind in "iu":
        return targets
    first = targets.reshape(len(targets), -1)[:, 0]
    return np.searchsorted(np.quantile(first, np.linspace(0.1, 0.9, 9)), first)


def split(
    inputs: Source,
    targets: Array,
    seed: int,
    *,
    task: Task = "classification",
    outputs: int,
    names: tuple[str, ...] = (),
    white: float = 255.0,
) -> Corpus:
    """One body of data as 80 % training, 10 % validation and 10 % test, stratified, drawn with `seed`."""
    whole, tenth = Samples(inputs, targets), len(targets) // 10
    train, validation, test = (whole.take(rows) for rows in part(strata(targets), (tenth, tenth), seed))
    return check(Corpus(train, validation, test, task, outputs, names, white))


def hold_out(whole: Samples, test: int, validation: int, seed: int) -> tuple[Samples, Samples, Samples]:
    """Training, validation and test: the last `test` samples are for the test, and a stratified `validation` of the others is drawn."""
    published = len(whole) - test
    train, drawn = part(whole.targets[:published], (validation,), seed)
    return whole.take(train), whole.take(drawn), whole.take(np.arange(published, len(whole)))


def check(corpus: Corpus) -> Corpus:
    """`corpus` itself. Raises ValueError when a class index is beyond its classes."""
    if corpus.task == "classification":
        highest = max(int(samples.targets.max()) for samples in (corpus.train, corpus.validation, corpus.test))
        if highest >= corpus.outputs:
            raise ValueError(f"A label says class {highest}, but there are {corpus.outputs} classes, counted from 0.")
    return corpus
