"""A run that goes on is interrupted again before its first step: by then no trainer has taken over what it knew."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.catalog import Catalog
from backend.domain.run.commands import CommandKind
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.worker.engine.harness import Ask, Ledger, MemoryLink, assignment, command, once, run, steps_done
from tests.worker.engine.test_checkpoint import state
from worker.engine.checkpoints.checkpoint import Checkpoints
from worker.pipe.messages import Assignment, Checkpoint, Command, Finished, Obeyed, Progress, Release

TRAIN = {
    "kind": "train",
    "epochs": 3,
    "batch": {"kind": "fixed", "size": 64},
    "optimizer": {"kind": "adam", "lr": 3e-3},
    "average": {"kind": "ema"},
    "regularizers": [{"kind": "dropout", "share": 0.2}, {"kind": "early_stopping"}],
}
SPEC = {"dataset": {"kind": "digits"}, "model": {"kind": "mlp", "hidden": [16]}, "stages": [TRAIN]}
EPOCH = 23  # steps


def asked_first(*commands: Command | Release) -> Ask:
    """The commands once, all together, before anything else is done."""
    waiting = [commands]
    return lambda link: waiting.pop() if waiting else ()


def interrupted(work: Assignment, settings: Settings, at: int) -> MemoryLink:
    """Given back in the midst of its training."""
    link = run(work, settings, requested=True, ask=once(lambda link: steps_done(link) >= at, Release()))
    assert link.finished == Finished(RunState.QUEUED)
    return link


def hashes(*links: MemoryLink) -> dict[int, str]:
    kept = Ledger()
    for link in links:
        kept.take(link.sent)
    return kept.hashes


INTERRUPTIONS: dict[str, list[Command | Release]] = {
    "given back": [Release()],
    "paused, given back": [command(CommandKind.PAUSE), Release()],
    "checkpoint, given back": [command(CommandKind.CHECKPOINT), Release()],
}


@pytest.mark.parametrize("commands", INTERRUPTIONS.values(), ids=INTERRUPTIONS)
def test_interrupted_before_the_first_step_it_ends_with_the_same_weights(
    commands: list[Command | Release], catalog: Catalog, settings: Settings
) -> None:
    work = assignment(SPEC, catalog)
    expected = run(work, settings)
    first = interrupted(work, settings, at=30)
    again = run(replace(work, resume=first.all(Checkpoint)[-1]), settings, ask=asked_first(*commands))
    assert again.finished == Finished(RunState.QUEUED)
    taken = again.all(Checkpoint)[-1]
    assert taken.trains and taken.step == first.all(Checkpoint)[-1].step
    last = run(replace(work, resume=taken), settings, ask=asked_first(command(CommandKind.RESUME)))
    assert hashes(first, again, last) == hashes(expected)


def test_a_stop_before_the_first_step_keeps_what_the_training_would_leave(catalog: Catalog, settings: Settings) -> None:
    """The mean and the best epoch, not the weights of the last step."""
    work = assignment(SPEC, catalog)
    first = interrupted(work, settings, at=30)
    resume = replace(work, resume=first.all(Checkpoint)[-1])
    before = run(resume, settings, ask=asked_first(command(CommandKind.STOP)))
    assert before.finished == Finished(RunState.STOPPED)
    step = first.all(Checkpoint)[-1].step
    direct = run(
        assignment(SPEC, catalog, run_id="direct"),
        settings,
        requested=True,
        ask=once(lambda link: link.all(Progress)[-1].step == step, command(CommandKind.STOP)),
    )
    assert direct.all(Obeyed)[0].step == step
    assert hashes(first, before) == hashes(direct)


def at_an_epochs_beginning(link: MemoryLink) -> bool:
    return bool(link.all(Progress)) and link.all(Progress)[-1].step == EPOCH


def test_a_batch_size_that_waits_for_the_next_epoch_waits_when_interrupted_before_this_ones_first_step(
    catalog: Catalog, settings: Settings
) -> None:
    def steered(*more: Command | Release) -> Ask:
        change = Command("set", CommandKind.SET, {"path": "batch.size", "value": 128}, "ann")
        waiting = [(change, *more)]
        return lambda link: waiting.pop() if waiting and at_an_epochs_beginning(link) else ()

    work = assignment(SPEC, catalog)
    expected = run(work, settings, requested=True, ask=steered())
    (answer,) = expected.all(Obeyed)
    assert (answer.step, answer.note) == (EPOCH, "From the next epoch on.")
    first = run(work, settings, requested=True, ask=steered(command(CommandKind.PAUSE), Release()))
    assert first.finished == Finished(RunState.QUEUED) and first.all(Checkpoint)[-1].step == EPOCH
    resume = replace(work, resume=first.all(Checkpoint)[-1])
    last = run(resume, settings, ask=asked_first(command(CommandKind.RESUME)))
    assert hashes(first, last) == hashes(expected)


def test_a_checkpoint_that_lacks_what_its_position_needs_is_refused(tmp_path: Path, catalog: Catalog) -> None:
    whole = state()
    assert Checkpoints(tmp_path, "c").write(whole, stage=1).trains
    with pytest.raises(ValueError, match="4 steps after its start, lacks the state of the training"):
        replace(whole, phase=None)
    stopping = replace(whole.position, stopping=True)
    assert not Checkpoints(tmp_path, "c").write(replace(whole, position=stopping, phase=None), stage=1).trains
