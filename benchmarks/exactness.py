"""Bit-equal after real kills: the matrix of tests/matrix.py on a real server, whose trainer is killed with SIGKILL.

For each optimizer on each model one run is left alone, one is killed at random steps, and one is forked from a
checkpoint within the first one's training. Compared are the hashes of the final weights and every value of every metric, as
bits, read from the database; beside that, what the server itself says of each. A run of another seed shows that the
comparison can fail. `python -m benchmarks exactness` takes about ten minutes on two cores.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backend.store.session import Store
from benchmarks import watch
from tests import matrix
from tests.e2e.conftest import embedded
from tests.e2e.lathe import Lathe
from tests.faults.farm import PLUGINS, UNHURRIED, children
from tests.faults.invariants import violations
from tests.worker.executing import Sequence, hashes, sequence

KILLS = 2  # of each killed run
EPOCHS = 12
SECONDS = 300.0
Outcome = tuple[list[str], Sequence]


@dataclass
class Server:
    """A real server, and its database to read in."""

    lathe: Lathe
    store: Store

    def submit(self, optimizer: str, model: str, seed: int = 0) -> str:
        """Submits a run that is slow enough to be killed in time. The delay does not change its weights."""
        spec = matrix.spec(optimizer, model, EPOCHS)
        train = spec["stages"][0]
        train["regularizers"] = [*train["regularizers"], {"kind": "slow", "milliseconds": UNHURRIED}]
        (run_id,) = self.lathe.submit(spec, [seed])
        return run_id

    def outcome(self, run_id: str) -> Outcome:
        self.lathe.wait_for(run_id, "succeeded", seconds=SECONDS)
        broken = violations(self.store, run_id)
        assert not broken, broken
        return hashes(self.store, run_id), sequence(self.store, run_id)

    def outcomes(self, run_id: str) -> dict[str, str]:
        """The server's findings on the exactness of the run."""
        return {proof["about"]: proof["outcome"] for proof in self.lathe.get(f"/api/runs/{run_id}/proofs")}

    def kill_at(self, run_id: str, step: int) -> None:
        self.until(lambda: self.lathe.run(run_id)["step"] >= step)
        os.kill(next(iter(self.trainers())), signal.SIGKILL)

    def trainers(self) -> Iterator[int]:
        (root,) = (process.pid for process in self.lathe.processes.values())
        waiting = [root]
        while waiting:
            pid = waiting.pop()
            yield from children(pid, "worker.trainer")
            waiting += children(pid)

    def until(self, found: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not found():
            assert time.monotonic() < deadline, "the run did not come so far"
            time.sleep(0.02)

    def forked(self, run_id: str, dice: random.Random) -> str:
        """Forks the run, without a change, from one of its remaining checkpoints within the training."""
        run = self.lathe.run(run_id)
        within = [one["id"] for one in run["artifacts"] if one["kind"] == "checkpoint" and one["step"] < run["step"]]
        status, made = self.lathe.call("POST", f"/api/runs/{run_id}/fork", {"checkpoint": dice.choice(within)})
        assert status == 201, made
        return str(made["runs"][0]["id"])


def cell(server: Server, optimizer: str, model: str, dice: random.Random) -> dict[str, bool]:
    """Checks one optimizer on one model; returns the findings."""
    alone = server.submit(optimizer, model)
    expected = server.outcome(alone)
    last = server.lathe.run(alone)["step"]
    killed = server.submit(optimizer, model)
    for step in sorted(dice.sample(range(last // 10, 9 * last // 10), KILLS)):
        server.kill_at(killed, step)
    child = server.forked(alone, dice)
    return {
        "resumed": server.outcome(killed) == expected,
        "forked": server.outcome(child) == expected,
        "told of the resumed": server.outcomes(killed).get("resume") in ("equal", "uncompared"),
        "told of the forked": server.outcomes(child).get("parent") == "equal",
    }


def run(folder: Path, cells: list[tuple[str, str]]) -> tuple[list[dict[str, bool]], bool]:
    """Checks each cell, and that a run of another seed differs; returns the findings."""
    (folder / "data").mkdir()
    shutil.copytree(PLUGINS, folder / "data" / "plugins")
    lathe = embedded(folder, LATHE_CHECKPOINT_SECONDS="0.2", LATHE_THREADS="1")
    store = Store.open(f"sqlite:///{lathe.data_dir / 'lathe.sqlite'}")
    server = Server(lathe, store)
    try:
        held = []
        for each in watch.through(cells, "optimizer and model"):
            held.append(cell(server, *each, random.Random(str(each))))
            print(f"- {' on '.join(each)}: {', '.join(name for name, holds in held[-1].items() if holds)}")
        other, again = (server.submit(*cells[0], seed=seed) for seed in (1, 0))
        apart = server.outcome(other) != server.outcome(again)
    finally:
        lathe.stop()
        store.close()
    return held, apart


def table(cells: list[tuple[str, str]], held: list[dict[str, bool]], apart: bool) -> list[str]:
    def count(name: str) -> str:
        return f"{sum(one[name] for one in held)}/{len(held)}"

    missed = [
        f"{' on '.join(each)}: {name}" for each, one in zip(cells, held, strict=True) for name in one if not one[name]
    ]
    return [
        "| exactness: final weights and every point, as bits | equal |",
        "|---|---|",
        f"| killed with SIGKILL at {KILLS} random steps, against undisturbed | {count('resumed')} |",
        f"| forked from a checkpoint within its training, against its parent | {count('forked')} |",
        f"| the server says so of the killed, of the forks | {count('told of the resumed')}, {count('told of the forked')} |",
        f"| control: a run of another seed is told apart | {'yes' if apart else 'no'} |",
        *(f"| not: {one} | |" for one in missed),
    ]


def main() -> int:
    """Takes an optional number of cells, to try only the first ones."""
    cells = matrix.CELLS[: int(sys.argv[1])] if len(sys.argv) > 1 else matrix.CELLS
    with tempfile.TemporaryDirectory() as folder:
        held, apart = run(Path(folder), cells)
    print("\n".join(table(cells, held, apart)))
    return 0 if apart and all(all(one.values()) for one in held) else 1


if __name__ == "__main__":
    sys.exit(watch.run(main))
