"""Linear layers merge exactly; channels that do the same merge without a trace, others at a price that is shown."""

import copy
from collections import OrderedDict

import pytest
import torch
from torch import Tensor, nn

from tests.worker.compression import subjects
from tests.worker.compression.alone import ALONE, Alone
from tests.worker.compression.conftest import accuracy
from tests.worker.compression.test_channels import widths
from worker.components.fusions.batch_norm import BatchNorm
from worker.components.fusions.linear import Linear
from worker.components.fusions.similar import Similar
from worker.components.pruners.magnitude import Magnitude
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.nn.channel_clusters import Channels


def inputs_of(subject: Subject, samples: int = 32) -> Tensor:
    return torch.randn(samples, *subject.input_shape, generator=torch.Generator().manual_seed(9))


@torch.no_grad()
def outputs(subject: Subject) -> Tensor:
    return copy.deepcopy(subject.module).eval()(inputs_of(subject))


def alone(subject: Subject) -> Alone:
    inputs = inputs_of(subject)
    split = Split(inputs, torch.arange(len(inputs)) % 3)
    return Alone(Data(split, split, split, outputs=3))


def layers(module: nn.Module) -> int:
    return sum(isinstance(layer, nn.Linear | nn.Conv2d) for layer in module.modules())


# ---- linear

MERGE = {
    "linear": (nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4)), (6,)),
    "three, without biases, dropout between": (
        nn.Sequential(nn.Linear(6, 5, bias=False), nn.Dropout(0.5), nn.Linear(5, 5, bias=False), nn.Linear(5, 4)),
        (6,),
    ),
    "1 × 1 after a convolution": (
        nn.Sequential(nn.Conv2d(2, 6, 3, stride=2, padding=1), nn.Conv2d(6, 4, 1, stride=2)),
        (2, 12, 11),
    ),
    "1 × 1 before a convolution": (nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 5, 3, stride=2)), (4, 9, 8)),
    "1 × 1 without bias before padding": (
        nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 5, 3, padding=2, dilation=2)),
        (4, 9, 8),
    ),
    "linear after the mean": (
        nn.Sequential(nn.Conv2d(2, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)),
        (2, 7, 7),
    ),
}


@pytest.mark.parametrize("name", MERGE)
def test_linear_layers_become_one_and_nothing_changes(name: str) -> None:
    torch.manual_seed(0)
    module, shape = MERGE[name]
    subject = Subject(copy.deepcopy(module).train(), shape)
    expected = outputs(subject)
    folded = Linear().fold(subject, ALONE)
    assert layers(folded.module) == 1
    assert folded.module.training
    torch.testing.assert_close(outputs(folded), expected, rtol=0, atol=1e-5)


KEEP = {
    "activation": nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4)),
    "bottleneck": nn.Sequential(nn.Linear(16, 2), nn.Linear(2, 16)),
    "bias before padding": nn.Sequential(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, padding=1)),
    "two kernels": nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3)),
    "depthwise": nn.Sequential(nn.Conv2d(4, 4, 3, groups=4), nn.Conv2d(4, 4, 1)),
    "largest instead of mean": nn.Sequential(
        nn.Conv2d(4, 4, 3), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 4)
    ),
    "every pixel": nn.Sequential(nn.Conv2d(4, 1, 3), nn.Flatten(), nn.Linear(4, 4)),
}


@pytest.mark.parametrize("name", KEEP)
def test_what_is_not_one_linear_map_stays(name: str) -> None:
    module = copy.deepcopy(KEEP[name])
    with pytest.raises(ValueError, match="there are no linear layers to merge"):
        Linear().fold(Subject(module, (4,)), ALONE)
    assert layers(module) == 2


def test_the_product_by_hand() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[1.0, 2], [3, 4]]))
        module[0].bias.copy_(torch.tensor([10.0, 20]))
        module[1].weight.copy_(torch.tensor([[5.0, 7]]))
        module[1].bias.fill_(1.0)
    module[1].weight.requires_grad_(False)
    folded = Linear().fold(Subject(module, (2,)), ALONE).module
    assert folded.get_parameter("0.weight").tolist() == [[26.0, 38.0]]
    assert folded.get_parameter("0.bias").tolist() == [191.0]
    assert isinstance(folded.get_submodule("1"), nn.Identity)
    assert folded.get_parameter("0.weight").requires_grad


