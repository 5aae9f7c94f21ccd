"""Points stored per second: through the reporter into SQLite, and by MLflow's `log_batch` into its SQLite store.

Ours: one-sample steps with three metrics each, and a fourth that is not counted, the batch's size, go through the reporter
as it is, a real pipe and the supervisor's writer; timed until the last one is committed. MLflow gets the same three in
its largest batches, 1,000 at a time, in a virtual environment of its own. The two take turns. The bytes for each point
are those of flushes of 300 steps, as at 3,000 steps a second: fewer steps in a flush take more.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from time import perf_counter

import torch

from benchmarks import watch
from benchmarks.recorder import RecorderLink
from worker.engine import reporter as reporting
from worker.engine.reporter import Clock, Reporter

ROUNDS = 5
STEPS = 600_000
METRICS = 3
PEER_POINTS = 15_000
PEER = ("mlflow-skinny==3.5.0", "sqlalchemy==2.0.44", "alembic==1.17.0", "pandas==2.3.3")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lathe" / "bench-mlflow"

PEER_SCRIPT = """
import sys, time
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient
folder, points = sys.argv[1], int(sys.argv[2])
client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
run = client.create_run(client.create_experiment("bench", artifact_location=folder)).info.run_id
names = ("train/loss", "train/accuracy", "learning_rate")

def log(first):
    steps = range(first // 3, (first + 999) // 3)
    client.log_batch(run, metrics=[Metric(name, 0.5, 1_700_000_000_000 + step, step) for step in steps for name in names])

log(points)  # what only the first one takes
began = time.perf_counter()
for first in range(0, points, 999):
    log(first)
print(points / (time.perf_counter() - began))
"""


def ours(steps: int) -> tuple[float, float]:
    """Points stored per second, and growth of the database in bytes for each point."""
    losses = [torch.rand((), requires_grad=True) * 3 for _ in range(1000)]
    outputs, targets = torch.rand(1, 10), torch.zeros(1, dtype=torch.int64)
    with tempfile.TemporaryDirectory() as folder:
        link, database = RecorderLink(Path(folder)), Path(folder) / "lathe.sqlite"
        before = size(database)
        reporter = Reporter(link, Clock(), steps)
        began = perf_counter()
        for step in range(steps):
            reporter.record(losses[step % 1000], outputs, targets, 1e-3 * (1 - step / steps))
            if reporter.due:
                reporter.flush()
        reporter.flush()
        link.drain()
        seconds = perf_counter() - began
        link.close()
        return METRICS * steps / seconds, (size(database) - before) / (METRICS * steps)


def growth() -> float:
    """Bytes in the database for each point when every flush holds 300 steps."""
    reporting.FLUSH_SECONDS, reporting.MOST_STEPS = 1e6, 300
    return ours(30_000)[1]


def size(database: Path) -> int:
    return sum(file.stat().st_size for file in database.parent.glob(f"{database.name}*"))


def peer() -> float:
    """Points that MLflow stores per second. Raises CalledProcessError when its environment cannot be made."""
    with tempfile.TemporaryDirectory() as folder:
        command = [str(peer_python()), "-c", PEER_SCRIPT, folder, str(PEER_POINTS)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return float(answer.stdout.split()[-1])


def peer_python() -> Path:
    """The interpreter of MLflow's own environment, which is made when it is not there."""
    python, complete = CACHE / "bin" / "python", CACHE / "complete"
    if not complete.exists() or complete.read_text() != " ".join(PEER):
        venv.create(CACHE, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True, capture_output=True)
        complete.write_text(" ".join(PEER))
    return python


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    torch.set_num_threads(1)
    print("| points stored per second | reporter to SQLite | MLflow `log_batch` to SQLite | ours ÷ MLflow |")
    print("|---|---|---|---|")
    measured = []
    for number in watch.through(range(rounds), "round"):
        measured.append((ours(STEPS)[0], peer()))
        show(f"round {number + 1}", *measured[-1], measured[-1][0] / measured[-1][1])
    stored, theirs = (statistics.median(column) for column in zip(*measured, strict=True))
    show("median", stored, theirs, statistics.median(own / other for own, other in measured))
    print(f"\n{growth():.2f} bytes in the database for each point.")


def show(what: str, own: float, other: float, ratio: float) -> None:
    print(f"| {what} | {own:,.0f} | {other:,.0f} | {ratio:,.0f} |")


if __name__ == "__main__":
    sys.exit(watch.run(main))
