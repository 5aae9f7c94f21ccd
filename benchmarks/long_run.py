"""A run of 5,000,000 steps and twenty metrics, flushed ten steps at a time: what two flushes a second leave in three days.

Its events are written through the store while the real server compacts them, on SQLite and on PostgreSQL. Then a fresh
server is asked over HTTP, with nothing of the database in the machine's memory: charts, and zooms of every width.
`python -m benchmarks.long_run --steps 200000` is a quick try.
"""

import argparse
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from sqlalchemy import func, select, text

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import RunState
from backend.store import experiments, runs
from backend.store.blocks.compaction import REST
from backend.store.chunks import Chunk, Floats, Steps, encode
from backend.store.runs import Lease
from backend.store.session import Store, migrate
from backend.store.tables import Event
from benchmarks import watch
from tests.e2e.lathe import Lathe
from tests.services import free_port, postgresql

STEPS, FLUSH = 5_000_000, 10
TOGETHER = 200  # flushes written in one transaction
LOOSE = 20_000  # flushes that are in no block, at most
LAYERS = 8
METRICS = (
    "train/loss", "train/accuracy", "learning_rate", "batch_size",
    *(f"{name}/layer{layer}" for name in ("gradient_norm", "update_ratio") for layer in range(LAYERS)),
)  # fmt: skip
CHARTS = ("loss", "accuracy", "learning_rate", "gradient_norms", "update_ratios")
ZOOMS = 5  # of each width
WARM = 6.0  # seconds after which a server has loaded what draws charts

# ---- writing


def submitted(store: Store) -> Lease:
    """A run to write to."""
    spec = Experiment(name="long", dataset={"kind": "digits"}, model={"kind": "mlp"}, stages=[{"kind": "train"}])
    with store.begin() as session:
        experiments.create(session, spec, [0])
        run = runs.claim(session, "benchmark")
        assert run is not None
        return Lease.of(run)


def measured(luck: np.random.Generator, steps: Steps) -> dict[str, Floats]:
    """Values [steps] of each metric: float32 noise, as single batches give it, a cosine, and a constant."""
    noise = np.exp(luck.normal(0, 0.2, (len(METRICS), len(steps)))).astype(np.float32).astype(np.float64)
    columns = dict(zip(METRICS, noise, strict=True))
    columns["train/accuracy"] = np.round(128 * np.clip(0.9 + 0.03 * luck.normal(size=len(steps)), 0, 1)) / 128
    columns["learning_rate"] = 5e-4 * (1 + np.cos(np.pi * steps / STEPS))
    columns["batch_size"] = np.full(len(steps), 128.0)
    return columns


def write(store: Store, lease: Lease, steps: int) -> None:
    """Writes flush after flush, many in one transaction; then the run ends."""
    luck = np.random.default_rng(0)
    for first in watch.through(range(1, steps + 1, FLUSH * TOGETHER), f"writing {FLUSH * TOGETHER:,} steps"):
        every = np.arange(first, min(first + FLUSH * TOGETHER, steps + 1))
        times, columns = every * 0.05 + luck.uniform(0, 0.01, len(every)), measured(luck, every)
        flushes = []
        for begin in range(0, len(every), FLUSH):
            part = slice(begin, begin + FLUSH)
            chunk = Chunk(0, every[part], times[part], {name: values[part] for name, values in columns.items()})
            flushes.append(NewEvent(kind=EventKind.POINTS, chunk=encode(chunk)))
        with store.begin() as session:
            runs.write(session, lease, flushes, stage=0, step=int(every[-1]), total_steps=steps)
        keep_pace(store, LOOSE)
    with store.begin() as session:
        runs.finish(session, lease, RunState.SUCCEEDED)


def keep_pace(store: Store, most: int) -> None:
    """Wait until at most so many events are in no block: the server has half a second for each, of which this takes a
    thousandth. PostgreSQL finds out once a minute what may be used again; here that is a long time."""
    if loose(store) <= most:
        return
    while loose(store) > most // 2:
        time.sleep(0.2)
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM events")


def loose(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).where(Event.kind == EventKind.POINTS.value)) or 0


# ---- asking


@contextmanager
def served(folder: Path, url: str) -> Iterator[Lathe]:
    """A server on this database that has already loaded the code for charts."""
    port = free_port()
    env = {"LATHE_PORT": str(port), "LATHE_DATA_DIR": str(folder), "LATHE_DATABASE": url, "LATHE_TOKEN": "t" * 43}
    lathe = Lathe(f"http://127.0.0.1:{port}", env["LATHE_TOKEN"], folder, env)
    lathe.start("backend", ["backend", "serve"])
    try:
        lathe.wait_until_up()
        time.sleep(WARM)
        yield lathe
    finally:
        lathe.stop()


