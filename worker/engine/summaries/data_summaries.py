"""Summaries of a run's data, as plain JSON: its classes, generated samples, and the speed of each storage tier.

| kind      | body                                                                                             |
|-----------|--------------------------------------------------------------------------------------------------|
| classes   | `names`, and for each class how many samples were `read` for training, are `drawn` in an epoch,  |
|           | were `show_generated`, and are held out for `validation` and `test`                                   |
| generated | a `picture` (PNG, base64), a row for each of `names`: `real` columns as read, an empty one, `made` |
| storage   | `chosen` tier, `device`, `samples`, and `tiers`: `tier`, `samples_a_second`, `bytes`             |
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.data.tensors import Corpus, Samples, Scaling
from worker.engine.input.storage import Storing
from worker.engine.input.trials import trials
from worker.engine.summaries.sheet import Picture, bytes_of, sheet

MOST_CLASSES = 1000  # a histogram of more tells nobody anything
ROWS, COLUMNS = 10, 5  # classes that are pictured, and images of each as read and made up


def of_data(whole: Corpus, corpus: Corpus, scaling: Scaling | None, storing: Storing) -> dict[str, dict[str, Any]]:
    """Summaries by kind. `whole` is the data as it was read, `corpus` with its training split changed."""
    shown = {"storage": storage(corpus, scaling, storing)}
    if corpus.task == "classification" and corpus.outputs <= MOST_CLASSES:
        shown["classes"] = classes(whole, corpus)
    if corpus.train.generated and len(corpus.input_shape) == 3:
        shown["generated"] = show_generated(corpus)
    return shown


def classes(whole: Corpus, corpus: Corpus) -> dict[str, Any]:
    """Number of samples of each class, before and after the training split was changed."""
    train, outputs = corpus.train, corpus.outputs
    made_up = train.targets[len(train) - train.generated :]
    shares = np.bincount(train.targets, train.weights, minlength=outputs)
    return {
        "names": _names(corpus),
        "read": _counts(whole.train, outputs),
        "drawn": (shares * (len(train) / shares.sum())).round(2).tolist(),
        "generated": np.bincount(made_up, minlength=outputs).tolist(),
        "validation": _counts(corpus.validation, outputs),
        "test": _counts(corpus.test, outputs),
    }


def show_generated(corpus: Corpus) -> dict[str, Any]:
    """The first images of each class, as read and made up."""
    train = corpus.train
    read = len(train) - train.generated
    pictured = np.unique(train.targets[read:])[:ROWS].tolist()
    rows = []
    for label in pictured:
        of_class = np.flatnonzero(train.targets == label)
        rows.append([*_row(corpus, of_class[of_class < read]), None, *_row(corpus, of_class[of_class >= read])])
    return {
        "picture": sheet(rows),
        "names": [_names(corpus)[label] for label in pictured],
        "real": COLUMNS,
        "made": COLUMNS,
        "shape": list(corpus.input_shape),
    }


def storage(corpus: Corpus, scaling: Scaling | None, storing: Storing) -> dict[str, Any]:
    """Speed of each tier on this machine, and the bytes of the training split there."""
    samples = len(corpus.train)
    tiers = [
        {
            "tier": trial.tier,
            "samples_a_second": round(trial.samples_a_second, 1),
            "bytes": round(trial.bytes_a_sample * samples),
        }
        for trial in trials(corpus, scaling, storing)
    ]
    return {"chosen": storing.choose(corpus), "device": storing.device, "samples": samples, "tiers": tiers}


def _row(corpus: Corpus, rows: NDArray[np.int64]) -> list[Picture | None]:
    images = bytes_of(corpus.train.take(rows[:COLUMNS]).inputs, corpus.black, corpus.white)
    return [*images, *[None] * (COLUMNS - len(images))]


def _counts(samples: Samples, outputs: int) -> list[int]:
    return [int(count) for count in np.bincount(samples.targets, minlength=outputs)]


def _names(corpus: Corpus) -> list[str]:
    return list(corpus.names) or [str(label) for label in range(corpus.outputs)]
