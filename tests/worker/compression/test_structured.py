"""Neurons, heads and the measures of importance: exact cuts on weights that were set by hand."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE, Alone
from tests.worker.compression.test_channels import widths
from worker.components.models.char_transformer import CharTransformer
from worker.components.models.vit import ViT
from worker.components.pruners._structured import Layer
from worker.components.pruners.channels import Channels
from worker.components.pruners.heads import Heads
from worker.components.pruners.magnitude import Magnitude
from worker.components.pruners.neurons import Neurons
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.nn.attention import Attention

IMAGE = (1, 8, 8)


def vit(**fields: object) -> Subject:
    torch.manual_seed(3)
    model = ViT(**{"depth": 2, "heads": 4, "head_width": 4, **fields})
    return Subject(model.build(IMAGE, 5).eval(), IMAGE)


def attentions(subject: Subject) -> list[Attention]:
    return [layer for layer in subject.module.modules() if isinstance(layer, Attention)]


def of_vectors(features: int, samples: int = 300) -> Alone:
    generator = torch.Generator().manual_seed(4)
    split = Split(torch.randn(samples, features, generator=generator), torch.arange(samples) % 3)
    return Alone(Data(split, split, split, outputs=3))


# ---- neurons


def test_neurons_leave_convolutions_alone() -> None:
    assert widths(Neurons(ratio=0.5).prune(subjects.subject("lenet5"), ALONE)) == [20, 50, 250, 10]


def test_a_model_without_hidden_linear_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no neuron to remove: the model has no hidden linear layer"):
        Neurons().prune(subjects.subject("cnn"), ALONE)


def test_the_weakest_neurons_go() -> None:
    module = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[3.0, 0], [0, 0.1], [0.2, 0], [0, 2]]))
        module[2].weight.fill_(1.0)
    kept = module[0].bias.detach()[[0, 3]].clone()
    pruned = Neurons(ratio=0.5).prune(Subject(module, (2,)), ALONE)
    assert torch.equal(pruned.module.get_parameter("0.weight"), torch.tensor([[3.0, 0], [0, 2]]))
    assert torch.equal(pruned.module.get_parameter("0.bias"), kept)
    assert pruned.module.get_parameter("2.weight").shape == (3, 2)


# ---- importance


def relevant() -> nn.Sequential:
    """Three hidden neurons: large weights that nothing reads, small ones that matter, and none that matter."""
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 3))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[5.0, 5, 5, 5], [0.5, -0.5, 0.5, 0.5], [1.0, 1, 1, 1]]))
        module[0].bias.zero_()
        module[2].weight.copy_(torch.tensor([[0.0, 2, 0.01], [0, -2, 0.01], [0, 1, 0.01]]))
    return module


def test_taylor_keeps_what_the_loss_depends_on_where_a_norm_keeps_what_is_large() -> None:
    by_norm = Neurons(ratio=0.6, importance="l2").prune(Subject(relevant(), (4,)), ALONE)
    assert by_norm.module.get_parameter("0.weight")[0, 0] == 5
    by_loss = Neurons(ratio=0.6, importance="taylor").prune(Subject(relevant(), (4,)), of_vectors(4))
    assert by_loss.module.get_parameter("0.weight").tolist() == [[0.5, -0.5, 0.5, 0.5]]


def test_taylor_equals_the_sum_by_hand() -> None:
    """A network of one neuron a layer, wide 2: θ · ∂J/∂θ summed over what goes with a channel, mean over batches."""
    from worker.compression.importance import taylor

    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 3)).eval()
    context = of_vectors(3)
    import torch_pruning

    graph = torch_pruning.DependencyGraph().build_dependency(module, example_inputs=torch.zeros(2, 3))
    group = graph.get_pruning_group(module[0], torch_pruning.prune_linear_out_channels, [0, 1])
    (score,) = taylor(module, [group], context)
    expected, batches = np.zeros(2), 0
    for inputs, targets in context.batches(16):
        module.zero_grad()
        context.loss(module(inputs), targets).backward()
        product = {name: (weight.detach() * weight.grad).numpy() for name, weight in module.named_parameters()}
        rows = product["0.weight"].sum(1) + product["0.bias"] + product["1.weight"] + product["1.bias"]
        expected += np.abs(rows + product["2.weight"].sum(0))
        batches += 1
    assert batches == 3
    np.testing.assert_allclose(score.numpy(), expected / batches, rtol=1e-5)


def test_importance_leaves_gradients_modes_and_frozen_weights_alone() -> None:
    subject = Subject(relevant().train(), (4,))
    subject.module.get_parameter("0.weight").requires_grad_(False)
    pruned = Neurons(ratio=0.3, importance="taylor").prune(subject, of_vectors(4)).module
    assert pruned.training and not pruned.get_parameter("0.weight").requires_grad
    assert all(weight.grad is None for weight in pruned.parameters())


def test_channels_of_a_small_scale_go() -> None:
    module = nn.Sequential(
        OrderedDict(conv=nn.Conv2d(1, 4, 1), norm=nn.BatchNorm2d(4), flatten=nn.Flatten(), output=nn.Linear(16, 3))
    )
    with torch.no_grad():
        module.norm.weight.copy_(torch.tensor([-3.0, 0.1, 2.0, -0.2]))
        module.conv.weight.copy_(torch.tensor([0.1, 9, 0.2, 9]).view(4, 1, 1, 1))
    pruned = Channels(ratio=0.5, importance="bn_scale").prune(Subject(module, (1, 2, 2)), ALONE)
    assert pruned.module.get_parameter("norm.weight").tolist() == [-3.0, 2.0]


def test_layers_without_a_scale_are_left_alone() -> None:
    pruned = Channels(importance="bn_scale").prune(subjects.subject("lenet5 with norm"), ALONE)
    assert widths(pruned) == [10, 25, 500, 10]


def test_the_scale_of_a_model_without_batch_normalization_is_refused() -> None:
    with pytest.raises(ValueError, match="none follows a hidden layer of this model; use `l2`"):
        Channels(importance="bn_scale").prune(subjects.subject("lenet5"), ALONE)


@pytest.mark.parametrize("scope", ["local", "global"])
def test_every_importance_prunes_a_convolutional_network(scope: str) -> None:
    images = torch.randn(64, 1, 12, 12, generator=torch.Generator().manual_seed(5))
    split = Split(images, torch.arange(64) % 10)
    for importance in ("l1", "taylor", "bn_scale"):
        pruner = Channels(ratio=0.5, scope=scope, importance=importance)
        pruned = pruner.prune(subjects.subject("cnn"), Alone(Data(split, split, split, outputs=10)))
        assert sum(widths(pruned)[:3]) == pytest.approx(28, abs=2)
        assert subjects.outputs(pruned).shape == (16, 10)


# ---- heads


def weakened(subject: Subject, block: int, heads: list[int]) -> None:
    attention = attentions(subject)[block]
    with torch.no_grad():
        features = attention.features(torch.tensor(heads))
        for layer in (attention.query, attention.key, attention.value):
            layer.weight[features] = 0.0
            layer.bias[features] = 0.0
        attention.output.weight[:, features] = 0.0


@pytest.mark.parametrize("importance", ["l1", "l2", "taylor"])
def test_heads_that_do_nothing_go_and_nothing_changes(importance: str) -> None:
    subject = vit()
    weakened(subject, 0, [1, 2])
    weakened(subject, 1, [0, 3])
    inputs = torch.randn(64, *IMAGE, generator=torch.Generator().manual_seed(6))
    split = Split(inputs, torch.arange(64) % 5)
    with torch.no_grad():
        expected = subject.module(inputs)
    values = attentions(subject)[0].value.weight.detach()[[*range(4), *range(12, 16)]].clone()
    pruned = Heads(ratio=0.5, importance=importance).prune(subject, Alone(Data(split, split, split, outputs=5)))
    assert [attention.heads for attention in attentions(pruned)] == [2, 2]
    assert torch.equal(attentions(pruned)[0].value.weight, values)
    assert [tuple(layer.weight.shape) for layer in attentions(pruned)[0].children()] == [(8, 16)] * 3 + [(16, 8)]
    with torch.no_grad():
        torch.testing.assert_close(pruned.module(inputs), expected, rtol=1e-5, atol=1e-6)


def test_heads_compete_over_all_blocks_and_one_stays_in_each() -> None:
    subject = vit()
    weakened(subject, 1, [0, 1, 2, 3])
    pruned = Heads(ratio=0.5, scope="global", importance="l2").prune(subject, ALONE)
    assert [attention.heads for attention in attentions(pruned)] == [4, 1]
    assert pruned.module(pruned.sample(3)).shape == (3, 5)


def test_masks_lose_the_heads_rows_and_columns() -> None:
    masked = Magnitude(sparsity=0.5, scope="local").prune(vit(), ALONE)
    kept = {name: masked.module.get_parameter(name)[mask].detach() for name, mask in masked.masks.items()}
    pruned = Heads(ratio=0.25, importance="l1").prune(masked, ALONE)
    for name, mask in pruned.masks.items():
        weight = pruned.module.get_parameter(name)
        assert mask.shape == weight.shape
        assert torch.equal(mask, torch.isin(weight, kept[name]))
    assert pruned.masks["blocks.0.attention.query.weight"].shape == (12, 16)


def test_a_frozen_head_stays_frozen() -> None:
    subject = vit()
    attentions(subject)[0].query.weight.requires_grad_(False)
    pruned = attentions(Heads(importance="l2").prune(subject, ALONE))
    assert not pruned[0].query.weight.requires_grad and pruned[0].key.weight.requires_grad


def test_where_no_head_can_go_a_sentence_says_so() -> None:
    with pytest.raises(ValueError, match="removes no head of this model, of which each block keeps at least one"):
        Heads(ratio=0.9, importance="l2").prune(vit(heads=1), ALONE)
    with pytest.raises(ValueError, match="the model has no attention"):
        Heads().prune(subjects.subject("mlp"), ALONE)


def test_a_place_of_a_text_never_sees_what_comes_after_with_fewer_heads() -> None:
    torch.manual_seed(0)
    module = CharTransformer(depth=1, heads=4, head_width=4).build((6,), 9).eval()
    pruned = Heads(importance="l2").prune(Subject(module, (6,), input_dtype=torch.int64), ALONE)
    tokens = torch.arange(6).unsqueeze(0)
    changed: Tensor = tokens.clone()
    changed[0, 5] = 8
    before, after = pruned.module(tokens), pruned.module(changed)
    assert torch.equal(before[0, :5], after[0, :5]) and not torch.equal(before[0, 5], after[0, 5])


# ---- what all share


@pytest.mark.parametrize("kind", [Channels, Neurons, Heads])
def test_two_steps_take_what_one_takes(kind: type[Channels] | type[Neurons] | type[Heads]) -> None:
    pruner = kind(ratio=0.75)
    assert pruner.share == 0.75
    step = pruner.step(0.5, 0.75)
    assert type(step) is kind and step.ratio == pytest.approx(0.5)
    assert pruner.step(0.0, 0.75).ratio == pytest.approx(0.75)


def test_steps_end_where_one_cut_ends() -> None:
    subject = subjects.subject("mlp")
    for before, after in ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75)):
        subject = Channels(ratio=0.75).step(before, after).prune(subject, ALONE)
    assert widths(subject) == [8, 4, 10]


def test_a_layer_keeps_its_best() -> None:
    scores = torch.tensor([3.0, 1.0, 2.0, 0.5])
    assert Layer(scores).lowest(2) == [1, 3]
    assert Layer(scores).lowest(4) == [1, 2, 3]
    assert Layer(scores, round_to=4).lowest(2) == []
    assert Layer(scores, divisions=2).lowest(2) == [1, 3]
    assert Layer(scores, divisions=2, normalized=True).lowest(4) == []
