"""Quality by hand equals scikit-learn's, on predictions of every kind."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn import metrics
from torch import Tensor, nn

from backend.domain.catalog import Catalog
from backend.domain.settings import Settings
from tests.worker.engine.harness import assignment, run
from worker.data.tensors import Data, Split
from worker.engine.summaries.quality import BINS, MOST_CLASSES, MOST_SQUARE, calibration, quality
from worker.pipe.messages import Summary


class Fixed(nn.Module):
    """Says what it is told, whatever it is asked: its inputs are the outputs' places."""

    def __init__(self, outputs: Tensor) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, places: Tensor) -> Tensor:
        return self.outputs[places[:, 0]]


def judged(outputs: Tensor, targets: Tensor, **data: Any) -> dict[str, Any]:
    split = Split(torch.arange(len(targets))[:, None], targets)
    return quality(Fixed(outputs), split, Data(split, split, split, outputs.shape[-1], **data))


def random_scores(samples: int = 2500, classes: int = 7) -> tuple[Tensor, Tensor]:
    """Scores that are often right; class 5 never comes and class 6 is never chosen."""
    random = torch.Generator().manual_seed(0)
    targets = torch.randint(classes, (samples,), generator=random)
    targets[targets == 5] = 0
    scores = torch.randn(samples, classes, generator=random)
    scores[torch.arange(samples), targets] += 1.5
    scores[:, 6] = -9.0
    return scores, targets


def test_scores_are_those_of_scikit_learn() -> None:
    scores, targets = random_scores()
    names = tuple("abcdefg")
    body = judged(scores, targets, names=names)
    chosen, labels = scores.argmax(1), list(range(7))
    assert body["accuracy"] == pytest.approx(metrics.accuracy_score(targets, chosen), rel=1e-5)
    assert body["confusion"] == metrics.confusion_matrix(targets, chosen, labels=labels).tolist()
    each = metrics.precision_recall_fscore_support(targets, chosen, labels=labels, zero_division=0)
    for name, expected in zip(("precision", "recall", "f1", "support"), each, strict=True):
        assert [one[name] for one in body["classes"]] == pytest.approx(expected.tolist(), rel=1e-5)
    macro = metrics.precision_recall_fscore_support(targets, chosen, labels=labels, average="macro", zero_division=0)
    for name, mean in zip(("precision", "recall", "f1"), macro, strict=False):
        assert body["macro"][name] == pytest.approx(mean, rel=1e-5)
    assert [one["name"] for one in body["classes"]] == list(names)
    for k in (1, 2, 3, 5):
        expected = metrics.top_k_accuracy_score(targets, scores.numpy(), k=k, labels=labels)
        assert body["top"][str(k)] == pytest.approx(expected, rel=1e-5)


def reference_error(right: NDArray[np.bool_], confidence: NDArray[np.float64]) -> float:
    """Guo et al. (2017), equation 3, bin by bin."""
    error = 0.0
    for number in range(BINS):
        inside = (confidence > number / BINS) & (confidence <= (number + 1) / BINS)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def test_calibration_is_by_its_definition() -> None:
    scores, targets = random_scores()
    body = judged(scores, targets)["calibration"]
    confidence = scores.softmax(1).amax(1).double().numpy()
    right = (scores.argmax(1) == targets).numpy()
    assert body["error"] == pytest.approx(reference_error(right, confidence), rel=1e-5)
    assert sum(one["samples"] for one in body["bins"]) == len(targets)
    assert all(one["low"] <= one["confidence"] <= one["high"] for one in body["bins"])


@pytest.mark.parametrize(("confidence", "share", "error"), [(0.8, 0.8, 0.0), (1.0, 0.5, 0.5), (0.6, 1.0, 0.4)])
def test_who_is_as_often_right_as_sure_is_calibrated(confidence: float, share: float, error: float) -> None:
    right = np.arange(100) < 100 * share
    assert calibration(right, np.full(100, confidence))["error"] == pytest.approx(error)