def forget(folder: Path) -> None:
    """Drops these files from the page cache of the machine. The cache of PostgreSQL itself stays."""
    for file in (file for file in folder.rglob("*") if file.is_file()):
        with suppress(FileNotFoundError), file.open("rb") as opened:
            os.fsync(opened.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def ask(lathe: Lathe, path: str, files: Path) -> float:
    """Milliseconds until the whole answer has arrived, with the database read from disk."""
    forget(files)
    request = urllib.request.Request(lathe.url + path, headers={"Authorization": f"Bearer {lathe.token}"})
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as response:
        response.read()
    return (time.perf_counter() - began) * 1e3


def zooms(lathe: Lathe, run_id: str, steps: int, files: Path) -> Iterator[tuple[int, float, float]]:
    """Width in steps, median and greatest milliseconds of zooms at random places: one curve of a chart."""
    luck = np.random.default_rng(1)
    width = 1000
    while width < steps:
        ranges = [f"from={first}&until={first + width}" for first in luck.integers(0, steps - width, ZOOMS)]
        taken = [ask(lathe, f"/api/runs/{run_id}/points?metrics=train/loss&{steps}", files) for steps in ranges]
        yield width, median(taken), max(taken)
        width *= 5


def peak(lathe: Lathe) -> float:
    """Peak memory of the server, MB."""
    status = Path(f"/proc/{lathe.processes['backend'].pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def size(store: Store) -> int:
    """Bytes of the database: the whole file of SQLite, with its free pages; of PostgreSQL what belongs to points."""
    with store.engine.connect() as connection:
        if store.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return Path(str(store.engine.url.database)).stat().st_size
        names = ("events", "blocks", "block_columns")
        return sum(connection.scalar(text(f"SELECT pg_total_relation_size('{name}')")) or 0 for name in names)


# ---- the whole


@dataclass(frozen=True)
class Place:
    """A database to measure: where its files lie, and what has it forget what it holds in memory."""

    url: str
    files: Path
    restart: Callable[[], None]


@contextmanager
def sqlite(folder: Path) -> Iterator[Place]:
    yield Place(f"sqlite:///{folder / 'lathe.sqlite'}", folder, lambda: None)


@contextmanager
def postgres(_: Path) -> Iterator[Place]:
    with postgresql() as server:

        def restart() -> None:
            server.stop()
            server.start()

        yield Place(server.url, server.folder, restart)


def measure(folder: Path, place: Place, steps: int) -> Iterator[tuple[str, str]]:
    """Measures on one database; yields each quantity and its value."""
    migrate(place.url)
    store = Store.open(place.url)
    lease = submitted(store)
    with served(folder, place.url) as lathe:
        began = time.perf_counter()
        write(store, lease, steps)
        written = time.perf_counter() - began
        keep_pace(store, REST)
        yield "written, and compacted, after s", f"{written:,.0f}, {time.perf_counter() - began:,.0f}"
        yield "the server's peak memory meanwhile, MB", f"{peak(lathe):,.0f}"
    yield "bytes a point in the database", f"{size(store) / steps / len(METRICS):.2f}"
    store.close()
    place.restart()
    with served(folder, place.url) as lathe:
        for chart in CHARTS:
            taken = ask(lathe, f"/api/figures/{chart}?runs={lease.run_id}", place.files)
            yield f"{'first chart' if chart == CHARTS[0] else 'chart'}, `{chart}`, ms", f"{taken:,.0f}"
        for width, middle, most in zooms(lathe, lease.run_id, steps, place.files):
            yield f"zoom into {width:,} steps, ms: median, worst of {ZOOMS}", f"{middle:,.0f}, {most:,.0f}"
        yield "all twenty curves at once, ms", f"{ask(lathe, f'/api/runs/{lease.run_id}/points', place.files):,.0f}"
        yield "the server's peak memory meanwhile, MB", f"{peak(lathe):,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--on", choices=PLACES, nargs="*", default=list(PLACES))
    requested = parser.parse_args()
    for name in requested.on:
        print(f"\n| {requested.steps:,} steps × {len(METRICS)} metrics, {name} | |\n|---|---|")
        with tempfile.TemporaryDirectory() as folder, PLACES[name](Path(folder)) as place:
            for what, figure in measure(Path(folder), place, requested.steps):
                print(f"| {what} | {figure} |")


PLACES = {"SQLite": sqlite, "PostgreSQL": postgres}

if __name__ == "__main__":
    sys.exit(watch.run(main))
