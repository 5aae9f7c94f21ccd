"""Quality of a model in detail, beyond one number: where it is right and where it errs. Shown after each stage."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.data.tensors import Data, Split
from worker.engine.evaluate import batch_size, in_own_unit, r2, true_numbers

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

BINS = 15  # of confidence
TOP = (1, 2, 3, 5, 10)
MOST_SQUARE = 64  # classes of a confusion matrix
MOST_CLASSES = 200
MOST_POINTS = 500  # of predicted against true numbers


@torch.no_grad()
def quality(module: nn.Module, split: Split, data: Data, attend: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Result of `classes` or `numbers` for `module` on `split`, and the `task`; calls `attend` between batches.

    Confidences are softmax probabilities of the outputs. Of texts every token is a sample; they have no classes to show.
    """
    modes = {layer: layer.training for layer in module.modules()}
    module.eval()
    parts = []
    for inputs, targets in split.batches(batch_size(split)):
        outputs = module(inputs)
        parts.append((in_own_unit(outputs, data),) if data.task == "regression" else _ranked(outputs, targets))
        attend()
    for layer, training in modes.items():
        layer.training = training
    columns = [torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True)]
    if data.task == "regression":
        return {"task": data.task, **numbers(true_numbers(split, data).cpu().numpy(), *columns)}
    true, chosen, confidence, higher = columns
    names = [] if data.task == "language" else _names(data)
    return {"task": data.task, **classes(true, chosen, confidence, higher, names)}


def _ranked(outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """For each sample or token: the class, the one that was chosen, how confidently, how many were rated higher."""
    outputs, targets = outputs.flatten(0, -2).float(), targets.flatten()
    confidence, chosen = outputs.softmax(-1).amax(-1), outputs.argmax(-1)
    own = outputs.gather(1, targets[:, None])
    before = torch.arange(outputs.shape[1], device=outputs.device) < targets[:, None]  # of equals the first counts
    higher = ((outputs > own) | ((outputs == own) & before)).sum(1)
    return targets, chosen, confidence.double(), higher


def _names(data: Data) -> Sequence[str]:
    return data.names or [str(number) for number in range(data.outputs)]


def classes(targets: Ints, chosen: Ints, confidence: Floats, higher: Ints, names: Sequence[str]) -> dict[str, Any]:
    """`samples`, `accuracy`, `top` (k -> share whose class is among the k best), `calibration`; where classes have
    `names` also `classes` (name, precision, recall, f1, support), their plain mean `macro`, and `confusion` [true][chosen].

    Precision and F1 of a class that was never chosen, and recall of one that never came, are 0. Long lists are left out.
    """
    body: dict[str, Any] = {
        "samples": len(targets),
        "accuracy": _round(float((chosen == targets).mean())),
        "top": {str(k): _round(float((higher < k).mean())) for k in TOP if k == 1 or k < len(names)},
        "calibration": calibration(chosen == targets, confidence),
    }
    if not names:
        body["top"] = {str(k): _round(float((higher < k).mean())) for k in TOP}
        return body
    count = len(names)
    confusion = np.bincount(targets * count + chosen, minlength=count * count).reshape(count, count)
    scores = _scores(confusion)
    body["macro"] = {name: _round(float(values.mean())) for name, values in scores.items()}
    if count <= MOST_CLASSES:
        columns = {**{name: [_round(value) for value in values.tolist()] for name, values in scores.items()}}
        columns["support"] = confusion.sum(1).tolist()
        body["classes"] = [
            {"name": name, **{key: values[place] for key, values in columns.items()}}
            for place, name in enumerate(names)
        ]
    if count <= MOST_SQUARE:
        body["confusion"] = confusion.tolist()
    return body


def _scores(confusion: NDArray[Any]) -> dict[str, Floats]:
    """Precision, recall and F1 of each class [classes]."""
    hits, came, chosen = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
    return {
        "precision": hits / np.maximum(chosen, 1),
        "recall": hits / np.maximum(came, 1),
        "f1": 2 * hits / np.maximum(came + chosen, 1),
    }


def calibration(right: NDArray[np.bool_], confidence: Floats) -> dict[str, Any]:
    """`error`: the mean distance of confidence and accuracy in bins of equal width, weighted by their samples (Guo et al.
    2017, arXiv:1706.04599); `bins` of those that have any: low, high, samples, confidence, accuracy."""
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)  # (low, high]
    samples = np.bincount(place, minlength=BINS)
    some = np.maximum(samples, 1)
    mean = np.bincount(place, confidence, BINS) / some
    hits = np.bincount(place, right, BINS) / some
    error = float((samples * np.abs(mean - hits)).sum() / max(1, len(right)))
    bins = [
        {
            "low": _round(number / BINS),
            "high": _round((number + 1) / BINS),
            "samples": int(samples[number]),
            "confidence": _round(float(mean[number])),
            "accuracy": _round(float(hits[number])),
        }
        for number in np.flatnonzero(samples).tolist()
    ]
    return {"error": _round(error), "bins": bins}


def numbers(targets: Floats, outputs: Floats) -> dict[str, Any]:
    """For targets and outputs [n, k]: `samples`, `outputs` of each r2, mae, rmse, and `points` of evenly spaced samples,
    `true` and `predicted` [k][points]. All in the targets' unit, measured from the training split's mean."""
    error = outputs - targets
    squared = np.square(error).sum(0)
    of_each = r2(torch.from_numpy(error), torch.from_numpy(targets)).tolist()
    rows = np.unique(np.linspace(0, len(targets) - 1, min(MOST_POINTS, len(targets))).round().astype(np.int64))
    return {
        "samples": len(targets),
        "outputs": [
            {
                "r2": _round(of_each[number]),
                "mae": _round(float(np.abs(error[:, number]).mean())),
                "rmse": _round(math.sqrt(float(squared[number]) / len(targets))),
            }
            for number in range(targets.shape[1])
        ],
        "points": {
            "true": [[_round(value) for value in column] for column in targets[rows].T.tolist()],
            "predicted": [[_round(value) for value in column] for column in outputs[rows].T.tolist()],
        },
    }


def _round(value: float) -> float:
    """Six digits are more than a chart shows."""
    return float(f"{value:.6g}")
