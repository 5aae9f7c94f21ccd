"""Pictures of augmented images: what is shown is what training sees, in few bytes."""

import base64
import json
from typing import Any

import numpy as np
import pytest
import torch

from backend.domain.catalog import Catalog
from backend.domain.settings import Settings
from tests.worker.engine.harness import assignment, run
from tests.worker.test_png import decode
from worker.contracts.component import discover
from worker.contracts.recipe import Recipe
from worker.data.tensors import Corpus, Data, Samples
from worker.engine.input.storage import Storing, store
from worker.engine.summaries import collect, pictures
from worker.pipe.messages import Summary

discover()
EVERYTHING = [
    {"kind": kind}
    for kind in ("random_crop", "rotation", "elastic", "color_jitter", "noise", "cutout", "mixup", "cutmix")
]


def data(*shape: int, count: int = 40, classes: int = 10) -> Data:
    """Noise: nothing takes more bytes."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)
    samples = Samples(pixels, np.arange(count) % classes)
    names = tuple(f"class {number}" for number in range(classes))
    corpus = Corpus(samples, samples, samples, "classification", classes, names)
    return store(corpus, None, Storing("device", "cpu", None, augmented=True))  # type: ignore[arg-type]


def shown(given: Data, augmentations: list[dict[str, Any]]) -> dict[str, Any]:
    body = collect.of_recipe(given, Recipe.model_validate({"augmentations": augmentations}), 0)["augmentations"]
    plain: dict[str, Any] = json.loads(json.dumps(body))
    return plain


def read(row: dict[str, Any]) -> np.ndarray:
    return decode(base64.b64decode(row["png"]))[0]


def test_the_first_row_is_the_images_as_they_were_read() -> None:
    given = data(1, 8, 8)
    body = shown(given, [{"kind": "noise"}])
    assert (body["columns"], body["height"], body["width"]) == (8, 8, 8)
    sheet = read(body["rows"][0]).reshape(8, 8, 9)  # rows of pixels, pictures, columns of pixels and the clear line
    assert (sheet[:, :, 8] == pictures.CLEAR).all() and (sheet[:, :, :8] != pictures.CLEAR).all()
    originals = np.where(given.train.inputs.numpy() == pictures.CLEAR, 0, given.train.inputs.numpy())[:, 0]
    for place, caption in enumerate(body["rows"][0]["captions"]):
        (number,) = np.flatnonzero((originals == sheet[:, place, :8]).all((1, 2)))
        assert caption == [[1.0, f"class {number % 10}"]]


def test_each_augmentation_alone_then_all_in_three_draws() -> None:
    titles = [row["title"] for row in shown(data(1, 8, 8), [{"kind": "noise"}, {"kind": "mixup"}])["rows"]]
    assert titles == ["before", "noise", "mixup", "all, draw 1", "all, draw 2", "all, draw 3"]
    alone = shown(data(1, 8, 8), [{"kind": "horizontal_flip", "p": 1}])["rows"]
    assert [row["title"] for row in alone] == ["before", *(f"horizontal_flip, draw {draw}" for draw in (1, 2, 3))]
    before, after = (read(row).reshape(8, 8, 9)[..., :8] for row in alone[:2])
    assert np.array_equal(after, before[..., ::-1])


def test_different_classes_are_shown_and_mixtures_told() -> None:
    rows = shown(data(1, 8, 8, classes=5), [{"kind": "mixup", "alpha": 1}])["rows"]
    assert len({caption[0][1] for caption in rows[0]["captions"][:5]}) == 5
    for caption in rows[1]["captions"]:
        assert sum(share for share, _ in caption) == pytest.approx(1, abs=0.02)
        assert caption == sorted(caption, key=lambda part: -part[0])
    assert all(row["captions"] is None for row in shown(data(1, 8, 8), [{"kind": "noise"}])["rows"][1:])


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 224, 160), (2, 9, 14)])
def test_even_noise_of_any_size_fits(shape: tuple[int, ...]) -> None:
    body = shown(data(*shape), EVERYTHING)
    assert len(json.dumps(body)) <= 60 * 1024
    assert body["columns"] >= 1 and max(body["height"], body["width"]) <= 32
    sheet = read(body["rows"][-1])
    assert sheet.shape == (body["height"], body["columns"] * (body["width"] + 1), 3 if shape[0] == 3 else 1)


def test_few_samples_and_no_augmentation() -> None:
    assert shown(data(1, 8, 8, count=3), [{"kind": "cutmix"}])["columns"] == 3
    assert "augmentations" not in collect.of_recipe(data(1, 8, 8), Recipe(), 0)


def test_the_pictures_leave_all_randomness_as_it_was() -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    shown(data(1, 8, 8), EVERYTHING)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_shows_them_before_its_first_step(catalog: Catalog, settings: Settings) -> None:
    train = {"kind": "train", "epochs": 1, "augmentations": [{"kind": "random_crop"}]}
    spec = {"dataset": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [8]}, "stages": [train]}
    (summary,) = [one for one in run(assignment(spec, catalog), settings).all(Summary) if one.kind == "augmentations"]
    assert (summary.stage, summary.step) == (0, 0)
    assert len(summary.body["rows"]) == 4
