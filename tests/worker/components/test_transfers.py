"""Transfers, unfreezing and soups keep their promises, on small models."""

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.worker.components.registry import each, make
from tests.worker.compression.alone import ALONE
from worker.contracts.component import Component
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.models import Model
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.stages import Stage
from worker.contracts.families.transfers import Transfer
from worker.contracts.phases import Transform
from worker.contracts.subject import Subject
from worker.data.tensors import Split
from worker.engine.training.mean import recalibrate
from worker.nn import layer_matching
from worker.nn.freezing import find_frozen, freeze, train_mode, trainable, unfreeze


def network(inputs: int = 6, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    names = {
        "linear1": nn.Linear(inputs, 5), "norm1": nn.BatchNorm1d(5), "activation1": nn.ReLU(),
        "linear2": nn.Linear(5, 4), "norm2": nn.BatchNorm1d(4), "output": nn.Linear(4, 3),
    }  # fmt: skip
    module = nn.Sequential()
    for name, layer in names.items():
        module.add_module(name, layer)
    module(torch.randn(64, inputs))  # statistics of its own
    return module


@dataclass
class Around:
    """A run with the models of others in memory."""

    sources: dict[str, nn.Module]
    here: nn.Module = field(default_factory=network)
    masks: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    reported: list[tuple[str, str]] = field(default_factory=list)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    data: Split = field(default_factory=lambda: Split(torch.randn(512, 6), torch.zeros(512).long()))

    def __post_init__(self) -> None:
        self.began = copy.deepcopy(self.here)
        self.subject = Subject(self.here, (6,))

    def source(self, name: str, same_data: bool = False) -> Subject:
        return Subject(self.sources[name], (6,), self.masks.get(name, {}))

    def fresh(self) -> nn.Module:
        return copy.deepcopy(self.began)

    def quality(self, module: nn.Module) -> float:
        return -float((module.get_parameter("output.weight").detach().double().mean() - 1).abs())

    def recalibrate(self, module: nn.Module) -> None:
        recalibrate(module, self.data)

    def log(self, text: str, level: str = "info") -> None:
        self.reported.append((level, text))

    def show(self, kind: str, body: dict[str, Any]) -> None:
        self.shown[kind] = body


def transfer(kind: str, around: Around, **parameters: Any) -> Subject:
    method = make("transfers", kind, source="theirs", **parameters)
    assert isinstance(method, Transfer)
    return method.transfer(around.subject, around)


def equal_layers(left: nn.Module, right: nn.Module) -> list[str]:
    ours, theirs = left.state_dict(), right.state_dict()
    return [
        name
        for name, entries in layer_matching.layers(left).items()
        if layer_matching.mismatch(entries, ours, theirs) is None
        and all(torch.equal(ours[entry], theirs[entry]) for entry in entries)
    ]


ALL = ["linear1", "norm1", "linear2", "norm2", "output"]


@each("transfers")
def test_layers_that_match_are_equal_afterwards_and_the_rest_is_as_it_began(component: type[Component]) -> None:
    around = Around({"theirs": network(seed=1)})
    subject = transfer(component.kind, around)
    copied = around.shown["transfer"]["copied"]
    assert copied == (ALL if component.kind == "parameters" else ALL[:-1])
    assert equal_layers(subject.module, around.sources["theirs"]) == copied
    assert equal_layers(subject.module, around.began) == [name for name in ALL if name not in copied]


@each("transfers")
def test_layers_that_do_not_match_are_told_shown_and_train(component: type[Component]) -> None:
    around = Around({"theirs": network(inputs=9, seed=1)})
    subject = transfer(component.kind, around)
    new = {item["layer"]: item["why"] for item in around.shown["transfer"]["new"]}
    assert new["linear1"] == "`linear1.weight` is [5, 9] there and [5, 6] here"
    assert "linear1" in around.shown["transfer"]["unused"]
    [(level, text)] = [reported for reported in around.reported if "Not copied" in reported[1]]
    assert level == "warning" and "`linear1`" in text
    assert "linear1" not in find_frozen(subject.module)
    assert "linear1" in equal_layers(subject.module, around.began)


@each("transfers")
def test_nothing_that_matches_is_a_failure_in_one_sentence(component: type[Component]) -> None:
    around = Around({"theirs": nn.Sequential(nn.Linear(6, 3))})
    with pytest.raises(ValueError, match=r"^No layer of the model matches one of run `theirs`"):
        transfer(component.kind, around)


def test_features_freeze_all_but_the_head() -> None:
    around = Around({"theirs": network(seed=1)})
    assert find_frozen(transfer("features", around).module) == ALL[:-1]
    around = Around({"theirs": network(seed=1)})
    subject = transfer("features", around, head=["linear2", "norm2", "output"])
    assert find_frozen(subject.module) == ["linear1", "norm1"]
    assert equal_layers(subject.module, around.began) == ["linear2", "norm2", "output"]


def test_a_task_copies_and_trains_what_it_names() -> None:
    around = Around({"theirs": network(seed=1)})
    subject = transfer("task", around, copied=["linear1", "norm1", "linear2"], trained=["linear2"])
    assert equal_layers(subject.module, around.sources["theirs"]) == ["linear1", "norm1", "linear2"]
    assert find_frozen(subject.module) == ["linear1", "norm1"]  # what starts again trains, named or not


def test_a_name_of_no_layer_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no layer `liner1`; it has `linear1`, `norm1`"):
        transfer("features", Around({"theirs": network()}), head=["liner1"])
    with pytest.raises(ValueError, match="nothing is transferred"):
        transfer("features", Around({"theirs": network()}), head=ALL)


def test_what_was_pruned_there_is_pruned_here() -> None:
    mask = torch.rand(5, 6) > 0.5
    around = Around({"theirs": network(seed=1)}, masks={"theirs": {"linear1.weight": mask}})
    around.subject.masks["linear2.weight"] = torch.ones(4, 5, dtype=torch.bool)
    assert transfer("parameters", around).masks == {"linear1.weight": mask}


def test_a_block_stands_for_its_layers() -> None:
    module = nn.ModuleDict(
        {"block": nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.Linear(1, 1)}), "blocks": nn.Linear(1, 1)}
    )
    assert layer_matching.find_layers(module, ["block"]) == ["block.a", "block.b"]