def test_equal_scores_are_no_hits() -> None:
    body = judged(torch.zeros(100, 4), torch.arange(100) % 4)
    assert body["accuracy"] == body["top"]["1"] == 0.25
    assert body["top"]["3"] == 0.75


def test_numbers_are_judged_as_scikit_learn_does_in_their_own_unit() -> None:
    random = torch.Generator().manual_seed(0)
    targets = torch.randn(1200, 2, generator=random)
    outputs = targets + 0.3 * torch.randn(1200, 2, generator=random)
    unit = (10.0, 0.5)
    body = judged(outputs, targets, task="regression", unit=unit)
    true, said = targets.numpy() * unit, outputs.numpy() * unit
    for number, one in enumerate(body["outputs"]):
        assert one["r2"] == pytest.approx(metrics.r2_score(true[:, number], said[:, number]), rel=1e-5)
        assert one["mae"] == pytest.approx(metrics.mean_absolute_error(true[:, number], said[:, number]), rel=1e-5)
        assert one["rmse"] ** 2 == pytest.approx(metrics.mean_squared_error(true[:, number], said[:, number]), rel=1e-4)
    assert len(body["points"]["true"]) == 2 and len(body["points"]["predicted"][0]) == 500
    assert body["points"]["true"][0][0] == pytest.approx(true[0, 0], rel=1e-5)


def test_texts_are_judged_token_by_token() -> None:
    random = torch.Generator().manual_seed(0)
    scores, tokens = torch.randn(30, 12, 20, generator=random), torch.randint(20, (30, 12), generator=random)
    body = judged(scores, tokens, task="language")
    flat = metrics.top_k_accuracy_score(tokens.flatten(), scores.flatten(0, 1).numpy(), k=5, labels=list(range(20)))
    assert body["samples"] == 360 and body["top"]["5"] == pytest.approx(flat, rel=1e-5)
    assert "confusion" not in body and "classes" not in body


@pytest.mark.parametrize(
    ("classes", "square", "listed"), [(MOST_SQUARE + 1, False, True), (MOST_CLASSES + 1, False, False)]
)
def test_long_lists_are_left_out(classes: int, square: bool, listed: bool) -> None:
    body = judged(torch.eye(classes), torch.arange(classes))
    assert ("confusion" in body, "classes" in body) == (square, listed)
    assert body["macro"]["f1"] == body["accuracy"] == 1.0


def test_the_model_stays_in_its_mode() -> None:
    scores, targets = random_scores(50)
    module = nn.Sequential(Fixed(scores), nn.Dropout(0.5)).train()
    module[1].eval()
    split = Split(torch.arange(50)[:, None], targets)
    quality(module, split, Data(split, split, split, 7))
    assert [child.training for child in module.modules()] == [True, True, False]


@pytest.mark.parametrize(
    ("dataset", "holds"),
    [("digits", {"confusion", "classes", "top", "calibration"}), ("diabetes", {"outputs", "points"})],
)
def test_every_stage_shows_its_quality(dataset: str, holds: set[str], catalog: Catalog, settings: Settings) -> None:
    train = {"kind": "train", "epochs": 2, "optimizer": "adam"}
    prune = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 1}}
    spec = {"dataset": dataset, "model": {"kind": "mlp", "hidden": [8]}, "stages": [train, prune]}
    link = run(assignment(spec, catalog), settings)
    shown = [one for one in link.all(Summary) if one.kind == "quality"]
    assert [(one.stage, one.step) for one in shown] == [(done.result.stage, done.result.step) for done in link.done()]
    for one, done in zip(shown, link.done(), strict=True):
        assert holds <= one.body.keys()
        validation = done.result.validation
        if dataset == "digits":
            assert one.body["accuracy"] == pytest.approx(validation["accuracy"], rel=1e-5)
        else:
            assert one.body["outputs"][0]["r2"] == pytest.approx(validation["r2"], rel=1e-4)
            assert one.body["outputs"][0]["mae"] == pytest.approx(validation["mae"], rel=1e-4)
