"""Pruning over time: the phases of the stage, masks that grow within a training, and lottery tickets."""

import copy
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.problems import Problem, SpecInvalid
from tests.worker.compression import subjects
from tests.worker.compression.alone import Alone
from tests.worker.engine.training import Watched, adam, clouds, planted
from worker.components.pruners.channels import Channels
from worker.components.pruners.magnitude import Magnitude
from worker.components.pruning_schedules.gradual import Gradual
from worker.contracts.catalog import build
from worker.contracts.component import discover
from worker.contracts.families.stages import Stage
from worker.contracts.masks import removed_share
from worker.contracts.phases import Training, Transform
from worker.contracts.subject import Subject
from worker.engine.evaluate import evaluate


def prune(**fields: Any) -> Stage:
    return Stage.choose({"kind": "prune", **fields})


def magnitude(sparsity: float = 0.9, **more: Any) -> dict[str, Any]:
    return {"kind": "magnitude", "sparsity": sparsity, **more}


class Begun(Alone):
    """A run that began with the given model."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._module = module

    def fresh(self) -> nn.Module:
        return self._module


# ---- phases


def test_rounds_are_pruning_and_recovery_each() -> None:
    stage = prune(method=magnitude(0.875), schedule={"kind": "iterative", "rounds": 3}, recover={"epochs": 2})
    phases = stage.phases()
    assert [type(phase) for phase in phases] == [Transform, Training] * 3
    subject, shares = subjects.subject("mlp"), []
    for phase in phases:
        if isinstance(phase, Transform):
            subject = phase.apply(subject, Alone())
            shares.append(removed_share(subject))
    assert shares == pytest.approx([0.5, 0.75, 0.875], abs=2e-3)


def test_channels_go_in_rounds_too() -> None:
    method = {"kind": "channels", "ratio": 0.75}
    phases = prune(method=method, schedule={"kind": "iterative", "rounds": 2}).phases()
    subject = subjects.subject("mlp")
    for phase in phases:
        assert isinstance(phase, Transform)
        subject = phase.apply(subject, Alone())
    widths = [layer.out_features for layer in subject.module.modules() if isinstance(layer, nn.Linear)]
    assert widths == [8, 4, 10]


def test_movement_trains_before_it_prunes() -> None:
    phases = prune(method={"kind": "movement", "training": {"epochs": 3}}, recover={"epochs": 2}).phases()
    assert [phase.recipe.epochs for phase in phases if isinstance(phase, Training)] == [3, 2]
    assert [isinstance(phase, Training) and phase.callback is not None for phase in phases] == [True, False]


def test_masks_grow_within_the_recovery() -> None:
    (only,) = prune(schedule="gradual", recover={"epochs": 4}).phases()
    assert isinstance(only, Training) and only.callback is not None and only.recipe.epochs == 4


def test_the_timeline_names_schedule_and_rewinding() -> None:
    assert prune(method=magnitude(), schedule="iterative", rewind=True).label() == (
        "prune: magnitude 90 %, iterative, rewound"
    )
    assert prune(method={"kind": "n_m"}).label() == "prune: 2:4"


CONFLICTS = [
    ({"method": "threshold", "schedule": "iterative"}, "schedule", "`threshold` removes is not known.*one_shot"),
    (
        {"method": "constrained", "schedule": "gradual", "recover": {"epochs": 1}},
        "schedule",
        "`constrained` removes is not known",
    ),
    (
        {"method": "channels", "schedule": "gradual", "recover": {"epochs": 1}},
        "schedule",
        "`channels` changes the shapes .*iterative",
    ),
    ({"schedule": "gradual"}, "recover", "`gradual` masks weights while the model trains: give the stage `recover`"),
    ({"method": "channels", "rewind": True}, "rewind", "cannot be rewound: use a method that masks weights"),
    (
        {"schedule": "gradual", "recover": {"epochs": 1}, "rewind": True},
        "rewind",
        "no later training to rewind for: use `schedule: iterative`",
    ),
]


@pytest.mark.parametrize(("fields", "path", "sentence"), CONFLICTS)
def test_what_does_not_go_together_is_refused_in_one_sentence(fields: dict[str, Any], path: str, sentence: str) -> None:
    """Before a run is queued, where the form marks it, and by the stage itself."""
    with pytest.raises(ValidationError, match=sentence):
        prune(**fields)
    found = {problem.path: problem.message for problem in refused({"kind": "prune", **fields})}
    assert re.search(sentence, found[f"stages[1].{path}"])


def test_what_goes_together_is_taken() -> None:
    assert refused({"kind": "prune", "schedule": "gradual", "recover": {"epochs": 1}}) == []
    assert refused({"kind": "prune", "method": "channels", "schedule": "iterative", "recover": {"epochs": 1}}) == []
    assert refused({"kind": "prune", "rewind": True, "schedule": "iterative"}) == []


def test_scales_are_measured_where_there_are_any() -> None:
    stage = {"kind": "prune", "method": {"kind": "channels", "importance": "bn_scale"}}
    (problem,) = refused(stage)
    assert problem.path == "stages[1].method"
    assert problem.message.startswith("`channels` (with importance: bn_scale) needs a model with batch normalization")
    assert refused(stage, {"kind": "mlp", "norm": "batch"}) == []
    (folded,) = refused({"kind": "fold", "method": "batch_norm"}, {"kind": "mlp", "norm": "batch"}, stage)
    assert folded.path == "stages[2].method"


@lru_cache(maxsize=1)
def catalog() -> Catalog:
    discover()
    return build()


def refused(stage: dict[str, Any], model: Any = "mlp", *more: dict[str, Any]) -> list[Problem]:
    """Problems that the catalog finds in a pipeline of a training and this stage."""
    stages = [{"kind": "train", "epochs": 1}, stage, *more]
    try:
        resolve({"name": "tried", "dataset": "digits", "model": model, "stages": stages}, catalog())
    except SpecInvalid as error:
        return error.problems
    return []


# ---- rewinding


def test_a_ticket_has_its_initial_weights_where_it_was_not_pruned() -> None:
    subject = subjects.subject("cnn")
    fresh = copy.deepcopy(subject.module)
    with torch.no_grad():
        for weight in subject.module.parameters():
            weight.add_(torch.randn(weight.shape))
    pruning, rewinding = prune(method=magnitude(0.6), rewind=True).phases()
    assert isinstance(pruning, Transform) and isinstance(rewinding, Transform)
    run = Begun(fresh)
    ticket = rewinding.apply(pruning.apply(subject, run), run)
    assert removed_share(ticket) == pytest.approx(0.6, abs=1e-3)
    initial = fresh.state_dict()
    for name, value in ticket.module.state_dict().items():
        kept = ticket.masks.get(name, torch.ones_like(value, dtype=torch.bool))
        assert torch.equal(value, initial[name] * kept)


def test_frozen_layers_are_not_rewound_and_other_shapes_are_refused() -> None:
    subject, run = subjects.subject("mlp"), Begun(subjects.subject("mlp").module)
    first = next(layer for layer in subject.module.modules() if isinstance(layer, nn.Linear))
    nn.init.constant_(first.weight, 7.0)
    first.requires_grad_(False)
    *_, rewinding = prune(rewind=True).phases()
    assert isinstance(rewinding, Transform)
    assert (rewinding.apply(subject, run).module.get_parameter("linear1.weight") == 7.0).all()
    with pytest.raises(ValueError, match=r"cannot be rewound to its initial weights, .* leave out the stage"):
        rewinding.apply(Channels().prune(subjects.subject("mlp"), Alone()), run)


# ---- within a training of eight steps an epoch


class Diary(Alone):
    """Keeps what it is told to observe."""

    def __init__(self) -> None:
        super().__init__()
        self.observed: list[float] = []

    def observe(self, metrics: Mapping[str, float]) -> None:
        self.observed.append(metrics["sparsity"])


def grown(run: Alone, method: dict[str, Any], schedule: dict[str, Any], **recipe: Any) -> Watched:
    (phase,) = prune(method=method, schedule={"kind": "gradual", **schedule}, recover={}).phases()
    assert isinstance(phase, Training) and phase.callback is not None
    return Watched(planted(32, 16), clouds(), company=(phase.callback, run), **recipe)


@pytest.mark.parametrize("kind", ["magnitude", "random", "movement"])
def test_masks_grow_along_the_cubic_and_hold(kind: str) -> None:
    run = Diary()
    done = grown(run, {"kind": kind, "sparsity": 0.9}, {"every": 4, "share": 0.5}, epochs=4, optimizer=adam(0.01))
    cubic = [0.9 * (1 - (1 - step / 16) ** 3) for step in (4, 8, 12)]
    assert run.observed == pytest.approx([*cubic, 0.9], abs=2e-3)
    for name, kept in done.subject.masks.items():
        weight = done.module.get_parameter(name)
        assert not weight[~kept].any() and weight[kept].all()
    layers = run.shown["sparsity"]["layers"]
    assert 1 - sum(layer["kept"] for layer in layers) / sum(layer["total"] for layer in layers) == pytest.approx(
        removed_share(done.subject)
    )
    assert run.reported == []


def test_masks_go_on_from_those_that_are_there() -> None:
    module, run = planted(32, 16), Diary()
    subject = Magnitude(sparsity=0.5).prune(Subject(module, (8,)), run)
    callback = Magnitude(sparsity=0.9).growing(Gradual(every=4, share=1.0).grow)
    callback.start(subject, run)
    early = subject.masks
    for step in range(1, 9):
        callback.after_step(step, 8)
    assert run.observed == pytest.approx([0.9 - 0.4 * 0.125, 0.9], abs=2e-3)
    assert not any((subject.masks[name] & ~early[name]).any() for name in early)


def test_an_epoch_before_the_masks_are_whole_does_not_win() -> None:
    best = {"kind": "early_stopping", "patience": 1}
    done = grown(
        Diary(), magnitude(0.97), {"every": 4, "share": 0.6}, epochs=10, optimizer=adam(0.01), regularizers=[best]
    )
    history, first = done.trainer.progress.history, done.trainer.progress.unsettled
    assert first == 5  # the sixth epoch is the first that ends with all masks
    assert min(history[:first]) < min(history[first:])  # an earlier one would have won
    found = evaluate(done.module, clouds().validation, done.trainer.recipe.now.loss, clouds())
    assert found["loss"] == pytest.approx(min(history[first:]))
    assert removed_share(done.subject) == pytest.approx(0.97, abs=2e-3)


def test_a_loss_that_rises_because_masks_grow_does_not_end_the_training() -> None:
    impatient = {"kind": "early_stopping", "patience": 1, "min_delta": 1e6, "keep_best": False}
    done = grown(
        Diary(), magnitude(), {"every": 4, "share": 0.6}, epochs=10, optimizer=adam(0.01), regularizers=[impatient]
    )
    assert len(done.trainer.progress.history) == 7  # five before, the first with all masks, and one that is no better
    assert removed_share(done.subject) == pytest.approx(0.9, abs=2e-3)


@pytest.mark.parametrize("average", [{"kind": "ema", "decay": 0.99}, {"kind": "swa", "start": 0.1, "every": 1}])
def test_the_mean_of_the_steps_has_the_last_masks(average: dict[str, Any]) -> None:
    done = grown(Diary(), magnitude(), {"every": 4, "share": 0.6}, epochs=5, optimizer=adam(0.01), average=average)
    assert removed_share(done.subject) == pytest.approx(0.9, abs=2e-3)
    for name, kept in done.subject.masks.items():
        assert not done.module.get_parameter(name)[~kept].any()


def test_a_training_that_ends_early_says_how_far_it_came() -> None:
    run = Diary()
    callback = Magnitude(sparsity=0.9).growing(Gradual(every=4, share=1.0).grow)
    callback.start(Subject(planted(32, 16), (8,)), run)
    for step in range(1, 6):
        callback.after_step(step, 16)
    callback.finish()
    assert len(run.reported) == 1 and "52.1% of the weights are removed, of 90.0% that were planned" in run.reported[0]


def test_a_layer_that_would_be_emptied_ends_the_training_in_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"leaves no weight of .*; lower the sparsity"):
        grown(Diary(), magnitude(0.995, scope="local"), {"every": 4}, epochs=2, optimizer=adam(0.01))
