"""Unstructured pruners against masks worked out by hand."""

import copy

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import every
from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE, Alone
from tests.worker.compression.conftest import train
from tests.worker.compression.handmade import Batches, mask, two_layers
from worker.components.pruners._masking import Scored
from worker.components.pruners.movement import Movement, Moving
from worker.components.pruners.n_m import NM
from worker.components.pruners.random import Random
from worker.components.pruners.taylor import Taylor
from worker.components.pruners.threshold import Threshold
from worker.contracts.families.pruners import Pruner
from worker.contracts.masks import prunable_weights, removed_share
from worker.contracts.subject import Subject
from worker.data.tensors import Data

SCORED = [component for component in every("pruners") if issubclass(component, Scored)]
MASKING: list[Pruner] = [
    component.model_validate({"bound": 1.0} if "bound" in component.model_fields else {})
    for component in every("pruners")
    if not component.structured
]


def linear(rows: list[list[float]]) -> Subject:
    layer = nn.Linear(len(rows[0]), len(rows))
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(rows))
    return Subject(nn.Sequential(layer), (len(rows[0]),))


# ---- threshold


def test_what_is_below_the_threshold_goes_and_what_is_on_it_stays() -> None:
    pruned = Threshold(threshold=0.3).prune(two_layers(), ALONE)
    assert torch.equal(pruned.masks["2.weight"], mask([[1, 1], [0, 0]]))
    assert pruned.masks["0.weight"].all()
    assert torch.equal(pruned.module[2].weight, torch.tensor([[0.4, -0.3], [0.0, 0.0]]))


def test_a_threshold_that_empties_a_layer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"leaves no weight of `2\.weight`; lower the threshold"):
        Threshold(threshold=0.5).prune(two_layers(), ALONE)


# ---- random


def test_random_takes_exactly_its_share_and_higher_sparsity_takes_more_of_the_same() -> None:
    half, most = (
        Random(sparsity=sparsity, scope="local").prune(subjects.subject("lenet5"), ALONE).masks
        for sparsity in (0.5, 0.9)
    )
    for name, kept in half.items():
        assert int((~kept).sum()) == round(0.5 * kept.numel())
        assert not (most[name] & ~kept).any()


def test_random_is_a_matter_of_the_generator_alone() -> None:
    class Other(Alone):
        def generator(self, stream: str) -> torch.Generator:
            return torch.Generator().manual_seed(1)

    first, again, other = (Random(sparsity=0.5).prune(two_layers(), run).masks for run in (ALONE, Alone(), Other()))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


# ---- Taylor


def test_taylor_scores_are_weights_times_gradients_batch_by_batch() -> None:
    """J_b = Σ (W x) t, so ∂J_b/∂W = t xᵀ: two batches whose gradients cancel still count."""
    subject = linear([[1.0, -2.0, 3.0]])
    one, other = torch.tensor([[1.0, 2.0, 0.1]]), torch.tensor([[1.0, -2.0, 0.2]])
    run = Batches((one, torch.ones(1, 1)), (other, -torch.ones(1, 1)))
    found = Taylor().scores(subject, run)["0.weight"]
    assert torch.allclose(found, torch.tensor([[1.0 + 1.0, 4.0 + 4.0, 0.3 + 0.6]]))
    pruned = Taylor(sparsity=1 / 3, scope="local").prune(subject, run)
    assert torch.equal(pruned.masks["0.weight"], mask([[1, 1, 0]]))
    first = Taylor(batches=1).scores(subject, run)["0.weight"]
    assert torch.allclose(first, torch.tensor([[1.0, 4.0, 0.0]]))  # x of the pruned weight counts for nothing now


def test_taylor_leaves_no_trace_in_the_model(trained: Subject, digits: Data) -> None:
    before = copy.deepcopy(trained.module.state_dict())
    frozen = next(trained.module.parameters()).requires_grad_(False)
    randomness = torch.get_rng_state()
    Taylor(batches=2).scores(trained, Alone(digits))
    after = trained.module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.grad is None for parameter in trained.module.parameters())
    assert trained.module.training and not frozen.requires_grad
    assert torch.equal(randomness, torch.get_rng_state())


# ---- movement


def moved(callback: Moving, subject: Subject, gradients: list[Tensor]) -> Subject:
    callback.start(subject, ALONE)
    for step, gradient in enumerate(gradients, 1):
        subject.module[0].weight.grad = gradient
        callback.gradients()
        callback.after_step(step, len(gradients))
    callback.finish()
    return subject


def test_movement_keeps_what_grows_however_small() -> None:
    """S = −Σ θ·g: [0.1, −2, 3] · [−1, 1, 1] and again [0, 1, −4] give [0.1, 4, 9]."""
    gradients = [torch.tensor([[-1.0, 1.0, 1.0]]), torch.tensor([[0.0, 1.0, -4.0]])]
    callback = Moving(Movement(sparsity=1 / 3, scope="local"), None)
    subject = moved(callback, linear([[0.1, -2.0, 3.0]]), gradients)
    assert torch.allclose(callback.state()["scores"]["0.weight"], torch.tensor([[0.1, 4.0, 9.0]]))
    assert torch.equal(subject.masks["0.weight"], mask([[0, 1, 1]]))
    towards_zero = [torch.tensor([[-1.0, -1.0, 1.0]])]  # −2 and 3 shrink
    subject = moved(Moving(Movement(sparsity=2 / 3, scope="local"), None), linear([[0.1, -2.0, 3.0]]), towards_zero)
    assert torch.equal(subject.masks["0.weight"], mask([[1, 0, 0]]))
    assert not subject.module[0].weight[0, 1:].any()


