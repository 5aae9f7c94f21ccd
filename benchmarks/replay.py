"""Twenty live runs, replayed: a process that writes points as that many workers would. `python -m benchmarks.replay`.

Reads the database's URL, the number of runs and the seconds from its arguments; prints the runs' ids as one JSON line,
then for each flush one JSON line {run, step, at} with the wall time at which the flush's last step was taken.
"""

import json
import math
import sys
import time
from uuid import uuid4

import numpy as np

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.events import EventKind, NewEvent
from backend.store import experiments, runs
from backend.store.chunks import Chunk, encode
from backend.store.session import Store

FLUSH_SECONDS = 0.1
STEPS_PER_FLUSH = 5


def claim_all(store: Store, count: int) -> list[runs.Lease]:
    spec = Experiment(name="replay", dataset={"kind": "digits"}, model={"kind": "mlp"}, stages=[{"kind": "train"}])
    worker = str(uuid4())
    with store.begin() as session:
        experiments.create(session, spec, list(range(count)))
        claimed = [runs.claim(session, worker) for _ in range(count)]
    return [runs.Lease.of(run) for run in claimed if run]


def flush(store: Store, lease: runs.Lease, last: int, seconds: float) -> None:
    steps = np.arange(last - STEPS_PER_FLUSH + 1, last + 1)
    metrics = {
        "train/loss": np.exp(-steps / 2000.0) + 0.1 * np.sin(steps / 7.0),
        "train/accuracy": 1 - np.exp(-steps / 1000.0),
        "learning_rate": np.full(len(steps), 1e-3),
    }
    chunk = Chunk(0, steps, np.full(len(steps), seconds), metrics)
    event = NewEvent(kind=EventKind.POINTS, chunk=encode(chunk))
    with store.begin() as session:
        runs.write(session, lease, [event], stage=0, step=last, active_seconds=seconds)


def main() -> None:
    url, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    store = Store.open(url)
    leases = claim_all(store, count)
    print(json.dumps([lease.run_id for lease in leases]), flush=True)
    began = time.monotonic()
    for turn in range(1, math.ceil(seconds / FLUSH_SECONDS)):
        for index, lease in enumerate(leases):  # the runs' flushes are spread evenly over the interval
            due = began + (turn + index / count) * FLUSH_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))
            taken = time.time()
            flush(store, lease, turn * STEPS_PER_FLUSH, time.monotonic() - began)
            print(json.dumps({"run": lease.run_id, "step": turn * STEPS_PER_FLUSH, "at": taken}), flush=True)
    store.close()


if __name__ == "__main__":
    main()
