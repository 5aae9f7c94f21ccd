"""Models: published sizes, every model on every dataset, and everything that compression builds on."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from backend.spec.experiment import resolve
from backend.spec.problems import Problem, SpecInvalid
from tests.worker.components.registry import EVERY, each, every, make
from worker.catalog import build
from worker.component import Component
from worker.models import Model

CATALOG = build()

# kind, parameters, input shape, number of parameters: published, or counted by hand below
COUNTS = [
    # Caffe's LeNet, as in table 1 of Deep Compression (431 K): 20·25+20 + 50·20·25+50 + 500·800+500 + 10·500+10
    ("lenet5", {"norm": "none"}, (1, 28, 28), 431_080),
    # the biases of the convolutions make way for a scale and a shift a channel
    ("lenet5", {"norm": "batch"}, (1, 28, 28), 431_080 + 20 + 50),
    # LeNet-300-100 of Deep Compression (267 K): 784·300+300 + 300·100+100 + 100·10+10
    ("mlp", {"hidden": [300, 100]}, (1, 28, 28), 266_610),
    ("mlp", {"hidden": [5], "norm": "batch"}, (4,), 4 * 5 + 2 * 5 + 5 * 10 + 10),
    ("cnn", {"norm": "none"}, (1, 28, 28), 9 * 32 + 32 + 9 * 32 * 64 + 64 + 9 * 64 * 128 + 128 + 128 * 10 + 10),
    ("cnn", {}, (3, 32, 32), 27 * 32 + 2 * 32 + 9 * 32 * 64 + 2 * 64 + 9 * 64 * 128 + 2 * 128 + 128 * 10 + 10),
]


@pytest.mark.parametrize(("kind", "parameters", "shape", "count"), COUNTS)
def test_parameter_count(kind: str, parameters: dict[str, Any], shape: tuple[int, ...], count: int) -> None:
    module = make("models", kind, **parameters).build(shape, 10)
    assert sum(parameter.numel() for parameter in module.parameters()) == count


def problems(dataset: str, model: str) -> list[Problem]:
    """What the backend has against a spec of these two."""
    spec = {"name": "x", "dataset": {"kind": dataset}, "model": {"kind": model}, "stages": [{"kind": "train"}]}
    try:
        resolve(spec, CATALOG)
    except SpecInvalid as refusal:
        return refusal.problems
    return []


def test_lenet_is_refused_on_small_images_and_on_tables() -> None:
    assert len(problems("digits", "lenet5")) == len(problems("synthetic_classification", "lenet5")) == 1
    assert problems("fashion_mnist", "lenet5") == []


def shape_of(dataset: type[Component]) -> tuple[tuple[int, ...], int]:
    facts = {"shape": [20], "classes": 4, **dataset.facts}  # a generated one's default
    return tuple(facts["shape"]), facts["classes"]


@each("models")
@pytest.mark.parametrize("dataset", every("datasets"), ids=lambda dataset: dataset.kind)
def test_every_pair_trains_or_is_refused_before_it_is_queued(component: type[Model], dataset: type[Component]) -> None:
    refused = problems(dataset.kind, component.kind)
    if refused:
        assert [problem.path for problem in refused] == ["model"]
        assert f"`{component.kind}` needs a dataset" in refused[0].message
        return
    shape, classes = shape_of(dataset)
    for module in variants(component, shape, classes):
        inputs, targets = torch.randn(16, *shape), torch.arange(16) % classes
        outputs = module(inputs)
        assert outputs.shape == (16, classes)
        loss = nn.functional.cross_entropy(outputs, targets)
        assert loss.item() == pytest.approx(math.log(classes), abs=0.1)
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


def variants(component: type[Model], shape: tuple[int, ...], classes: int) -> Iterator[nn.Module]:
    torch.manual_seed(0)
    for parameters in choices(component):
        yield component.model_validate(parameters).build(shape, classes)


def fitting(component: type[Model]) -> tuple[int, ...]:
    """An input shape that the model takes."""
    return (1, 28, 28) if {"image", "image_28"} & set(component.needs) else (20,)


@pytest.mark.parametrize("dataset", [dataset for dataset in every("datasets") if "image" in dataset.provides])
def test_the_smallest_images_of_a_trait_are_enough(dataset: type[Component]) -> None:
    for component in every("models"):
        if "image" in component.needs:
            assert component().build((1, 8, 8), 3)(torch.randn(2, 1, 8, 8)).shape == (2, 3)
        if "image_28" in component.needs:
            assert component().build((3, 28, 28), 3)(torch.randn(2, 3, 28, 28)).shape == (2, 3)


@each("models")
def test_the_same_seed_begins_with_the_same_weights(component: type[Model]) -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return nn.utils.parameters_to_vector(component().build(fitting(component), 10).parameters())

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@each("models")
def test_is_traced_symbolically(component: type[Model]) -> None:
    shape = fitting(component)
    for module in variants(component, shape, 10):
        traced = torch.fx.symbolic_trace(module.eval())
        inputs = torch.randn(3, *shape)
        assert torch.equal(traced(inputs), module(inputs))
        assert {node.op for node in traced.graph.nodes} <= {"placeholder", "call_module", "output"}


@each("models")
def test_layers_are_registered_in_the_order_they_run(component: type[Model]) -> None:
    """Folding and pruning walk along `named_modules`."""
    for module in variants(component, fitting(component), 10):
        ran = [str(node.target) for node in torch.fx.symbolic_trace(module).graph.nodes if node.op == "call_module"]
        leaves = [name for name, child in module.named_modules() if name and not list(child.children())]
        assert ran == leaves


@each("models")
def test_running_statistics_survive_a_checkpoint(component: type[Model]) -> None:
    shape = fitting(component)
    for module, fresh in zip(variants(component, shape, 10), variants(component, shape, 10), strict=True):
        module(3 + torch.randn(32, *shape))
        fresh.load_state_dict(module.state_dict())
        inputs = torch.randn(4, *shape)
        assert torch.equal(module.eval()(inputs), fresh.eval()(inputs))


@each("models")
def test_traits_tell_the_truth(component: type[Model]) -> None:
    entry = CATALOG.find("models", component.kind)
    assert entry is not None
    for parameters in choices(component):
        chosen = component.model_validate(parameters)
        module = chosen.build(fitting(component), 10)
        provided = {item.trait for item in entry.provides if item.holds(chosen.model_dump(mode="json"))}
        normalized = any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in module.modules())
        convolutions = any(isinstance(layer, nn.Conv2d) for layer in module.modules())
        assert ("batch_norm" in provided) == normalized
        assert ("channels" in provided) == convolutions
        assert "float" in provided


def test_hidden_weights_follow_he_and_the_output_begins_small() -> None:
    torch.manual_seed(0)
    module = make("models", "mlp", hidden=[2000]).build((500,), 10)
    assert module.linear1.weight.std().item() == pytest.approx(math.sqrt(2 / 500), rel=0.01)
    assert module.output.weight.std().item() == pytest.approx(0.1 / math.sqrt(2000), rel=0.05)
    assert module.linear1.bias.abs().max() == 0


def test_dropout_acts_in_training_alone() -> None:
    module = make("models", "mlp", dropout=0.5).build((20,), 3)
    inputs = torch.randn(2, 20)
    assert not torch.equal(module(inputs), module(inputs))
    module.eval()
    assert torch.equal(module(inputs), module(inputs))


def test_something_was_discovered() -> None:
    assert {component.family for component in EVERY} >= {"datasets", "models", "optimizers", "schedules", "losses"}