def test_frozen_weights_stay_when_others_move() -> None:
    subject = two_layers()
    subject.module[2].requires_grad_(False)
    moved(Moving(Movement(sparsity=0.5, scope="local"), None), subject, [torch.ones(2, 3)])
    assert set(subject.masks) == {"0.weight"}


def test_a_training_that_took_no_step_prunes_nothing() -> None:
    assert moved(Moving(Movement(), None), two_layers(), []).masks == {}


# ---- N of M


def test_two_of_four_along_the_inputs() -> None:
    subject = linear([[1.0, -4.0, 3.0, 2.0, 0.1, 0.2, 0.3, 0.4], [5.0, 5.0, 5.0, 5.0, -9.0, 0.0, 0.0, 8.0]])
    pruned = NM().prune(subject, ALONE)
    expected = [[0, 1, 1, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 0, 0, 1]]
    assert torch.equal(pruned.masks["0.weight"], mask(expected))


def test_filters_are_grouped_along_their_input_channels() -> None:
    layer = nn.Conv2d(4, 1, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.arange(16.0).view(1, 4, 2, 2))
        layer.weight[0, 0, 0, 0] = 100.0
    pruned = NM().prune(Subject(nn.Sequential(layer), (4, 3, 3)), ALONE)
    kept = pruned.masks["0.weight"]
    assert torch.equal(kept.sum(1), torch.full((1, 2, 2), 2))
    assert kept[0, :, 0, 0].tolist() == [True, False, False, True]
    assert kept[0, :, 1, 1].tolist() == [False, False, True, True]


def test_layers_that_do_not_divide_are_named_and_left() -> None:
    module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    run = Alone()
    pruned = NM().prune(Subject(module, (6,)), run)
    assert set(pruned.masks) == {"2.weight"}
    assert run.reported == ["Not pruned, since their number of inputs is not a multiple of 4: `0.weight` (6)."]
    with pytest.raises(ValueError, match=r"multiple of 4, and this model has none \(`0\.weight` \(3\)"):
        NM().prune(two_layers(), ALONE)


def test_nothing_goes_where_all_of_a_group_may_stay() -> None:
    assert NM(n=4, m=2).prune(linear([[1.0, 2.0]]), ALONE).masks["0.weight"].all()


# ---- what all that mask promise


@pytest.mark.parametrize("pruner", MASKING, ids=lambda pruner: pruner.kind)
def test_masks_hold_and_nothing_comes_back(pruner: Pruner, trained: Subject, digits: Data) -> None:
    run = Alone(digits)
    before = trained.masks = {"conv2.weight": torch.rand_like(trained.module.get_parameter("conv2.weight")) > 0.3}
    trained.apply_masks()
    pruned = pruner.prune(trained, run)
    assert not (pruned.masks["conv2.weight"] & ~before["conv2.weight"]).any()
    train(pruned, digits, epochs=1)
    for name, kept in pruned.masks.items():
        weight = pruned.module.get_parameter(name)
        assert not weight[~kept].any() and weight[kept].all()


@pytest.mark.parametrize("component", SCORED, ids=lambda component: component.kind)
def test_scored_ones_take_exactly_their_share_in_steps_too(
    component: type[Scored], trained: Subject, digits: Data
) -> None:
    pruner, run = component(sparsity=0.8), Alone(digits)
    assert pruner.share == 0.8
    half = pruner.step(0.0, 0.5).prune(trained, run)
    assert removed_share(half) == pytest.approx(0.5, abs=1e-3)
    assert removed_share(pruner.step(0.5, 0.8).prune(half, run)) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("component", SCORED, ids=lambda component: component.kind)
def test_scored_ones_refuse_to_empty_a_layer(component: type[Scored]) -> None:
    run = Batches((torch.ones(1, 3), torch.ones(1, 2)))
    with pytest.raises(ValueError, match=r"leaves no weight of `.\.weight`; lower the sparsity"):
        component(sparsity=0.95, scope="local").prune(two_layers(), run)
    with pytest.raises(ValueError, match="found no linear or convolution layer"):
        component().prune(Subject(nn.BatchNorm1d(3), (3,)), run)


@pytest.mark.parametrize("component", every("pruners"), ids=lambda component: component.kind)
def test_a_share_that_is_known_can_be_reached_in_steps(component: type[Pruner]) -> None:
    pruner = component()
    if pruner.share is not None:
        assert pruner.step(0.0, pruner.share).share == pytest.approx(pruner.share)


@pytest.mark.parametrize("component", every("pruners"), ids=lambda component: component.kind)
def test_a_share_has_a_field_that_a_search_may_change(component: type[Pruner]) -> None:
    pruner = component()
    assert pruner.share_field in {"", *component.model_fields}
    assert pruner.share_field or pruner.share is None
    if pruner.share_field:
        assert getattr(pruner.at(0.25), pruner.share_field) == 0.25


def test_channels_go_in_shares_of_what_is_left() -> None:
    (channels,) = [component() for component in every("pruners") if component.kind == "channels"]
    assert channels.step(0.5, 0.75).share == pytest.approx(0.5)
    assert channels.step(0.2, 0.4).share == pytest.approx(0.25)


def test_what_was_pruned_is_shown_layer_by_layer() -> None:
    run = Alone()
    (phase,) = Threshold(threshold=0.3).phases()
    phase.apply(two_layers(), run)  # type: ignore[union-attr]
    assert run.shown["sparsity"] == {
        "layers": [{"name": "0", "kept": 6, "total": 6}, {"name": "2", "kept": 2, "total": 4}]
    }
    assert set(prunable_weights(two_layers().module)) == {"0.weight", "2.weight"}
