"""Each diagnostic is given on a training that has the fault, and on no healthy one."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
import torch
import yaml
from torch import nn

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import Ledger, assignment, run
from tests.worker.engine.training import Watched, adam, clouds, planted, scaled, sgd
from worker.data.tensors import Split
from worker.engine.diagnostics.checks import Epoch, History
from worker.pipe.messages import Assignment

NAMES = ["10_digits-in-a-minute.yaml", "30_mlp-baseline.yaml", "40_smaller-and-faster-cnn.yaml"]


def diagnostic(watched: Watched, code: str) -> dict[str, Any]:
    """The one diagnostic of this code."""
    (body,) = [body for body in watched.link.happened(EventKind.DIAGNOSTIC) if body["code"] == code]
    return body


def test_many_sigmoids_let_the_gradient_vanish() -> None:
    module = planted(*[16] * 20, activation=nn.Sigmoid)
    body = diagnostic(Watched(module, clouds(), epochs=4, optimizer=sgd(0.1)), "vanishing_gradients")
    assert body["text"].startswith("The gradient of layer 0 is ") and body["text"].endswith(" of that of 40")
    assert "Kaiming" in body["remedy"] and body["remedy"].endswith(".")
    assert (body["stage"], body["step"]) == (0, 15)  # three looks must agree


def test_large_weights_let_the_gradient_explode() -> None:
    watched = Watched(scaled(planted(*[32] * 10), 6.0), clouds(), epochs=4, optimizer=sgd(1e-9))
    assert "gradient clipping" in diagnostic(watched, "exploding_gradients")["remedy"]


@pytest.mark.parametrize(("first", "codes"), [(1e-6, []), (1.0, ["exploding_gradients"])])
def test_a_gradient_that_grows_backwards_explodes_though_it_is_not_long(first: float, codes: list[str]) -> None:
    """As of a network that fits its samples, where the last layer hears little."""
    look = {"gradient_norm": first, "gradient_norm/first": first, "gradient_norm/last": 1e-6}
    history = History(guess=1.0)
    reported = [diagnostic for _ in range(4) for diagnostic in history.add_probe(look)]
    assert [diagnostic.code for diagnostic in reported] == codes
    assert all(diagnostic.text == "The gradient of layer first is 1e+06 times that of last" for diagnostic in reported)


def test_a_rate_far_too_high_diverges() -> None:
    watched = Watched(planted(32), clouds(noise=3.0), epochs=4, optimizer=sgd(20.0))
    assert "far above that of guessing, 1.1" in diagnostic(watched, "divergence")["text"]


def test_a_loss_that_is_no_number_is_divergence_told_once(catalog: Catalog, settings: Settings) -> None:
    train = {"kind": "train", "epochs": 3, "optimizer": sgd(100.0), "batch": {"kind": "fixed", "size": 64}}
    spec = {"dataset": "digits", "model": {"kind": "mlp", "hidden": [64] * 6}, "stages": [train]}
    link = run(assignment(spec, catalog), settings)
    assert link.finished.state is RunState.FAILED
    (body,) = [body for body in link.happened(EventKind.DIAGNOSTIC) if body["code"] == "divergence"]
    assert body["text"].startswith("The loss became ") and link.finished.error is not None
    assert body["text"] in link.finished.error
    assert "lower learning rate" in body["remedy"]


def test_five_samples_are_learnt_by_heart() -> None:
    data = clouds(noise=4.0)
    few = replace(data, train=Split(data.train.inputs[:5], data.train.targets[:5]))
    body = diagnostic(Watched(planted(64), few, epochs=150, optimizer=adam(0.01)), "overfitting")
    assert "memorizes" in body["text"] and "early stopping" in body["remedy"]


@pytest.mark.parametrize("optimizer", [sgd(1e-9), adam(1e-9)])
def test_a_rate_far_too_low_leaves_everything_where_it_is(optimizer: dict[str, Any]) -> None:
    watched = Watched(planted(32), clouds(), epochs=4, optimizer=optimizer)
    assert watched.codes == ["rate_too_low"]


def test_units_that_are_off_for_good_are_dead() -> None:
    module = planted(32, 32)
    with torch.no_grad():
        module[0].bias.fill_(-100.0)  # type: ignore[operator]
    watched = Watched(module, clouds(), epochs=4, optimizer=sgd(0.01))
    assert watched.codes == ["dead_units"]  # and not that the gradient vanishes, which it does for this reason
    assert diagnostic(watched, "dead_units")["text"] == "100% of the units of layer 0 are zero for every sample"


@pytest.mark.parametrize("widths", [(32,), (64, 32), (32,) * 5])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.GELU])
@pytest.mark.parametrize("optimizer", [sgd(0.05), adam(1e-3)], ids=["sgd", "adam"])
def test_healthy_trainings_are_left_alone(
    widths: Sequence[int], activation: type[nn.Module], optimizer: dict[str, Any]
) -> None:
    assert Watched(planted(*widths, activation=activation), clouds(), epochs=12, optimizer=optimizer).codes == []


@pytest.mark.parametrize("name", NAMES)
def test_the_templates_are_healthy(name: str, catalog: Catalog, settings: Settings) -> None:
    document = yaml.safe_load((resources.files("backend") / "templates" / name).read_text("utf-8"))
    spec = {**document["spec"], "diagnosis": {"every": 5}}
    link = run(assignment({**spec, "stages": spec["stages"][:2]}, catalog), settings)
    assert link.finished.state is RunState.SUCCEEDED
    assert link.happened(EventKind.DIAGNOSTIC) == []


# ---- told once, also by a run that is killed and goes on

FAULTY = {
    "dataset": "digits",
    "model": {"kind": "mlp", "hidden": [16]},
    "stages": [{"kind": "train", "epochs": 6, "optimizer": sgd(1e-9), "batch": {"kind": "fixed", "size": 64}}] * 2,
    "diagnosis": {"every": 5, "histograms": 2},
}


def reported(work: Assignment, settings: Settings, **link: Any) -> list[tuple[str, int, int]]:
    bodies = run(work, settings, **link).happened(EventKind.DIAGNOSTIC)
    return [(body["code"], body["stage"], body["step"]) for body in bodies]


def test_each_phase_tells_once(catalog: Catalog, settings: Settings) -> None:
    found = reported(assignment(FAULTY, catalog), settings)
    assert [(code, stage) for code, stage, _ in found] == [("rate_too_low", 0), ("rate_too_low", 1)]


def test_what_was_told_before_the_checkpoint_is_not_told_again(catalog: Catalog, eager: Settings) -> None:
    """Killed after each message in turn: the diagnostics of both attempts are those of an undisturbed run."""
    expected = reported(assignment(FAULTY, catalog, run_id="whole"), eager)
    checked = 0
    for number in range(8, 30, 7):
        work = assignment(FAULTY, catalog, run_id=f"killed-{number}")
        ledger, before = Ledger(), run(work, eager, kill_at=number)
        ledger.take(before.sent)
        if ledger.resume is None:
            continue
        step = ledger.resume.step
        kept = [body for body in before.happened(EventKind.DIAGNOSTIC) if body["step"] <= step]
        after = reported(replace(work, resume=ledger.resume), eager)
        assert [(body["code"], body["stage"], body["step"]) for body in kept] + after == expected
        checked += 1
    assert checked >= 2


def test_the_history_survives_a_checkpoint() -> None:
    history = History(guess=1.0)
    looks = [{"gradient_norm": 1.0, "gradient_norm/a": 1e-9, "gradient_norm/b": 1.0, "update_ratio/a": 1e-3}] * 2
    assert [list(history.add_probe(look)) for look in looks] == [[], []]
    assert list(history.add_epoch(Epoch(1.0, 1.0))) == []
    again = History(guess=1.0)
    again.load(history.state())
    assert again == history
    assert [diagnostic.code for diagnostic in again.add_probe(looks[0])] == ["vanishing_gradients"]
    assert list(again.add_probe(looks[0])) == []