# ---- freezing


def steps(module: nn.Module, weights: list[nn.Parameter]) -> None:
    optimizer = torch.optim.AdamW(weights, 0.1, weight_decay=0.1)
    train_mode(module)
    for _ in range(5):
        optimizer.zero_grad()
        module(torch.randn(32, 6)).square().sum().backward()
        optimizer.step()


def test_frozen_layers_do_not_move_and_their_statistics_rest() -> None:
    module = network()
    before = copy.deepcopy(module)
    freeze(module, ["linear1", "norm1"])
    steps(module, trainable(module))
    assert equal_layers(module, before) == ["linear1", "norm1"]
    recalibrate(module, Split(torch.randn(300, 6), torch.zeros(300)))
    assert equal_layers(module, before) == ["linear1", "norm1"]
    unfreeze(module, ["norm1"])
    steps(module, trainable(module))
    assert equal_layers(module, before) == ["linear1"]


def test_plain_training_mode_would_move_them() -> None:
    module = network()
    before = copy.deepcopy(module)
    freeze(module, ["linear1", "norm1"])
    module.train()
    module(torch.randn(32, 6))
    assert equal_layers(module, before) == ["linear1", "linear2", "output"]


def test_a_model_that_is_frozen_whole_has_nothing_to_train() -> None:
    module = network()
    freeze(module, ALL)
    with pytest.raises(ValueError, match="put a stage `unfreeze`"):
        trainable(module)


def test_a_weight_that_two_layers_share_trains_with_either() -> None:
    module = nn.ModuleDict({"embedding": nn.Embedding(7, 4), "middle": nn.Linear(4, 4), "output": nn.Linear(4, 7)})
    module["output"].weight = module["embedding"].weight
    freeze(module, ["embedding", "middle"])
    assert module.get_parameter("embedding.weight").requires_grad
    assert find_frozen(module) == ["middle"]


