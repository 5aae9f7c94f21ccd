"""The command: what it says without a terminal, and its exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import runs
from client import Lathe
from client.cli import watching
from lathe.command import main
from tests.backend.api.conftest import TOKEN
from tests.backend.api.making import SPEC, event, finished, points, queued, stage, write
from tests.backend.api.stream.viewer import live
from tests.client.conftest import Server
from tests.services import free_port

ROOT = Path(__file__).parents[2]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lathe_says(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command line in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("LATHE_URL", server.url)
    monkeypatch.setenv("LATHE_TOKEN", TOKEN)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(autouse=True)
def nobody_waits(lathe: Lathe) -> Iterator[None]:
    """The queue is empty again: a writer takes what has waited longest."""
    yield
    for run in lathe.runs(states=["queued"], limit=None):
        run.cancel()


def words(text: str) -> list[list[str]]:
    """The cells of a table's lines."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("state", "code"),
    [(RunState.SUCCEEDED, 0), (RunState.FAILED, 1), (RunState.STOPPED, 3), (RunState.CANCELLED, 4)],
)
def test_watching_ends_with_the_results_and_the_code_of_the_state(
    server: Server, catalog: Catalog, lathe_says: Command, state: RunState, code: int
) -> None:
    run_id = finished(server.store, catalog, "Ends [red]soon", state)
    said = lathe_says("watch", run_id[:8])
    assert said[0] == code
    table = words(said[1])
    head = ["stage", "format", "accuracy", "bytes", "vs. first", "p50", "vs. first", "p95", "vs. first", "batch"]
    assert table[0] == [*head, "not zero"]
    first = ["1 train: adam", "onnx", "95.00 %", "80 KB", "–", "0.05 ms", "–", "0.065 ms", "–", "1", "100 %"]
    assert table[2] == first
    size, speed = ["22 KB", "3.64x smaller"], ["0.04 ms", "0.80x the time, the same operators", "0.052 ms", "0.80x"]
    assert table[4] == ["2 quantize: dynamic int8", "onnx", "94.00 %", *size, *speed, "1", "50 %"]
    assert "vs. the model after “train: adam”: 3.64x smaller" in said[1]
    lines = said[2].splitlines()
    assert lines[0] == f"Ends [red]soon, seed 0: {state}"
    assert "stage 1/2 train: adam" in lines
    assert state in [line.partition(":")[0] for line in lines[-2:]]
    assert ("It diverged." in lines) == (state is RunState.FAILED)
    assert not re.search(r"[\x1b\r]", said[1] + said[2])  # nothing that only a terminal understands


