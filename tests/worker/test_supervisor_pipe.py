"""The pipe between the supervisor and its trainer, and what the trainer does when it falls silent."""

import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest

from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from tests.worker.supervising import CHECKPOINT, ORDER, RESULT, points
from worker.pipe import link
from worker.pipe.messages import (
    Assignment,
    File,
    Finished,
    FromTrainer,
    Happened,
    Obeyed,
    Progress,
    Release,
    Renewed,
    StageDone,
    ToTrainer,
)

pytestmark = pytest.mark.usefixtures("processes")


@pytest.mark.parametrize(
    "message",
    [
        points(1, 3),
        Progress(0, 3, 10, 0.5),
        Happened(EventKind.LOG, {"level": "error", "text": "ü\n"}),
        CHECKPOINT,
        StageDone(RESULT, [File("id", "onnx", "p", 1, "0")]),
        Obeyed(ORDER, 3, refused=True, note="no"),
        Finished(RunState.FAILED, "why"),
        Assignment("r", 2, 3, {"name": "n"}, "runs/r", CHECKPOINT),
        ORDER,
        Release(),
        Renewed(),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_message_survives_the_pipe(message: ToTrainer | FromTrainer) -> None:
    assert link.decode(link.encode(message)) == message


def test_a_number_that_json_lacks_does_not_leave_the_trainer() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        link.encode(Happened(EventKind.LOG, {"loss": float("nan")}))


def trainer_of(patience: float, body: str) -> tuple[Connection, "subprocess.Popen[str]"]:
    """A process with the trainer's end of a pipe, leading a group of its own."""
    ours, theirs = Pipe()
    code = (
        "import sys, time\nfrom multiprocessing.connection import Connection\nfrom worker.pipe.link import PipeLink\n"
        "from worker.pipe.messages import *\nfrom backend.domain.run.states import RunState\n"
        f"link = PipeLink(Connection(int(sys.argv[1])), {patience})\n{body}"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        start_new_session=True,
        text=True,
    )
    theirs.close()
    return ours, process


WORKING = "print(link.work(), flush=True)\nlink.send(Progress(0, 0, 0, 0.0))\ntime.sleep(60)"


def test_a_trainer_dies_with_its_supervisor() -> None:
    ours, process = trainer_of(60, "time.sleep(60)")
    ours.close()
    assert process.wait(20) < 0


def test_a_trainer_whose_lease_is_not_renewed_ends_itself() -> None:
    """It goes on for as long as it is reassured, and not much longer."""
    ours, process = trainer_of(1.0, WORKING)
    with ours:
        ours.send_bytes(link.encode(Assignment("r", 1, 0, {}, "runs/r")))
        assert ours.poll(20)
        for _ in range(4):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.5)
            ours.send_bytes(link.encode(Renewed()))
        assert process.wait(20) < 0


def test_an_idle_trainer_needs_no_lease() -> None:
    ours, process = trainer_of(0.2, "link.send(Finished(RunState.FAILED))\nlink.work()")
    with ours:
        assert ours.poll(20)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
    assert process.wait(20) < 0
