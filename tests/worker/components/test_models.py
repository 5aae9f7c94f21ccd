"""Models: published sizes, every model on every dataset, and everything that compression builds on."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from backend.domain.experiment.experiment import resolve
from backend.domain.problems import Problem, SpecInvalid
from tests.worker.components.registry import EVERY, each, every, make
from tests.worker.sorts import SORTS, Sort, fitting, smallest
from worker.contracts.catalog import build
from worker.contracts.component import Component
from worker.contracts.families.models import Model

CATALOG = build()


def separable(inputs: int, outputs: int) -> int:
    """Parameters of a depthwise and a pointwise convolution, each with a scale and a shift for each channel."""
    return 9 * inputs + 2 * inputs + inputs * outputs + 2 * outputs


PATHS = [
    (32, 64),
    (64, 128),
    (128, 128),
    (128, 256),
    (256, 256),
    (256, 512),
    *[(512, 512)] * 5,
    (512, 1024),
    (1024, 1024),
]
# kind, parameters, input shape, outputs, number of parameters: published, or counted by hand here
COUNTS = [
    ("linear", {}, (1, 28, 28), 10, 784 * 10 + 10),
    # Caffe's LeNet, as in table 1 of Deep Compression (431 K): 20·25+20 + 50·20·25+50 + 500·800+500 + 10·500+10
    ("lenet5", {"norm": "none"}, (1, 28, 28), 10, 431_080),
    # the biases of the convolutions make way for a scale and a shift a channel
    ("lenet5", {"norm": "batch"}, (1, 28, 28), 10, 431_080 + 20 + 50),
    # LeNet-300-100 of Deep Compression (267 K): 784·300+300 + 300·100+100 + 100·10+10
    ("lenet300", {}, (1, 28, 28), 10, 266_610),
    ("mlp", {"hidden": [300, 100]}, (1, 28, 28), 10, 266_610),
    ("mlp", {"hidden": [5], "norm": {"kind": "batch"}}, (4,), 10, 4 * 5 + 2 * 5 + 5 * 10 + 10),
    ("mlp", {"hidden": [5], "norm": "layer"}, (4,), 10, 4 * 5 + 5 + 2 * 5 + 5 * 10 + 10),
    ("cnn", {"norm": "none"}, (1, 28, 28), 10, 9 * 32 + 32 + 9 * 32 * 64 + 64 + 9 * 64 * 128 + 128 + 128 * 10 + 10),
    ("cnn", {}, (3, 32, 32), 10, 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64 + 9 * 64 * 128 + 2 * 128 + 128 * 10 + 10),
    # ResNet-20 for CIFAR-10, table 6 of He et al. (0.27 M), running statistics not counted:
    # 3 → 16 | 6 × 16 → 16 | 16 → 32, 5 × 32 → 32 | 32 → 64, 5 × 64 → 64 | 64 → 10, and 2 for each normalized channel
    ("resnet", {}, (3, 32, 32), 10, 269_722),
    # option B adds two 1 × 1 convolutions with their normalization
    ("resnet", {"shortcut": "projection"}, (3, 32, 32), 10, 269_722 + 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64),
    # MobileNet, table 4 of Howard et al. (4.2 M), running statistics not counted
    ("mobilenet", {"multiplier": 1}, (3, 224, 224), 1000, 4_231_976),
    (
        "mobilenet",
        {"multiplier": 1},
        (1, 28, 28),
        10,
        9 * 32 + 2 * 32 + sum(separable(*path) for path in PATHS) + 1024 * 10 + 10,
    ),
    # of each gate: input · state + state · state + two biases
    ("rnn", {"width": 7}, (1, 8, 8), 10, 8 * 7 + 7 * 7 + 2 * 7 + 7 * 10 + 10),
    ("gru", {"width": 7}, (1, 8, 8), 10, 3 * (8 * 7 + 7 * 7 + 2 * 7) + 7 * 10 + 10),
    ("lstm", {"width": 7}, (3, 8, 8), 10, 4 * (24 * 7 + 7 * 7 + 2 * 7) + 7 * 10 + 10),
    ("lstm", {"width": 7, "layers": 2}, (5,), 10, 10 * 7 + 2 * 4 * (7 * 7 + 7 * 7 + 2 * 7) + 7 * 10 + 10),
    # patches, places; of each block: two norms, four projections, two feed-forward layers; norm, output
    (
        "vit",
        {"depth": 3, "heads": 2, "head_width": 4, "expansion": 2},
        (3, 32, 32),
        10,
        48 * 8 + 8 + 64 * 8 + 3 * (2 * 16 + 4 * (64 + 8) + 8 * 16 + 16 + 16 * 8 + 8) + 16 + 8 * 10 + 10,
    ),
    # GPT-2 small's block (Radford et al. 2019), of 7,087,872 parameters, as its released weights have them
    (
        "char_transformer",
        {"depth": 1, "heads": 12, "head_width": 64, "expansion": 4},
        (16,),
        10,
        7_087_872 + 10 * 768 + 16 * 768 + 2 * 768 + 768 * 10 + 10,
    ),
    # the same block, and no word yet
    (
        "text_transformer",
        {"depth": 1, "heads": 12, "head_width": 64, "expansion": 4},
        (16,),
        10,
        7_087_872 + 16 * 768 + 2 * 768 + 768 * 10 + 10,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "parameters", "shape", "outputs", "count"), COUNTS)
def test_parameter_count(
    kind: str, parameters: dict[str, Any], shape: tuple[int, ...], outputs: int, count: int
) -> None:
    module = make("models", kind, **parameters).build(shape, outputs)
    assert sum(parameter.numel() for parameter in module.parameters()) == count


def test_every_model_has_a_counted_size() -> None:
    assert {row[0] for row in COUNTS} >= {component.kind for component in every("models")}


def problems(dataset: str, model: str) -> list[Problem]:
    """Problems that the backend finds in a spec of these two."""
    spec = {"name": "x", "dataset": {"kind": dataset}, "model": {"kind": model}, "stages": [{"kind": "train"}]}
    try:
        resolve(spec, CATALOG)
    except SpecInvalid as refusal:
        return refusal.problems
    return []


def test_lenet_is_refused_on_small_images_and_on_tables() -> None:
    assert len(problems("digits", "lenet5")) == len(problems("synthetic_classification", "lenet5")) == 1
    assert problems("fashion_mnist", "lenet5") == []


PUBLISHED = [dataset for dataset in every("datasets") if dataset.provides]  # what an upload is only its file tells


def traits(dataset: type[Component]) -> set[str]:
    return {item if isinstance(item, str) else item.trait for item in dataset.provides}


@each("models")
@pytest.mark.parametrize("dataset", PUBLISHED, ids=lambda dataset: dataset.kind)
def test_every_pair_fits_or_is_refused_before_it_is_queued(component: type[Model], dataset: type[Component]) -> None:
    refused = problems(dataset.kind, component.kind)
    assert bool(refused) == (not set(component.needs) <= traits(dataset))
    for problem in refused:
        assert problem.path == "model"
        assert problem.message.startswith(f"`{component.kind}` needs a dataset ")


@each("models")
def test_trains_on_data_of_every_sort_that_it_takes(component: type[Model]) -> None:
    assert fitting(component)
    for sort in fitting(component):
        torch.manual_seed(0)
        trains(sort.build(component()), sort)


@each("models")
def test_every_choice_trains(component: type[Model]) -> None:
    for sort in smallest(component):
        for module in variants(component, sort):
            trains(module, sort)


def trains(module: nn.Module, sort: Sort) -> None:
    """Its outputs have their shape, begin without a preference, and depend on every parameter."""
    targets = sort.targets()
    outputs = module(sort.inputs())
    assert outputs.shape == (targets.shape if sort.task == "regression" else (*targets.shape, sort.outputs))
    loss = sort.loss(outputs, targets)
    if sort.task != "regression":
        assert loss.item() == pytest.approx(math.log(sort.outputs), abs=0.1)
    loss.backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


def choices(component: type[Component]) -> Iterator[dict[str, Any]]:
    """The defaults, and each value of each field that offers a choice."""
    yield {}
    entry = CATALOG.find(component.family, component.kind)
    assert entry is not None
    for name, schema in entry.parameters["properties"].items():
        yield from ({name: value} for value in schema.get("enum", []))
        if schema.get("type") == "boolean":
            yield from ({name: value} for value in (False, True))
        if "x-family" in schema:
            yield from ({name: {"kind": kind}} for kind in CATALOG.kinds(schema["x-family"]))


SMALL = {"mobilenet": {"multiplier": 0.125}, "resnet": {"width": 4}}


def variants(component: type[Model], sort: Sort) -> Iterator[nn.Module]:
    torch.manual_seed(0)
    for parameters in choices(component):
        yield sort.build(component.model_validate(SMALL.get(component.kind, {}) | parameters))


EXTREMES: list[tuple[str, dict[str, Any]]] = [
    ("vit", {"patch": 32, "heads": 1, "head_width": 4}),
    ("vit", {"patch": 5, "depth": 1}),
    ("mobilenet", {"multiplier": 0.125}),
    ("resnet", {"depth": 8, "width": 5}),
    ("rnn", {"width": 1, "layers": 4, "dropout": 0.5}),
    ("lstm", {"width": 1, "layers": 1, "dropout": 0.95}),
    ("gru", {"layers": 2, "initialization": {"kind": "uniform"}}),
    ("char_transformer", {"heads": 1, "head_width": 4, "depth": 1, "dropout": 0.5}),
    ("text_transformer", {"heads": 1, "head_width": 4, "depth": 1, "dropout": 0.5}),
    ("cnn", {"width": 5, "norm": {"kind": "group", "groups": 64}}),
]


@pytest.mark.parametrize(("kind", "parameters"), EXTREMES)
def test_values_at_the_bounds_build(kind: str, parameters: dict[str, Any]) -> None:
    model = make("models", kind, **parameters)
    for sort in smallest(type(model)):
        outputs = sort.build(model)(sort.inputs(2))
        assert outputs.shape[-1] == sort.outputs and outputs.isfinite().all()


@each("models")
def test_the_same_seed_begins_with_the_same_weights(component: type[Model]) -> None:
    sort = smallest(component)[0]

    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return nn.utils.parameters_to_vector(sort.build(component()).parameters())

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@each("models")
def test_is_traced_symbolically(component: type[Model]) -> None:
    for sort in smallest(component):
        for module in variants(component, sort):
            traced = torch.fx.symbolic_trace(module.eval())
            inputs = sort.inputs(3)
            assert torch.equal(traced(inputs), module(inputs))


@each("models")
def test_layers_are_registered_in_the_order_they_run(component: type[Model]) -> None:
    """Folding and pruning walk along `named_modules`."""
    for module in variants(component, smallest(component)[0]):
        ran = [str(node.target) for node in torch.fx.symbolic_trace(module).graph.nodes if node.op == "call_module"]
        leaves = [name for name, child in module.named_modules() if name and not list(child.children())]
        assert ran == [name for name in leaves if name in ran]
        called = {id(parameter) for name in ran for parameter in module.get_submodule(name).parameters()}
        others = {name for name, parameter in module.named_parameters() if id(parameter) not in called}
        assert others <= {"places.weight"}  # which a transformer adds as a whole


@each("models")
def test_running_statistics_survive_a_checkpoint(component: type[Model]) -> None:
    for sort in smallest(component):
        for module, fresh in zip(variants(component, sort), variants(component, sort), strict=True):
            module(sort.inputs(32))
            fresh.load_state_dict(module.state_dict())
            inputs = sort.inputs(4)
            assert torch.equal(module.eval()(inputs), fresh.eval()(inputs))


@each("models")
def test_traits_tell_the_truth(component: type[Model]) -> None:
    """That channels can be removed exactly where a model says so is tested with the pruner."""
    entry = CATALOG.find("models", component.kind)
    assert entry is not None
    sort = smallest(component)[0]
    for parameters in choices(component):
        chosen = component.model_validate(SMALL.get(component.kind, {}) | parameters)
        module = sort.build(chosen)
        provided = {item.trait for item in entry.provides if item.holds(chosen.model_dump(mode="json"))}
        normalized = any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in module.modules())
        assert ("batch_norm" in provided) == normalized
        assert "float" in provided


def test_hidden_weights_follow_he_and_the_output_begins_small() -> None:
    torch.manual_seed(0)
    module = make("models", "mlp", hidden=[2000]).build((500,), 10)
    assert module.linear1.weight.std().item() == pytest.approx(math.sqrt(2 / 500), rel=0.01)
    assert module.output.weight.std().item() == pytest.approx(0.1 / math.sqrt(2000), rel=0.05)
    assert module.linear1.bias.abs().max() == 0


@pytest.mark.parametrize("kind", ["mlp", "rnn", "lstm", "gru", "vit", "char_transformer", "text_transformer"])
def test_dropout_acts_in_training_alone(kind: str) -> None:
    model = make("models", kind, dropout=0.5)
    sort = smallest(type(model))[0]
    module, inputs = sort.build(model), sort.inputs(2)
    assert not torch.equal(module(inputs), module(inputs))
    module.eval()
    assert torch.equal(module(inputs), module(inputs))


def test_something_was_discovered() -> None:
    assert {component.family for component in EVERY} >= {"datasets", "models", "optimizers", "schedules", "losses"}
    assert {"real", "image", "image_28", "sequence", "tokens", "text"} <= set().union(*(sort.traits for sort in SORTS))
