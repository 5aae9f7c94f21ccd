"""Distributions: what is drawn how often, and that what is held out never changes."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier

from backend.domain.experiment.experiment import resolve
from backend.domain.problems import SpecInvalid
from tests.worker.components.registry import each, make
from worker.contracts.catalog import build
from worker.contracts.component import Component
from worker.contracts.families.distributions import Distribution
from worker.data.tensors import Corpus, Samples
from worker.engine.input.load import Wanted, fit_scaling, load, transform, whole_of
from worker.engine.input.storage import Storing
from worker.engine.summaries import data_summaries

NOWHERE = Path("/nonexistent")
QUICK = {"samples": 60, "steps": 20}


@cache
def corpus_of(kind: str) -> Corpus:
    corpus: Corpus = make("datasets", kind).load(NOWHERE, 0)  # type: ignore[attr-defined]
    return corpus


def reshape(kind: str, corpus: Corpus, seed: int = 0, **parameters: object) -> Samples:
    train: Samples = make("distributions", kind, **parameters).reshape(corpus, seed)  # type: ignore[attr-defined]
    return train


def skewed(counts: tuple[int, ...] = (900, 90, 10)) -> Corpus:
    targets = np.repeat(np.arange(len(counts)), counts)
    inputs = np.random.default_rng(0).normal(targets[:, None], 0.3, (len(targets), 4))
    samples = Samples(inputs, targets)
    return Corpus(samples, samples, samples, "classification", len(counts))


def parameters_of(component: type[Component]) -> dict[str, object]:
    return QUICK if component.kind == "generated" else {}


@each("distributions")
def test_the_seed_decides_and_nothing_else(component: type[Distribution]) -> None:
    corpus, other = corpus_of("digits"), replace(corpus_of("digits"), validation=corpus_of("digits").test)
    distribution = component.model_validate(parameters_of(component))
    torch.manual_seed(1)
    first = distribution.reshape(corpus, 0)
    torch.manual_seed(2)
    again = distribution.reshape(other, 0)
    assert np.array_equal(first.inputs, again.inputs) and np.array_equal(first.targets, again.targets)
    assert first.inputs.dtype == corpus.train.inputs.dtype
    assert first.generated == again.generated == (60 if component.kind == "generated" else 0)


@each("distributions")
def test_torchs_own_randomness_is_left_alone(component: type[Distribution]) -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    component.model_validate(parameters_of(component)).reshape(corpus_of("wine"), 0)
    assert torch.equal(torch.get_rng_state(), state)


# ---- class_balance


def shares(train: Samples, classes: int) -> np.ndarray:
    """Share of the draws in each class."""
    drawn = np.bincount(train.targets, train.weights, minlength=classes)
    return drawn / drawn.sum()


@pytest.mark.parametrize(
    ("strength", "expected"),
    [
        (0.0, [0.9, 0.09, 0.01]),
        (1.0, [1 / 3] * 3),
        (0.5, np.sqrt([0.9, 0.09, 0.01]) / np.sqrt([0.9, 0.09, 0.01]).sum()),
    ],
)
def test_balance_draws_classes_by_the_formula(strength: float, expected: list[float]) -> None:
    assert shares(reshape("class_balance", skewed(), strength=strength), 3) == pytest.approx(np.array(expected))


def test_balance_makes_equal_whatever_was_weighted_before() -> None:
    corpus = skewed()
    weighted = replace(corpus, train=replace(corpus.train, weights=np.random.default_rng(1).random(1000) + 0.1))
    assert shares(reshape("class_balance", weighted), 3) == pytest.approx(1 / 3)


def test_balance_of_a_class_that_is_not_there() -> None:
    train = reshape("class_balance", skewed((50, 0, 5)))
    assert shares(train, 3) == pytest.approx([0.5, 0, 0.5])
    assert train.weights is not None and np.isfinite(train.weights).all()


# ---- subset


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [
        ({"fraction": 0.1}, 100),
        ({"fraction": 1}, 1000),
        ({"count": 37}, 37),
        ({"count": 5000}, 1000),
        ({"count": 1}, 2),
    ],
)
@pytest.mark.parametrize("how", ["stratified", "random"])
def test_a_subset_has_the_size_that_was_asked_for(parameters: dict[str, float], kept: int, how: str) -> None:
    train = reshape("subset", skewed(), how=how, **parameters)
    assert len(train) == kept
    assert len(np.unique(train.inputs, axis=0)) == kept  # none is there twice


def test_a_stratified_subset_keeps_shares_and_a_random_one_does_not() -> None:
    stratified = [np.bincount(reshape("subset", skewed(), seed).targets, minlength=3).tolist() for seed in range(5)]
    assert all(abs(rare - 9) <= 1 and abs(rarest - 1) <= 1 for _, rare, rarest in stratified)
    random = [np.bincount(reshape("subset", skewed(), seed, how="random").targets, minlength=3)[1] for seed in range(9)]
    assert max(abs(rare - 9) for rare in random) > 1


def test_a_subset_of_numbers_spreads_over_their_range() -> None:
    corpus = corpus_of("diabetes")
    train = reshape("subset", corpus, fraction=0.2)
    deciles = np.quantile(corpus.train.targets, np.linspace(0, 1, 11))
    counts, _ = np.histogram(train.targets, deciles)
    assert abs(counts - len(train) / 10).max() <= 2


def test_a_subset_of_a_text_and_other_seeds() -> None:
    corpus = corpus_of("characters")
    one, other = reshape("subset", corpus, 0, count=50), reshape("subset", corpus, 1, count=50)
    assert len(one) == 50 and not np.array_equal(one.inputs, other.inputs)


# ---- generated


@pytest.mark.parametrize("kind", ["digits", "wine"])
def test_made_up_samples_look_like_their_class_and_copy_nobody(kind: str) -> None:
    corpus = corpus_of(kind)
    train = reshape("generated", corpus, samples=300, steps=600)
    read = corpus.train.inputs.reshape(len(corpus.train), -1).astype(float)
    made = train.inputs[-300:].reshape(300, -1).astype(float)
    scale = read.std(0).max() if kind == "digits" else read.std(0)
    neighbours = KNeighborsClassifier(1).fit(read / scale, corpus.train.targets)
    assert neighbours.score(made / scale, train.targets[-300:]) > 0.9
    assert neighbours.kneighbors(made / scale)[0].min() > 0.01
    assert 0.5 < (made.std(0).mean() / read.std(0).mean()) < 1.2  # neither all alike nor all over the place


@pytest.mark.parametrize(("classes", "expected"), [("as_read", [180, 18, 2]), ("equal", [67, 67, 66])])
def test_made_up_samples_are_of_the_classes_that_were_asked_for(classes: str, expected: list[int]) -> None:
    train = reshape("generated", skewed(), samples=200, steps=20, classes=classes)
    assert np.bincount(train.targets[-200:]).tolist() == expected
    assert train.generated == 200 and np.array_equal(train.inputs[:1000], skewed().train.inputs)


def test_pixels_stay_pixels() -> None:
    corpus = corpus_of("digits")
    made = reshape("generated", corpus, **QUICK, spread=2.0).inputs[-60:]
    assert made.dtype == np.uint8 and made.max() <= corpus.white


@pytest.mark.parametrize("parameters", [{"latent": 1, "hidden": 8}, {"spread": 0.0}, {"samples": 1}, {"latent": 256}])
def test_every_setting_makes_finite_samples(parameters: dict[str, float]) -> None:
    train = reshape("generated", skewed((30, 3, 1)), **{**QUICK, **parameters})
    assert np.isfinite(train.inputs).all() and train.generated == parameters.get("samples", 60)


def test_generation_learns_from_what_was_read_alone() -> None:
    """Making up samples twice learns from the same both times; a subset of both keeps count."""
    corpus = skewed()
    once = reshape("generated", corpus, **QUICK)
    twice = reshape("generated", replace(corpus, train=once), **QUICK)
    assert twice.generated == 120 and np.array_equal(twice.inputs[-60:], once.inputs[-60:])
    half = reshape("subset", replace(corpus, train=twice), fraction=0.5)
    assert abs(half.generated - 60) < 25
    known = {row.tobytes() for row in corpus.train.inputs}
    assert [row.tobytes() in known for row in half.inputs] == [True] * (560 - half.generated) + [False] * half.generated


def test_weights_of_made_up_samples_are_the_mean_of_the_others() -> None:
    corpus = skewed()
    balanced = reshape("class_balance", corpus)
    train = reshape("generated", replace(corpus, train=balanced), **QUICK)
    assert train.weights is not None and balanced.weights is not None
    assert train.weights[-60:] == pytest.approx(balanced.weights.mean())


# ---- on the way to the engine


def wanted(dataset: str, *distribution: object) -> Wanted:
    import json

    return replace(Wanted.default({"kind": dataset}), distribution=json.dumps(distribution))


def leaks(make_up: Callable[[Corpus], Samples]) -> bool:
    """True when generated samples change the held-out samples or the preparation of the data."""
    want = wanted("digits")
    whole = whole_of(want, NOWHERE, 0)
    corpus = replace(whole, train=make_up(whole))
    one, other = fit_scaling(whole, want), fit_scaling(corpus, want)
    assert one is not None and other is not None
    same = np.array_equal(one.mean, other.mean) and np.array_equal(one.scale, other.scale)
    return not same or len(corpus.validation) != len(whole.validation)


def test_made_up_samples_reach_neither_what_is_held_out_nor_the_preparation() -> None:
    assert not leaks(lambda corpus: reshape("generated", corpus, **QUICK))
    assert leaks(lambda corpus: replace(reshape("generated", corpus, **QUICK), generated=0))  # were they not told apart


@each("distributions")
def test_validation_and_test_stay_as_they_are(component: type[Distribution]) -> None:
    want = wanted("digits", {"kind": component.kind, **parameters_of(component)})
    whole = whole_of(want, NOWHERE, 0)
    corpus = transform(whole, want, 0)
    assert corpus.validation is whole.validation and corpus.test is whole.test
    assert corpus.train is not whole.train


CATALOG = build()


@pytest.mark.parametrize(
    ("dataset", "kind", "refused"),
    [
        ("digits", "class_balance", False),
        ("digits", "generated", False),
        ("diabetes", "subset", False),
        ("diabetes", "class_balance", True),
        ("synthetic_regression", "generated", True),
        ("characters", "class_balance", True),
        ("characters", "generated", True),
    ],
)
def test_what_does_not_fit_the_data_is_refused_before_it_is_queued(dataset: str, kind: str, refused: bool) -> None:
    spec = {"name": "x", "dataset": dataset, "distribution": [kind], "model": "mlp", "stages": ["train"]}
    paths = []
    try:
        resolve(spec, CATALOG)
    except SpecInvalid as refusal:
        paths = [problem.path for problem in refusal.problems]
    assert ("distribution[0]" in paths) == refused


# ---- what is shown


def storing(folder: Path) -> Storing:
    return Storing("auto", "cpu", folder)


def test_the_histogram_counts_what_was_read_and_what_is_drawn(tmp_path: Path) -> None:
    whole = skewed()
    corpus = replace(whole, train=reshape("class_balance", whole))
    shown = data_summaries.of_data(whole, corpus, None, storing(tmp_path))["classes"]
    assert shown["read"] == shown["validation"] == shown["test"] == [900, 90, 10]
    assert shown["drawn"] == pytest.approx([333.33] * 3) and shown["names"] == ["0", "1", "2"]
    made = replace(whole, train=reshape("generated", whole, **QUICK))
    shown = data_summaries.of_data(whole, made, None, storing(tmp_path))["classes"]
    assert shown["generated"] == [54, 5, 1] and shown["drawn"] == [954, 95, 11]


def test_made_up_images_are_pictured_beside_those_that_were_read(tmp_path: Path) -> None:
    data = load(wanted("digits", {"kind": "generated", **QUICK}), tmp_path, 0, "cpu")
    assert set(data.shown) == {"classes", "generated", "storage"}
    assert data.shown["generated"]["names"] == list("0123456789")
    assert data.shown["generated"]["picture"].startswith("iVBORw0KGgo")  # a PNG file
    assert len(data.train) == 1439 + 60 and len(data.validation) == 179
    plain = load(wanted("wine", {"kind": "generated", **QUICK}), tmp_path, 0, "cpu")
    assert set(plain.shown) == {"classes", "storage"}
    assert set(load(wanted("diabetes"), tmp_path, 0, "cpu").shown) == {"storage"}


def test_each_tier_is_shown_with_its_bytes(tmp_path: Path) -> None:
    shown = load(wanted("digits"), tmp_path, 0, "cpu").shown["storage"]
    assert shown["chosen"] == "device" and shown["samples"] == 1439
    assert {tier["tier"]: tier["bytes"] for tier in shown["tiers"]} == {
        "device": 1439 * 64 * 4,
        "memory": 1439 * 64,
        "disk": 1439 * 64,
    }
