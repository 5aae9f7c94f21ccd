"""A person at the wheel: obeyed between two steps, told, exact when interrupted, and replayed without the person."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from backend.domain.catalog import Catalog
from backend.domain.run.commands import CommandKind, PlannedCommand
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import Ask, Ledger, MemoryLink, assignment, run, steps_done
from worker.contracts.component import find
from worker.contracts.live_parameters import set_parameter
from worker.contracts.recipe import Recipe
from worker.engine.checkpoints.checkpoint import Checkpoints, State
from worker.engine.steering import steering
from worker.engine.training.retuning import follow
from worker.pipe.messages import (
    Checkpoint,
    Command,
    Finished,
    Happened,
    Obeyed,
    Progress,
    Release,
    ScheduledCommand,
    Summary,
)

TRAIN = {
    "kind": "train",
    "epochs": 4,
    "batch": {"kind": "fixed", "size": 64},
    "optimizer": {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    "regularizers": [{"kind": "l2", "strength": 1e-4}, {"kind": "dropout", "share": 0.2}],
}
PRUNE = {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 1}}
SPEC = {"dataset": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [16]}, "stages": [TRAIN, PRUNE]}
STEPS = 23  # of an epoch


def command(kind: CommandKind, **body: Any) -> Command:
    return Command(f"{kind} {body}", kind, body, "ann")


def asking(*asks: tuple[Callable[[MemoryLink], bool], Command | Release]) -> Ask:
    """Each order a single time, as soon as its condition holds and those before it were asked."""
    waiting = list(asks)

    def ask(link: MemoryLink) -> list[Command | Release]:
        return [waiting.pop(0)[1]] if waiting and waiting[0][0](link) else []

    return ask


def after(steps: int) -> Callable[[MemoryLink], bool]:
    return lambda link: steps_done(link) >= steps


def planned(step: int, path: str, value: float, known: bool = False) -> ScheduledCommand:
    return ScheduledCommand(PlannedCommand(step=step, path=path, value=value), known)


def obeyed(link: MemoryLink) -> list[tuple[CommandKind, bool]]:
    return [(answer.command.kind, not answer.refused) for answer in link.all(Obeyed)]


def states(link: MemoryLink) -> list[str]:
    return [body["state"] for body in link.happened(EventKind.STATE)]


def rates(ledger: Ledger) -> list[float]:
    return [value for (name, _), value in sorted(ledger.points.items()) if name == "learning_rate"]


def ledger(*links: MemoryLink) -> Ledger:
    kept = Ledger()
    for link in links:
        kept.take(link.sent)
    return kept


def test_a_paused_run_rests_and_goes_on_as_if_nothing_had_been(catalog: Catalog, settings: Settings) -> None:
    rested = []

    def long_enough(link: MemoryLink) -> bool:
        rested.append(link.all(Progress)[-1].seconds)
        return len(rested) > 20

    ask = asking((after(30), command(CommandKind.PAUSE)), (long_enough, command(CommandKind.RESUME)))
    link = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
    assert obeyed(link) == [(CommandKind.PAUSE, True), (CommandKind.RESUME, True)]
    assert states(link) == ["paused", "running"]
    pause, resume = (answer.step for answer in link.all(Obeyed))
    assert pause == resume >= 30
    undisturbed = run(assignment(SPEC, catalog), settings)
    assert ledger(link).points == ledger(undisturbed).points
    assert ledger(link).hashes == ledger(undisturbed).hashes


def test_time_stands_still_while_a_run_is_paused(
    catalog: Catalog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "HEARD_SECONDS", 0.0)

    def long_enough(link: MemoryLink) -> bool:
        return len(resting(link)) > 10

    def resting(link: MemoryLink) -> list[float]:
        """Messages from the pause of the run until it continued."""
        at = [place for place, one in enumerate(link.sent) if isinstance(one, Happened) and "state" in one.body]
        said = link.sent[at[0] : at[1] if len(at) > 1 else None] if at else []
        return [one.seconds for one in said if isinstance(one, Progress)]

    ask = asking((after(30), command(CommandKind.PAUSE)), (long_enough, command(CommandKind.RESUME)))
    link = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
    assert states(link) == ["paused", "running"] and len(set(resting(link))) == 1
    reported = [progress.seconds for progress in link.all(Progress)]
    assert reported == sorted(reported)


def test_a_paused_run_that_is_given_back_is_still_paused(catalog: Catalog, settings: Settings) -> None:
    work = assignment(SPEC, catalog)
    paused = lambda link: "paused" in states(link)  # noqa: E731
    first = run(
        work, settings, requested=True, ask=asking((after(30), command(CommandKind.PAUSE)), (paused, Release()))
    )
    assert first.finished == Finished(RunState.QUEUED)
    resume = first.all(Checkpoint)[-1]
    given = replace(work, resume=resume, paused=True)
    again = run(given, settings, requested=True, ask=asking((paused, command(CommandKind.RESUME))))
    assert states(again) == ["paused", "running"]
    assert ledger(first, again).hashes == ledger(run(work, settings)).hashes


def test_a_pause_that_no_checkpoint_could_keep_is_refused(
    catalog: Catalog, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Checkpoints.write

    def write(files: Checkpoints, state: State, stage: int, keep: bool = False) -> Checkpoint:
        if keep:
            raise OSError(28, "No space left on device")
        return whole(files, state, stage, keep)

    monkeypatch.setattr(Checkpoints, "write", write)
    link = run(assignment(SPEC, catalog), settings, requested=True, ask=asking((after(30), command(CommandKind.PAUSE))))
    assert obeyed(link) == [(CommandKind.PAUSE, False)] and states(link) == []
    assert link.finished == Finished(RunState.SUCCEEDED)


def test_who_is_paused_can_be_steered_stopped_and_cancelled(catalog: Catalog, settings: Settings) -> None:
    paused = lambda link: "paused" in states(link)  # noqa: E731
    for kind, state in ((CommandKind.STOP, RunState.STOPPED), (CommandKind.CANCEL, RunState.CANCELLED)):
        ask = asking(
            (after(20), command(CommandKind.PAUSE)),
            (paused, command(CommandKind.PAUSE)),
            (paused, command(CommandKind.SET, path="optimizer.lr", value=0.01)),
            (paused, command(kind)),
        )
        link = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
        assert link.finished == Finished(state)
        assert obeyed(link)[:3] == [(CommandKind.PAUSE, True), (CommandKind.PAUSE, False), (CommandKind.SET, True)]


def test_a_live_parameter_is_turned_and_told(catalog: Catalog, settings: Settings) -> None:
    ask = asking(
        (after(30), command(CommandKind.SET, path="optimizer.lr", value=0.01)),
        (after(40), command(CommandKind.SET, path="regularizers[1].share", value=0.0)),
        (after(40), command(CommandKind.SET, path="batch.size", value=128)),
    )
    link = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
    rate, dropout, batch = link.all(Obeyed)
    assert rate.effect == {"path": "optimizer.lr", "old": 0.05, "new": 0.01}
    assert dropout.effect["old"] == 0.2
    assert batch.note == "From the next epoch on."
    seen = ledger(link)
    assert seen.points["learning_rate", rate.step] == 0.05
    assert seen.points["learning_rate", rate.step + 1] == 0.01
    sizes = [value for (name, _), value in sorted(seen.points.items()) if name == "batch_size"]
    assert 128.0 in sizes and sizes.index(128.0) % STEPS == 0


REFUSED = [
    ({"path": "optimizer.lr", "value": -1.0}, "greater than 0"),
    ({"path": "optimizer.nesterov", "value": True}, "cannot be changed during the training"),
    ({"path": "optimizer.rate", "value": 1.0}, "is not a live parameter"),
    ({"path": "regularizers[7].strength", "value": 1.0}, "is not a live parameter"),
    ({"path": "regularizers", "value": 1.0}, "cannot be changed"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED, ids=[row[0]["path"] for row in REFUSED])
def test_what_cannot_be_set_is_refused_with_the_reason(body: dict[str, Any], reason: str) -> None:
    recipe = Recipe.model_validate({name: value for name, value in TRAIN.items() if name != "kind"})
    with pytest.raises(ValueError, match=reason):
        set_parameter(recipe, body["path"], body["value"])


def test_a_checkpoint_on_demand_is_kept(catalog: Catalog, settings: Settings) -> None:
    eager = settings.model_copy(update={"checkpoint_seconds": 1e-9})
    link = run(
        assignment(SPEC, catalog), eager, requested=True, ask=asking((after(20), command(CommandKind.CHECKPOINT)))
    )
    (answer,) = link.all(Obeyed)
    wanted = [one for one in link.all(Checkpoint) if one.step == answer.step and one.stage == 0]
    assert any((settings.data_dir / one.path).is_file() for one in wanted)


def test_the_next_stage_begins_on_demand(catalog: Catalog, settings: Settings) -> None:
    link = run(assignment(SPEC, catalog), settings, requested=True, ask=asking((after(30), command(CommandKind.NEXT))))
    assert link.finished == Finished(RunState.SUCCEEDED)
    train, prune = (done.result for done in link.done())
    assert train.step == link.all(Obeyed)[0].step < 4 * STEPS
    assert prune.step == train.step + STEPS == link.all(Progress)[-1].total_steps


def test_stages_that_have_not_begun_are_replaced(catalog: Catalog, settings: Settings) -> None:
    fold = {"kind": "quantize", "method": {"kind": "dynamic_int8"}}
    canonical = assignment({**SPEC, "stages": [TRAIN, PRUNE, fold]}, catalog).spec["stages"]
    ask = asking((after(30), command(CommandKind.STAGES, stages=[canonical[2]])))
    link = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
    assert [done.result.kind for done in link.done()] == ["train", "quantize"]
    assert link.all(Progress)[-1].total_steps == 4 * STEPS


def steered(link: MemoryLink) -> list[ScheduledCommand]:
    return [
        planned(answer.step, answer.effect["path"], answer.effect["new"])
        if answer.effect
        else ScheduledCommand(PlannedCommand(kind="next", step=answer.step))
        for answer in link.all(Obeyed)
    ]


def test_a_steered_run_is_replayed_without_its_person(catalog: Catalog, settings: Settings) -> None:
    ask = asking(
        (after(30), command(CommandKind.SET, path="optimizer.lr", value=0.01)),
        (after(45), command(CommandKind.SET, path="optimizer.momentum", value=0.5)),
        (after(60), command(CommandKind.SET, path="batch.size", value=32)),
    )
    by_hand = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
    alone = run(replace(assignment(SPEC, catalog), scheduled=steered(by_hand)), settings)
    assert ledger(alone).points == ledger(by_hand).points
    assert ledger(alone).hashes == ledger(by_hand).hashes
    assert steered(alone) == steered(by_hand)
    assert {answer.command.by for answer in alone.all(Obeyed)} == {"the spec"}
    assert ledger(run(assignment(SPEC, catalog), settings)).hashes != ledger(by_hand).hashes


@pytest.mark.parametrize("when", [0, 1, 30], ids=["at once", "after a step", "midway"])
def test_a_training_that_a_person_ended_is_ended_without_its_person(
    when: int, catalog: Catalog, settings: Settings
) -> None:
    """Asked before its first step, a training does that one."""
    ask = asking((lambda link: shown(link, "plan") and steps_done(link) >= when, command(CommandKind.NEXT)))
    by_hand = run(assignment(SPEC, catalog), settings, ask=ask, requested=True)
    (answer,) = by_hand.all(Obeyed)
    assert max(1, when) <= answer.step < 4 * STEPS and not answer.refused
    alone = run(replace(assignment(SPEC, catalog), scheduled=steered(by_hand)), settings)
    assert steered(alone) == steered(by_hand)
    assert ledger(alone).points == ledger(by_hand).points
    assert ledger(alone).hashes == ledger(by_hand).hashes


def test_what_was_set_since_the_last_checkpoint_is_set_again(catalog: Catalog, settings: Settings) -> None:
    """The trainer dies after it obeyed: whoever goes on is told what the events know, and does the same."""
    change = command(CommandKind.SET, path="optimizer.lr", value=0.01)
    ask = asking((after(20), command(CommandKind.CHECKPOINT)), (after(30), change))
    undisturbed = run(assignment(SPEC, catalog), settings, requested=True, ask=ask)
    checkpoint, answer = undisturbed.all(Obeyed)
    file = next(one for one in undisturbed.all(Checkpoint) if one.step == checkpoint.step)
    reported = [planned(answer.step, "optimizer.lr", 0.01, known=True)]
    resumed = run(replace(assignment(SPEC, catalog), resume=file, scheduled=reported), settings)
    assert ledger(resumed).hashes == ledger(undisturbed).hashes
    assert resumed.happened(EventKind.COMMAND) == []
    forgetful = run(replace(assignment(SPEC, catalog), resume=file), settings)
    assert ledger(forgetful).hashes != ledger(undisturbed).hashes


def test_a_training_that_was_ended_since_the_last_checkpoint_is_ended_again(
    catalog: Catalog, settings: Settings
) -> None:
    """The trainer died between its answer and the checkpoint that follows."""
    ask = asking((after(20), command(CommandKind.CHECKPOINT)), (after(30), command(CommandKind.NEXT)))
    undisturbed = run(assignment(SPEC, catalog), settings, requested=True, ask=ask)
    checkpoint, answer = undisturbed.all(Obeyed)
    file = next(one for one in undisturbed.all(Checkpoint) if one.step == checkpoint.step)
    reported = [ScheduledCommand(PlannedCommand(kind="next", step=answer.step), known=True)]
    resumed = run(replace(assignment(SPEC, catalog), resume=file, scheduled=reported), settings)
    assert ledger(resumed).hashes == ledger(undisturbed).hashes
    assert resumed.all(Obeyed) == []


def test_what_was_set_just_before_a_training_was_ended_is_not_set_in_the_next_one(
    catalog: Catalog, settings: Settings
) -> None:
    together = [command(CommandKind.SET, path="optimizer.lr", value=0.5), command(CommandKind.NEXT)]
    waiting = [together]
    undisturbed = run(
        assignment(SPEC, catalog),
        settings,
        requested=True,
        ask=lambda link: waiting.pop() if waiting and steps_done(link) >= 30 else (),
    )
    change, ended = undisturbed.all(Obeyed)
    assert change.step == ended.step
    file = next(one for one in undisturbed.all(Checkpoint) if one.step == ended.step)
    reported = [replace(one, known=True) for one in steered(undisturbed)]
    resumed = run(replace(assignment(SPEC, catalog), resume=file, scheduled=reported), settings)
    assert ledger(resumed).hashes.items() <= ledger(undisturbed).hashes.items()
    alone = run(replace(assignment(SPEC, catalog), scheduled=steered(undisturbed)), settings)
    assert ledger(alone).hashes == ledger(undisturbed).hashes


def test_what_is_set_after_a_training_was_ended_is_told_to_wait_for_the_next_one(
    catalog: Catalog, settings: Settings
) -> None:
    waiting = [[command(CommandKind.NEXT), command(CommandKind.SET, path="optimizer.lr", value=0.001)]]
    by_hand = run(
        assignment(SPEC, catalog),
        settings,
        requested=True,
        ask=lambda link: waiting.pop() if waiting and steps_done(link) >= 30 else (),
    )
    ended, change = by_hand.all(Obeyed)
    assert change.refused and change.note is not None and "wait for the next one" in change.note
    reported = [ScheduledCommand(PlannedCommand(kind="next", step=ended.step))]
    alone = run(replace(assignment(SPEC, catalog), scheduled=reported), settings)
    assert ledger(alone).hashes == ledger(by_hand).hashes


def shown(link: MemoryLink, kind: str) -> bool:
    return any(summary.kind == kind for summary in link.all(Summary))


SELF_TAUGHT = [
    {"kind": "distill", "epochs": 4, "distillers": [{"kind": "soft_targets", "temperature": 4.0}]},
    {**PRUNE, "recover": {"epochs": 4, "distillers": [{"kind": "soft_targets", "temperature": 4.0}]}},
]


@pytest.mark.parametrize("stage", SELF_TAUGHT, ids=["distill", "recover"])
def test_a_teacher_is_softened_while_it_teaches(stage: dict[str, Any], catalog: Catalog, settings: Settings) -> None:
    work = assignment({**SPEC, "stages": [{**TRAIN, "epochs": 1}, stage]}, catalog)
    retuning = command(CommandKind.SET, path="distillers[0].temperature", value=1.0)
    ask = asking((after(STEPS + 20), retuning), (after(STEPS + 40), command(CommandKind.CHECKPOINT)))
    by_hand = run(work, settings, requested=True, ask=ask)
    answer, checkpoint = by_hand.all(Obeyed)
    assert answer.effect == {"path": "distillers[0].temperature", "old": 4.0, "new": 1.0}
    reported = [planned(answer.step, "distillers[0].temperature", 1.0)]
    assert ledger(run(replace(work, scheduled=reported), settings)).hashes == ledger(by_hand).hashes
    assert ledger(run(work, settings)).hashes[1] != ledger(by_hand).hashes[1]
    file = next(one for one in by_hand.all(Checkpoint) if one.step == checkpoint.step)
    assert ledger(run(replace(work, resume=file), settings)).hashes[1] == ledger(by_hand).hashes[1]


@pytest.mark.parametrize(
    ("kind", "change"),
    [("sgd", {"momentum": 0.5}), ("adam", {"beta1": 0.5}), ("sophia", {"period": 3}), ("sam", {"rho": 0.2})],
)
def test_an_optimizer_keeps_its_state_when_a_live_parameter_is_turned(kind: str, change: dict[str, Any]) -> None:
    component = find("optimizers", kind)
    layer = nn.Linear(3, 2)
    before, after_change = component(), component(**change)
    live = before.build(layer.parameters())  # type: ignore[attr-defined]
    follow(live, before.build(layer.parameters()), after_change.build(layer.parameters()))  # type: ignore[attr-defined]
    expected = after_change.build(layer.parameters())  # type: ignore[attr-defined]
    strip = lambda group: {name: value for name, value in group.items() if name != "params"}  # noqa: E731
    assert list(map(strip, live.param_groups)) == list(map(strip, expected.param_groups))
    plain = {name: value for name, value in vars(expected).items() if isinstance(value, int | float)}
    assert {name: getattr(live, name) for name in plain} == plain
    assert torch.is_tensor(next(iter(live.param_groups[0]["params"])))
