"""The trainer dies, hangs, or will not stop: F1, F12, F16, F18, F19."""

import os
import random
import signal
import time
from contextlib import suppress

import pytest

from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store.commands import RunOver
from tests.faults.farm import TRIALS, UNHURRIED, Farm, Worker, alive, children, spec
from tests.faults.figures import figure
from tests.patience import Stopwatch, until

Pair = tuple[Farm, Worker]


@pytest.fixture(scope="module")
def undisturbed(one: Pair) -> str:
    """The final weights of the run that nothing happens to."""
    farm, _ = one
    run_id = farm.submit(spec())
    assert farm.finished(run_id).state is RunState.SUCCEEDED
    return farm.weights(run_id)


@pytest.mark.parametrize("trial", range(TRIALS))
def test_f1_a_killed_trainer_loses_nothing(one: Pair, undisturbed: str, trial: int) -> None:
    """Killed at a random step, the curve has no gap and no doubled point and the weights are the same bits."""
    farm, worker = one
    run_id = farm.submit(spec(milliseconds=UNHURRIED))
    farm.at_step(run_id, random.Random(trial).randrange(20, 220))
    seen = farm.run(run_id).last_seq
    os.kill(worker.trainer(), signal.SIGKILL)
    killed, watch = time.monotonic(), Stopwatch()
    until(lambda: farm.points_after_death(run_id, seen), 240, "a point after the kill", worker.log)
    figure("F1 recovery after SIGKILL of the trainer", time.monotonic() - killed)
    assert watch.seconds < 5 + 4 * farm.start_seconds, "a new trainer takes no longer than a new worker does"
    assert farm.finished(run_id).state is RunState.SUCCEEDED
    assert farm.weights(run_id) == undisturbed
    assert farm.states(run_id) == ["running", "succeeded"]  # the lease was never given up


def test_f12_a_damaged_checkpoint_is_passed_over(one: Pair, undisturbed: str) -> None:
    """The one before it is used, which is said, and the result is the same."""
    farm, worker = one
    run_id = farm.submit(spec(milliseconds=UNHURRIED))
    until(lambda: len(farm.checkpoints(run_id)) >= 2, 240, "two checkpoints", worker.log)
    trainer = worker.trainer()
    os.kill(trainer, signal.SIGSTOP)
    newest = farm.checkpoints_of(run_id)[0]
    newest.write_bytes(newest.read_bytes()[:-1000])
    os.kill(trainer, signal.SIGKILL)
    assert farm.finished(run_id).state is RunState.SUCCEEDED
    assert farm.weights(run_id) == undisturbed
    assert any("earlier one is used" in mark["text"] for mark in farm.marks(run_id, EventKind.LOG))
    assert farm.marks(run_id, EventKind.REWIND)


def test_another_seed_gives_other_weights(one: Pair, undisturbed: str) -> None:
    """The comparison of F1 can fail."""
    farm, _ = one
    run_id = farm.submit(spec(milliseconds=0), seed=1)
    farm.finished(run_id)
    assert farm.weights(run_id) != undisturbed


def test_f16_a_trainer_that_always_crashes_fails_its_run_alone(one: Pair) -> None:
    farm, _ = one
    doomed = farm.submit(spec(regularizers=[{"kind": "crash"}]))
    neighbour = farm.submit(spec(epochs=2, milliseconds=0))
    run = farm.finished(doomed)
    assert run.state is RunState.FAILED
    assert run.error is not None and "SIGSEGV" in run.error and "3 times" in run.error
    assert farm.finished(neighbour).state is RunState.SUCCEEDED


def test_f18_a_hung_trainer_is_replaced(one: Pair) -> None:
    farm, worker = one
    run_id = farm.submit(spec(epochs=10))
    farm.at_step(run_id, 20)
    hung = worker.trainer()
    os.kill(hung, signal.SIGSTOP)
    until(lambda: not alive(hung), 40, "the end of the hung trainer", worker.log)
    assert farm.finished(run_id).state is RunState.SUCCEEDED
    assert any("sent no message for 20 s" in mark["text"] for mark in farm.marks(run_id, EventKind.LOG))


def test_f19_cancel_while_training(one: Pair) -> None:
    farm, _ = one
    run_id = farm.submit(spec(epochs=1000))
    farm.at_step(run_id, 20)
    requested = time.monotonic()
    farm.ask(run_id, CommandKind.CANCEL)
    farm.ask(run_id, CommandKind.CANCEL)
    assert farm.finished(run_id, 10).state is RunState.CANCELLED
    figure("F19 cancel until terminal", time.monotonic() - requested)
    assert [mark["state"] for mark in farm.marks(run_id, EventKind.COMMAND)] == ["obeyed"]


def test_f19_cancel_frees_a_device_whose_trainer_hangs(one: Pair) -> None:
    farm, worker = one
    run_id = farm.submit(spec(epochs=1000))
    farm.at_step(run_id, 20)
    hung = worker.trainer()
    os.kill(hung, signal.SIGSTOP)
    requested = time.monotonic()
    farm.ask(run_id, CommandKind.CANCEL)
    assert farm.finished(run_id, 10).state is RunState.CANCELLED
    until(lambda: not alive(hung), 2, "the end of the hung trainer")
    figure("F19 cancel with a hung trainer until the device is free", time.monotonic() - requested)


def test_f19_cancel_races_the_finish(one: Pair) -> None:
    """Whoever comes first, the run ends once."""
    farm, _ = one
    for delay in (0.0, 0.3, 0.8):
        run_id = farm.submit(spec(epochs=1, milliseconds=0))
        farm.at_step(run_id, 1)
        time.sleep(delay)
        with suppress(RunOver):
            farm.ask(run_id, CommandKind.CANCEL)
        assert farm.finished(run_id).state in (RunState.CANCELLED, RunState.SUCCEEDED)


def test_stop_measures_what_was_learnt(one: Pair) -> None:
    farm, _ = one
    run_id = farm.submit(spec(epochs=1000))
    farm.at_step(run_id, 20)
    farm.ask(run_id, CommandKind.STOP)
    assert farm.finished(run_id).state is RunState.STOPPED
    assert farm.weights(run_id)


def test_f19_cancel_while_its_trainer_is_being_replaced(one: Pair) -> None:
    """It was killed while it measured: its measuring process dies with it, and the cancel needs no trainer."""
    farm, worker = one
    document = spec(epochs=1, milliseconds=0)
    document["measure"] = {"batch_sizes": [4096], "repeats": 1000}
    run_id = farm.submit(document)
    trainer = worker.trainer()
    measuring = until(lambda: next(iter(children(trainer, "measure_artifact")), None), 240, "a measurement", worker.log)
    os.kill(trainer, signal.SIGKILL)
    until(lambda: not alive(measuring), 3, "the end of the measuring process")
    farm.ask(run_id, CommandKind.CANCEL)
    assert farm.finished(run_id, 10).state is RunState.CANCELLED