@pytest.mark.parametrize(("names", "left"), [([], []), (["linear2"], ["linear1"])])
def test_unfreezing(names: list[str], left: list[str]) -> None:
    module = network()
    freeze(module, ["linear1", "linear2"])
    (phase,) = Stage.choose({"kind": "unfreeze", "layers": names}).phases()
    assert isinstance(phase, Transform)
    phase.apply(Subject(module, (6,)), ALONE)
    assert find_frozen(module) == left


def test_compression_reaches_frozen_layers_and_leaves_them_frozen() -> None:
    module = Model.choose({"kind": "cnn", "width": 16}).build((1, 8, 8), 10)
    backbone = list(layer_matching.layers(module))[:-1]
    freeze(module, backbone)
    before = sum(weight.numel() for weight in module.parameters())
    pruned = Pruner.choose({"kind": "channels", "ratio": 0.5}).prune(Subject(module, (1, 8, 8)), ALONE)
    assert sum(weight.numel() for weight in pruned.module.parameters()) < before / 2
    assert find_frozen(pruned.module) == backbone
    folded = Fusion.choose({"kind": "batch_norm"}).fold(pruned, ALONE)
    assert find_frozen(folded.module) == ["conv1", "conv2", "conv3"]


# ---- soups


def cook(around: Around, names: list[str], method: str = "uniform") -> Subject:
    (phase,) = Stage.choose({"kind": "soup", "sources": names, "method": method}).phases()
    assert isinstance(phase, Transform)
    return phase.apply(around.subject, around)


def test_a_uniform_soup_equals_the_mean_and_has_statistics_of_its_own() -> None:
    models = {str(seed): network(seed=seed) for seed in (1, 2, 3)}
    around = Around(models)
    module = cook(around, list(models)).module
    for name, weight in module.named_parameters():
        total = sum(model.get_parameter(name).detach().double() for model in models.values())
        assert torch.equal(weight, (total / 3).float()), name
    first = module.get_submodule("linear1")(around.data.inputs)
    assert torch.allclose(module.get_buffer("norm1.running_mean"), first.mean(0), atol=1e-5)
    plain = torch.stack([model.get_buffer("norm1.running_mean") for model in models.values()]).mean(0)
    assert not torch.allclose(module.get_buffer("norm1.running_mean"), plain, atol=1e-3)
    assert {row["source"]: row["used"] for row in around.shown["soup"]["ingredients"]} == dict.fromkeys(models, True)


def test_a_soup_of_one_is_that_model() -> None:
    around = Around({"a": network(seed=1)})
    assert equal_layers(cook(around, ["a", "a"]).module, around.sources["a"]) == ALL


def test_a_greedy_soup_keeps_what_makes_the_mean_no_worse() -> None:
    """Quality is how near the mean of the output's weights lies to 1."""
    models = {name: network(seed=1) for name in ("low", "best", "high", "far")}
    for name, value in (("low", 0.7), ("best", 0.9), ("high", 1.2), ("far", 5.0)):
        nn.init.constant_(models[name].get_parameter("output.weight"), value)
    around = Around(models)
    module = cook(around, list(models), "greedy").module  # best; best + high = 1.05; with low 0.93: worse; far: worse
    used = {row["source"]: row["used"] for row in around.shown["soup"]["ingredients"]}
    assert used == {"low": False, "best": True, "high": True, "far": False}
    assert module.get_parameter("output.weight").detach().mean().item() == pytest.approx(1.05)
    assert around.shown["soup"]["quality"] == pytest.approx(-0.05)


def test_a_soup_of_other_layers_is_refused() -> None:
    around = Around({"a": network(seed=1), "b": network(inputs=9)})
    with pytest.raises(ValueError, match=r"run `b` has other layers .*`linear1.weight` is \[5, 9\] there and \[5, 6\]"):
        cook(around, ["a", "b"])
    with pytest.raises(ValueError, match="no ingredients"):
        cook(around, [])


def test_a_soup_is_masked_where_all_its_ingredients_are() -> None:
    left, right = torch.tensor([[True, False, False]]), torch.tensor([[False, True, False]])
    masks = {"a": {"x": left, "y": left}, "b": {"x": right}}
    around = Around({name: network(seed=1) for name in masks}, masks=masks)
    found = cook(around, ["a", "b"]).masks
    assert {name: mask.tolist() for name, mask in found.items()} == {"x": [[True, True, False]]}