def test_zeros_that_the_product_has_stay_masked() -> None:
    subject = Subject(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)), (2,))
    subject.masks = {"0.weight": torch.tensor([[True, False], [True, False]])}
    subject.apply_masks()
    folded = Linear().fold(subject, ALONE)
    assert folded.masks.keys() == {"0.weight"}
    assert folded.masks["0.weight"].tolist() == [[True, False], [True, False]]
    assert not folded.module.get_parameter("0.weight")[:, 1].any()


def test_a_normalization_between_is_folded_first() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Linear(5, 3)).eval()
    module[1].running_var.fill_(3.0)
    subject = Subject(module, (4,))
    expected = outputs(subject)
    with pytest.raises(ValueError, match="no linear layers to merge"):
        Linear().fold(subject, ALONE)
    folded = Linear().fold(BatchNorm().fold(subject, ALONE), ALONE)
    torch.testing.assert_close(outputs(folded), expected, rtol=0, atol=1e-5)


# ---- similar


def doubled(subject: Subject, first: str, last: str, scale: float, norm: str | None = None) -> None:
    """The second half of a layer's channels computes what the first half does, `scale` times as large."""
    layer, reader = subject.module.get_submodule(first), subject.module.get_submodule(last)
    half = len(layer.weight) // 2
    with torch.no_grad():
        layer.weight[half:] = scale * layer.weight[:half]
        if layer.bias is not None:
            layer.bias[half:] = scale * layer.bias[:half]
        if norm:
            layers = subject.module.get_submodule(norm)
            assert (
                isinstance(layers, nn.BatchNorm2d)
                and layers.running_mean is not None
                and layers.running_var is not None
            )
            layers.running_mean[half:] = scale * layers.running_mean[:half]
            layers.running_var[half:] = scale**2 * (layers.running_var[:half] + layers.eps) - layers.eps
            layers.weight[half:], layers.bias[half:] = 3 * layers.weight[:half], 3 * layers.bias[:half]
    assert reader is not layer


@pytest.mark.parametrize(
    ("name", "first", "last", "norm"),
    [
        ("cnn", "conv2", "conv3", "norm2"),
        ("cnn", "conv3", "output", "norm3"),
        ("cnn without norm", "conv1", "conv2", None),
        ("lenet5", "conv2", "linear1", None),
        ("mlp", "linear1", "linear2", None),
    ],
)
def test_channels_that_differ_in_scale_alone_merge_without_a_trace(
    name: str, first: str, last: str, norm: str | None
) -> None:
    subject = subjects.subject(name)
    doubled(subject, first, last, 2.5, norm)
    expected, before = outputs(subject), widths(subject)
    folded = Similar(ratio=0.5, threshold=1e-3).fold(subject, data_of(subject))
    assert folded.module.get_submodule(first).weight.shape[0] == expected_half(before, subject, first)
    torch.testing.assert_close(outputs(folded), expected, rtol=1e-4, atol=1e-5)


def expected_half(before: list[int], subject: Subject, first: str) -> int:
    names = [path for path, layer in subject.module.named_modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
    return before[names.index(first)] // 2


def data_of(subject: Subject) -> Alone:
    inputs = inputs_of(subject)
    split = Split(inputs, torch.arange(len(inputs)) % 10)
    return Alone(Data(split, split, split, outputs=10))


def small(kind: type[nn.Module]) -> Subject:
    """Neuron 2 is twice neuron 0; neuron 1 is another."""
    module = nn.Sequential(nn.Linear(2, 3), kind(), nn.Linear(3, 3))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor([[1.0, 2], [-2, 1], [2, 4]]))
        module[0].bias.copy_(torch.tensor([0.5, 0, 1]))
        module[2].weight.copy_(torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]))
    return Subject(module, (2,))


def test_the_common_channel_by_hand() -> None:
    folded = Similar(ratio=0.4).fold(small(nn.ReLU), alone(small(nn.ReLU))).module
    first, last = folded.get_submodule("0"), folded.get_submodule("2")
    torch.testing.assert_close(first.weight, torch.tensor([[1.5, 3], [-2, 1]]))
    torch.testing.assert_close(first.bias, torch.tensor([0.75, 0]))
    columns = [(one + 2 * two) / 1.5 for one, two in ((1, 3), (4, 6), (7, 9))]
    torch.testing.assert_close(last.weight, torch.tensor([[columns[0], 2], [columns[1], 5], [columns[2], 8]]))
    assert (first.out_features, last.in_features) == (2, 2)


