"""The page of all runs with 1,500 of them, each of 10,000 steps with twenty metrics, in a real browser.

Their points are written through the store, in as many flushes as ten seconds of training take. Each visit loads the page
again: from the start of its navigation until a row of the table is there, and until the first chart is drawn.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Page, sync_playwright

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from backend.store import experiments, runs
from backend.store.chunks import Chunk, encode
from backend.store.session import Store, migrate
from benchmarks import watch
from benchmarks.latency import sign_in
from benchmarks.long_run import measured, served
from tests.e2e.conftest import CHROMIUM, FLAGS

RUNS, STEPS, FLUSH = 1500, 10_000, 500
VISITS = 9

# Milliseconds from the start of the navigation until a row of the table is there, and until the first chart is drawn.
SEEN = """() => new Promise((resolve) => {
  const seen = {};
  const look = () => {
    if (!seen.table && document.querySelector("tbody tr")) seen.table = performance.now();
    const chart = document.querySelector("[data-drawn-at]");
    if (chart) seen.chart = Number(chart.dataset.drawnAt) - performance.timeOrigin;
    if (seen.table && seen.chart) { watcher.disconnect(); resolve([seen.table, seen.chart]); }
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn-at"]});
  look();
})"""


def fill(store: Store, number: int) -> None:
    """Writes finished runs. All have the same noise as points: readers see no difference, and it is faster."""
    luck = np.random.default_rng(0)
    spec = Experiment(name="many", dataset={"kind": "digits"}, model={"kind": "mlp"}, stages=[{"kind": "train"}])
    flushes = [
        NewEvent(kind=EventKind.POINTS, chunk=encode(Chunk(0, steps, steps * 0.01, measured(luck, steps))))
        for steps in np.arange(1, STEPS + 1).reshape(-1, FLUSH)
    ]
    for seed in watch.through(range(number), f"runs of {STEPS:,} steps"):
        with store.begin() as session:
            experiments.create(session, spec, [seed])
            claimed = runs.claim(session, "benchmark")
            assert claimed is not None
            lease = runs.Lease.of(claimed)
            runs.write(session, lease, flushes, stage=0, step=STEPS, total_steps=STEPS, latest={"train/loss": 0.1})
            runs.finish(session, lease, RunState.SUCCEEDED)


def visits(page: Page, url: str) -> tuple[list[float], list[float]]:
    """Milliseconds of each visit until the table is shown, and until the first chart is drawn."""
    page.add_init_script(f"window.seen = ({SEEN})()")
    tables, charts = list[float](), list[float]()
    for _ in watch.through(range(VISITS + 1), "visit"):
        page.goto(url)
        table, chart = page.evaluate("() => window.seen")
        tables.append(table)
        charts.append(chart)
    return tables[1:], charts[1:]  # the first one fetched the page's scripts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    number = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(data_dir=Path(name), database="")
        migrate(settings.database_url)
        store = Store.open(settings.database_url)
        fill(store, number)
        print(f"| {number:,} runs × {STEPS:,} steps × 20 metrics | ms: median, worst of {VISITS} |\n|---|---|")
        with served(Path(name), settings.database_url) as lathe, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            tables, charts = visits(sign_in(browser, lathe), lathe.url)
            print(f"| the page loaded again, until its table is there | {median(tables):,.0f}, {max(tables):,.0f} |")
            print(f"| until the first chart is drawn | {median(charts):,.0f}, {max(charts):,.0f} |")
            browser.close()
        store.close()


if __name__ == "__main__":
    sys.exit(watch.run(main))
