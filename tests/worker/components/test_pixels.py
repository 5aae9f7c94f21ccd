"""The range of images is known from their type and values: the same pictures in another unit are the same pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.experiment.pixels import pixel_range
from backend.domain.experiment.upload_plan import Choice, ChoiceInvalid
from backend.domain.experiment.uploads import plan
from tests.backend.data.making import npz
from tests.worker.components.registry import make
from tests.worker.components.test_upload import load, sent
from worker.data.tensors import Array, Data
from worker.engine.input.storage import Storing, store

SHADES = np.random.default_rng(0).integers(0, 17, (60, 9, 9)) / 16  # 0 black … 1 white, both among them
LABELS = np.arange(60) % 3

UNITS: dict[str, tuple[Array, float, float]] = {
    "0 … 1": (SHADES.astype(np.float32), 0, 1),
    "bytes": ((SHADES * 255).round().astype(np.uint8), 0, 255),
    "bytes as floats": ((SHADES * 255).round(), 0, 255),
    "resized bytes": (SHADES * 254.3, 0, 255),
    "4 bits": ((SHADES * 15).round().astype(np.uint8), 0, 15),
    "0 … 16": ((SHADES * 16).astype(np.uint8), 0, 16),
    "a mask": ((SHADES > 0.5).astype(np.uint8), 0, 1),
    "a mask of booleans": (SHADES > 0.5, 0, 1),
    "12 of 16 bits": ((SHADES * 4095).round().astype(np.uint16), 0, 4095),
    "16 bits": ((SHADES * 65535).round().astype(np.uint16), 0, 65535),
    "-1 … 1": ((SHADES * 2 - 1).astype(np.float32), -1, 1),
    "nearly -1 … 1": (SHADES * 1.9 - 0.95, -1, 1),
    "an overshoot": ((SHADES * 1.01).astype(np.float32), 0, 1.01),
    "normalized": (SHADES * 4.5 - 1.8, -1.8, 2.7),
    "signed bytes": ((SHADES * 255 - 128).round().astype(np.int8), -128, 127),
    "tiny": (SHADES * 1e-3, 0, 1e-3),
    "an offset": (SHADES * 255 + 1e9, 1e9, 1e9 + 255),
}
each_unit = pytest.mark.parametrize("unit", UNITS)


def stored(folder: Path, images: Array, preparation: str, **fields: float) -> tuple[Data, Array]:
    """The data of a run that augments, and the images of its training split as they were sent."""
    sent(folder, {"file": npz(x=images, y=LABELS)})
    corpus = load(folder, **fields)
    scaling = make("preparations", preparation).fit(corpus.train.inputs)  # type: ignore[attr-defined]
    return store(corpus, scaling, Storing("memory", "cpu", folder, augmented=True)), corpus.train.inputs


@each_unit
def test_black_is_zero_and_white_is_one(unit: str, tmp_path: Path) -> None:
    images, black, white = UNITS[unit]
    facts = sent(tmp_path, {"file": npz(x=images, y=LABELS)})
    assert facts.inputs is not None and (facts.inputs.black, facts.inputs.white) == pytest.approx((black, white))
    corpus = load(tmp_path)
    data = store(corpus, None, Storing("memory", "cpu", tmp_path, augmented=True))
    pixels = data.train.pixels(torch.arange(len(data.train)))[0]
    assert 0 <= pixels.min() < 0.05 and 0.95 < pixels.max() <= 1


def test_the_check_of_ranges_catches_a_guess(tmp_path: Path) -> None:
    sent(tmp_path, {"file": npz(x=UNITS["-1 … 1"][0], y=LABELS)})
    guessed = replace(load(tmp_path), black=-1.0, white=254.0)
    pixels = store(guessed, None, Storing("memory", "cpu", tmp_path, augmented=True)).train.pixels(torch.arange(9))[0]
    assert pixels.max() < 0.05


@pytest.mark.parametrize("augmented", [False, True])
@each_unit
def test_without_preparation_the_inputs_are_as_they_were_sent(unit: str, augmented: bool, tmp_path: Path) -> None:
    images, _, _ = UNITS[unit]
    data, read = stored(tmp_path, images, "none")
    whole = {image.tobytes() for image in images.astype(np.float64)}
    assert all(image.astype(np.float64).tobytes() in whole for image in read)
    index = torch.arange(len(data.train))
    found = data.train.prepare(data.train.pixels(index)[0]) if augmented else data.train.batch(index)[0]
    assert found.numpy() == pytest.approx(read.astype(np.float64), rel=1e-5, abs=1e-5 * np.ptp(images.astype(float)))


@each_unit
def test_an_augmentation_that_changes_nothing_changes_nothing(unit: str, tmp_path: Path) -> None:
    data, _ = stored(tmp_path, UNITS[unit][0], "per_channel")
    index = torch.arange(len(data.train))
    prepared = data.train.prepare(data.train.pixels(index)[0])
    assert prepared.numpy() == pytest.approx(data.train.batch(index)[0].numpy(), abs=1e-4)


def test_a_spec_may_say_another_range(tmp_path: Path) -> None:
    facts = sent(tmp_path, {"file": npz(x=UNITS["normalized"][0], y=LABELS)})
    corpus = load(tmp_path, black=-2.0, white=3.0)
    assert (corpus.black, corpus.white) == (-2.0, 3.0)
    with pytest.raises(ChoiceInvalid, match="is 0, but black is 1: white must be the greater one") as refused:
        plan(facts, Choice(black=1.0, white=0.0))
    assert refused.value.role == "white"


@settings(max_examples=200, deadline=None)
@given(
    edges=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(sorted),
    whole=st.booleans(),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32", "float64", "bool"]),
)
def test_no_pixel_lies_beyond_the_range(edges: list[float], whole: bool, dtype: str) -> None:
    least, greatest = (float(round(edge)) for edge in edges) if whole else edges
    black, white = pixel_range(dtype, least, greatest, whole)
    assert black <= least and greatest <= white and black < white