def test_progress_is_a_line_now_and_then(
    server: Server, catalog: Catalog, lathe_says: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LINE_SECONDS", 0.0)
    (lease,) = live(server.store, catalog, 1)
    write(server.store, lease, stage(0, "train: adam", 0), stage=0, total_steps=200)
    write(server.store, lease, points(1, 50, loss=0.25, accuracy=0.9), step=50)
    write(
        server.store,
        lease,
        event(EventKind.DIAGNOSTIC, code="x", text="It overfits.", remedy="Stop.", stage=0, step=50),
    )
    with server.store.begin() as session:
        runs.finish(session, lease, RunState.SUCCEEDED)
    code, out, err = lathe_says("watch", lease.run_id)
    assert (code, out) == (0, "No stage has been measured yet.\n")
    assert err.splitlines()[1:] == [
        "running",
        "stage 1/2 train: adam",
        "step 50/200  train/loss 0.25  train/accuracy 90.00 %  ETA 2 s",
        "It overfits. Stop.",
        "succeeded",
    ]


def test_of_several_runs_the_worst_counts(server: Server, catalog: Catalog, lathe_says: Command) -> None:
    ids = [
        finished(server.store, catalog, state=state)
        for state in (RunState.SUCCEEDED, RunState.STOPPED, RunState.FAILED)
    ]
    assert lathe_says("watch", ids[0], ids[1])[0] == 3
    code, out, err = lathe_says("watch", *ids)
    assert code == 1
    assert all(f"{run_id[:8]} A run, seed 0:" in out and f"{run_id[:8]}  stage 1/2" in err for run_id in ids)


def test_run_queues_and_says_the_ids(lathe: Lathe, lathe_says: Command, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(yaml.safe_dump(SPEC))
    code, out, err = lathe_says("run", str(file), "--seed", "4", "--seed", "5")
    assert (code, err) == (0, "")
    assert [lathe.run(run_id).row.seed for run_id in out.split()] == [4, 5]


def test_what_is_wrong_is_said_and_ends_with_two(lathe_says: Command, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(
        yaml.safe_dump({**SPEC, "dataset": {"kind": "digitz"}, "stages": [{"kind": "train", "epochs": -1}]})
    )
    code, out, err = lathe_says("run", str(file), "--watch")
    assert (code, out) == (2, "")
    first, second = err.splitlines()
    assert first.startswith("lathe: `dataset.kind` `digitz` is not known, did you mean `digits`?")
    assert second.startswith("  `stages[0].epochs` is -1")
    assert lathe_says("show", "no run")[0] == 2
    url = f"http://127.0.0.1:{free_port()}"
    said = lathe_says("--url", url, "runs")
    assert said == (
        2,
        "",
        f"lathe: No server answers at {url}: start it with `lathe up`, or set LATHE_URL to its address.\n",
    )


def test_runs_and_one_of_them_are_shown(server: Server, catalog: Catalog, lathe_says: Command) -> None:
    run_id = finished(server.store, catalog, "To be shown")
    code, out, _ = lathe_says("runs", "to be SHOWN", "--state", "succeeded")
    assert code == 0
    assert words(out)[2][:6] == [run_id[:8], "To be shown", "0", "succeeded", "2/2 quantize: dynamic int8", "24 / 24"]
    assert lathe_says("runs", "no such name")[1:] == ("", "There are no such runs.\n")
    code, out, _ = lathe_says("show", run_id[:9])
    assert code == 0 and out.startswith(f"To be shown, seed 0: succeeded\nrun {run_id}, stage 2/2")
    assert json.loads(lathe_says("show", run_id, "--json")[1])["results"][0]["label"] == "train: adam"


def test_a_run_is_steered(
    server: Server, catalog: Catalog, lathe_says: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("client.cli.commands.OBEY_SECONDS", 0.0)
    (lease,) = live(server.store, catalog, 1)
    requested = "accepted; the run will obey it between two steps.\n"
    for name in ("pause", "checkpoint", "next", "stop"):
        assert lathe_says(name, lease.run_id[:8]) == (0, f"{name}: {requested}", "")
    assert lathe_says("set", lease.run_id, "optimizer.lr", "0.001", "--why", "flat") == (0, f"set: {requested}", "")
    code, _, err = lathe_says("set", lease.run_id, "optimizer.lr", "fast")
    assert (code, err) == (2, "lathe: `body.value` must be a number, not text.\n")
    live_parameters = words(lathe_says("parameters", lease.run_id)[1])
    assert ["optimizer.lr", "0.001", "0.001", "> 0, ≤ 10"] in live_parameters
    assert "dataset: {kind: digits}" in lathe_says("replay", lease.run_id)[1]
    assert lathe_says("fork", lease.run_id)[0] == 2  # it has no checkpoint yet
    others = queued(server.store, catalog, seeds=2)
    assert lathe_says("cancel", *others, "--why", "wrong data")[1] == "cancel obeyed at step 0, “wrong data”\n" * 2
    assert lathe_says("resume", others[0])[0] == 2


def test_tradeoffs_say_whether_a_model_meets_them(server: Server, catalog: Catalog, lathe_says: Command) -> None:
    finished(server.store, catalog, "Small")
    code, out, _ = lathe_says("tradeoffs", "accuracy >= 93% and p95 <= 2ms", "--minimize", "bytes", "--limit", "1")
    assert code == 0 and "measured models meet it. The one with least `bytes` is" in out
    assert words(out)[1] == [
        "run",
        "name",
        "seed",
        "stage",
        "format",
        "accuracy",
        "bytes",
        "p50_ms@1",
        "p95_ms@1",
        "95 % interval",
        "n",
    ]
    values = ["94.00 %", "22 KB", "0.04 ms", "0.052 ms", "91.05 % to 96.02 %", "360"]
    assert words(out)[3][3:] == ["2 quantize: dynamic int8", "onnx", *values]
    code, out, _ = lathe_says("tradeoffs", "bytes <= 1MB")
    assert code == 1 and "bound `accuracy`, such as `accuracy >= 94%`" in out
    for filters, meets in ((("--model", "mlp", "--format", "onnx", "--machine", "any"), 0), (("--model", "cnn"), 1)):
        assert lathe_says("tradeoffs", "accuracy >= 93%", *filters)[0] == meets
    assert lathe_says("tradeoffs", "accuracy >= 93% and dataset == digits and model != cnn")[0] == 0
    code, out, _ = lathe_says("tradeoffs", "accuracy >= 99%", "--dataset", "digits")
    assert code == 1 and "The nearest is" in out


def test_the_catalog_is_listed(lathe_says: Command) -> None:
    assert "optimizers" in lathe_says("catalog")[1]
    assert ["sgd"] in [line[:1] for line in words(lathe_says("catalog", "optimizers")[1])]
    adam = lathe_says("catalog", "optimizers", "adam")[1]
    assert ["lr", "0.001", "> 0, ≤ 10", "Learning rate α."] in words(adam) and "arXiv" in adam
    assert lathe_says("catalog", "optimisers")[0] == 2


def test_ctrl_c_leaves_the_run_running(server: Server, catalog: Catalog, lathe: Lathe, processes: None) -> None:
    (lease,) = live(server.store, catalog, 1)
    environment = {**os.environ, "LATHE_URL": server.url, "LATHE_TOKEN": TOKEN}
    command = [sys.executable, "-m", "lathe", "watch", lease.run_id[:8]]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # tests in the background ignore it
    ) as watcher:  # fmt: skip
        assert watcher.stderr is not None
        assert watcher.stderr.readline() == "A run, seed 0: running\n"
        assert watcher.stderr.readline() == "running\n"
        time.sleep(0.3)  # a line that is interrupted while it is written may be written again
        watcher.send_signal(signal.SIGINT)
        name = lease.run_id[:8]
        assert (
            watcher.stderr.read() == f"Left running: `lathe watch {name}` follows again, `lathe stop {name}` ends it.\n"
        )
    assert watcher.returncode == 130
    assert lathe.run(lease.run_id).state == "running"