def test_the_scale_matters_behind_what_does_not_scale() -> None:
    """The control: behind tanh the same two neurons are far apart, and merging them would change the outputs."""
    with pytest.raises(ValueError, match="no two channels merge at ratio 0"):
        Similar(ratio=0.4, threshold=0.1).fold(small(nn.Tanh), alone(small(nn.Tanh)))
    subject = small(nn.Tanh)
    with torch.no_grad():
        subject.module[0].weight[2], subject.module[0].bias[2] = subject.module[0].weight[0], 0.5
    expected = outputs(subject)
    folded = Similar(ratio=0.4, threshold=0.1).fold(subject, alone(subject))
    assert widths(folded) == [2, 3]
    torch.testing.assert_close(outputs(folded), expected)


def test_statistics_of_the_common_channel_are_what_training_would_find() -> None:
    """For inputs that are not correlated, of channels that are alike but not equal."""
    torch.manual_seed(2)
    module = nn.Sequential(OrderedDict(one=nn.Linear(8, 2), norm=nn.BatchNorm1d(2), act=nn.ReLU(), two=nn.Linear(2, 3)))
    with torch.no_grad():
        module.one.weight[1] = 2 * module.one.weight[0] + 0.3 * torch.randn(8)
    inputs = torch.randn(50_000, 8)
    module.norm.momentum = None
    module.train()(inputs)
    subject = Subject(module.eval(), (8,))
    folded = Similar(ratio=0.5).fold(subject, alone(subject)).module
    hidden = folded.get_submodule("one")(inputs)
    norm = folded.get_submodule("norm")
    torch.testing.assert_close(norm.running_mean, hidden.mean(0), rtol=0.02, atol=0.02)
    torch.testing.assert_close(norm.running_var, hidden.var(0), rtol=0.03, atol=0)


def test_channels_that_stay_alone_keep_every_bit() -> None:
    subject = subjects.subject("cnn")
    doubled(subject, "conv2", "conv3", 2.0, "norm2")
    weights = subject.module.get_parameter("conv1.weight").clone()
    folded = Similar(ratio=0.5, threshold=1e-3).fold(subject, data_of(subject))
    assert torch.equal(folded.module.get_parameter("conv1.weight"), weights)


def test_masks_keep_what_one_of_the_members_keeps() -> None:
    subject = Magnitude(sparsity=0.5, scope="local").prune(subjects.subject("lenet5"), ALONE)
    folded = Similar(ratio=0.5).fold(subject, data_of(subject))
    for name, mask in folded.masks.items():
        weight = folded.module.get_parameter(name)
        assert mask.shape == weight.shape
        assert not weight[~mask].any()
    assert folded.masks["linear1.weight"].shape == (250, 25 * 16)


def test_the_trained_network_loses_little_and_shows_what_it_would_lose(trained: Subject, digits: Data) -> None:
    before, context = accuracy(trained.module, digits), Alone(digits)
    folded = Similar(ratio=0.2).fold(trained, context)
    shown = context.shown["similar"]
    assert [layer["name"] for layer in shown["layers"]] == ["conv1", "conv2", "conv3"]
    assert [layer["after"] for layer in shown["layers"]] == [13, 26, 51]
    assert [one["ratio"] for one in shown["tried"]] == [0.0, 0.1, 0.2, 0.25, 0.5, 0.75]
    sizes = [one["parameters"] for one in shown["tried"]]
    assert sizes == sorted(sizes, reverse=True)
    assert shown["tried"][2]["accuracy"] == context.quality(folded.module)
    assert accuracy(folded.module, digits) > before - 0.1


def test_groups_by_hand() -> None:
    rows = torch.tensor([[1.0, 0], [0, 1], [0.99, 0.01], [0, 1.1], [-1, 0]], dtype=torch.float64)
    channels = Channels(rows, torch.ones(5, 2, dtype=torch.float64), homogeneous=True)
    assert channels.clusters(0.4, 2.0) == [[0, 2], [1, 3], [4]]
    assert channels.clusters(0.2, 2.0) == [[0], [1, 3], [2], [4]]
    assert channels.clusters(0.9, 0.05) == [[0, 2], [1, 3], [4]]
    assert channels.clusters(0.99, 2.0) == [[0, 1, 2, 3, 4]]
    exact = Channels(rows, torch.ones(5, 2, dtype=torch.float64), homogeneous=False)
    assert exact.clusters(0.4, 0.05) == [[0, 2], [1], [3], [4]]


@pytest.mark.parametrize(
    "module",
    [nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.ReLU(), nn.Linear(4, 3))],
    ids=["single", "normalized over channels"],
)
def test_where_no_channels_can_merge_a_sentence_says_so(module: nn.Module) -> None:
    with pytest.raises(ValueError, match="there are no channels to merge"):
        Similar().fold(Subject(module, (4,)), ALONE)
