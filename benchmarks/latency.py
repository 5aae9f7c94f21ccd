"""Measures how live the page is, in a real browser against the real processes.

- submit → first point drawn: from the click on a template's "Run now" to the loss chart showing a step; the worker is
  warm and idle.
- fork → first point: from the POST of a fork at the end of a finished run's first stage until the API returns the first
  point of the fork's own; the worker is warm and idle.
- step → pixel: twenty live runs are replayed into the database, five steps a flush, ten flushes a second each, all on
  one chart. A step's latency is the time from when it was taken to the first drawing that holds it; the steps of a
  flush are taken evenly over the 0.1 s before it.
- `make run` → page: on a machine that has run it before, until /healthz answers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import watch
from benchmarks.replay import FLUSH_SECONDS, STEPS_PER_FLUSH
from tests.e2e.conftest import CHROMIUM, FLAGS, embedded
from tests.e2e.lathe import Lathe
from tests.processes.forking import ROOT
from tests.processes.start import Process
from tests.services import free_port

SUBMISSIONS = 20
FORKS = 10
RUNS = 20
SECONDS = 20.0

# Notes for each run the wall time at which each step was first seen drawn in the loss chart.
WATCH = """() => {
  window.drawn = {};
  const chart = document.querySelector('[data-chart="Loss"]');
  const look = () => {
    const at = Number(chart.dataset.drawnAt);
    for (const trace of chart.data ?? []) {
      const run = trace.meta?.run, x = trace.x;
      if (!run || !x?.length) continue;
      const last = x[x.length - 1], seen = (window.drawn[run] ??= []);
      if (!seen.length || seen[seen.length - 1][0] < last) seen.push([last, at]);
    }
  };
  new MutationObserver(look).observe(chart, {attributes: true, attributeFilter: ["data-drawn-at"]});
}"""


def p(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    cuts = quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94]


def sign_in(browser: Browser, lathe: Lathe) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(lathe.link)
    return page


def first_points(page: Page, lathe: Lathe) -> list[float]:
    """Seconds from click to first drawn point, once for each submission."""
    taken = []
    for _ in watch.through(range(SUBMISSIONS + 1), "submission"):
        page.goto(f"{lathe.url}/new")
        button = page.get_by_role("button", name="Run now: Digits in a minute")
        button.wait_for()
        page.wait_for_timeout(500)  # a person has read the page
        clicked = time.time()
        button.click()
        chart = page.locator('[data-chart="Loss"][data-last-step]')
        chart.wait_for(state="attached")
        taken.append(float(chart.get_attribute("data-drawn-at") or 0) / 1000 - clicked)
        run = page.url.rsplit("/", 1)[-1]
        lathe.call("POST", f"/api/runs/{run}/commands", {"kind": "cancel"})
        lathe.wait_for(run)
    return taken[1:]  # the first one warmed the worker


def fork_points(lathe: Lathe) -> list[float]:
    """Seconds from a fork to the first point of its own, once for each fork."""
    train = {"kind": "train", "epochs": 4}
    stages = [train, {**train, "epochs": 2}]
    spec = {"name": "forked", "dataset": {"kind": "digits"}, "model": {"kind": "mlp"}, "stages": stages}
    (parent,) = lathe.submit(spec)
    lathe.wait_for(parent, "succeeded")
    longer = {**spec, "stages": [train, {**train, "epochs": 500}]}
    taken = []
    for _ in watch.through(range(FORKS + 1), "fork"):
        requested = time.monotonic()
        status, created = lathe.call("POST", f"/api/runs/{parent}/fork", {"stage": 0, "spec": longer})
        assert status == 201, created
        child = created["runs"][0]["id"]
        past = lathe.run(child)["fork_step"]
        while not lathe.get(f"/api/runs/{child}/points?metrics=train/loss&from={past + 1}")["series"]:
            time.sleep(0.01)
        taken.append(time.monotonic() - requested)
        lathe.call("POST", f"/api/runs/{child}/commands", {"kind": "cancel"})
        lathe.wait_for(child)
    return taken[1:]


def step_to_pixel(page: Page, lathe: Lathe) -> tuple[list[float], float]:
    """Latency of each step of each replayed run, and the share of steps that were drawn."""
    url = f"sqlite:///{lathe.data_dir / 'lathe.sqlite'}"
    command = [sys.executable, "-m", "benchmarks.replay", url, str(RUNS), str(SECONDS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as replay:
        assert replay.stdout
        ids = json.loads(replay.stdout.readline())
        page.goto(f"{lathe.url}/?runs={','.join(ids)}")
        page.locator('[data-chart="Loss"][data-last-step]').wait_for(state="attached")
        page.evaluate(WATCH)
        watched_from = time.time() + 1
        flushes = [json.loads(line) for line in replay.stdout]
    page.wait_for_timeout(1000)
    drawn = page.evaluate("() => window.drawn")
    return latencies(flushes, drawn, watched_from)


def latencies(
    flushes: list[dict[str, float | str]], drawn: dict[str, list[list[float]]], since: float
) -> tuple[list[float], float]:
    found, requested = [], 0
    for flush in flushes:
        if float(flush["at"]) < since:
            continue
        for number in range(STEPS_PER_FLUSH):
            step = float(flush["step"]) - number
            at = float(flush["at"]) - number * FLUSH_SECONDS / STEPS_PER_FLUSH
            requested += 1
            seen = next((when for last, when in drawn.get(str(flush["run"]), []) if last >= step), None)
            if seen is not None:
                found.append(seen / 1000 - at)
    return found, len(found) / max(requested, 1)


def start_again(folder: Path) -> list[float]:
    """Seconds from `make run` until the page answers, on a checkout and data folder that have run before."""
    taken = []
    for _ in watch.through(range(4), "start"):
        port = free_port()
        began = time.monotonic()
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}", f"DATA_DIR={folder / 'again'}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        Lathe(f"http://127.0.0.1:{port}", "", folder, {}).wait_until_up()
        taken.append(time.monotonic() - began)
        Process(process.pid, Path(os.devnull), process.poll).end()
    return taken[1:]


def main() -> None:
    print("| how live it is | median | p95 | at most |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lathe = embedded(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            page = sign_in(browser, lathe)
            first = p(first_points(page, lathe))
            print(
                f"| submit → first point drawn ({SUBMISSIONS} submissions) | {first[0]:.2f} s | {first[1]:.2f} s | 1.5 s |"
            )
            forks = p(fork_points(lathe))
            print(f"| fork → first point of its own ({FORKS} forks) | {forks[0]:.2f} s | {forks[1]:.2f} s | 2 s |")
            show_pixels(*step_to_pixel(page, lathe))
        finally:
            browser.close()
            lathe.stop()
        again = sorted(start_again(Path(folder)))
    print(
        f"| `make run` again → page answers ({len(again)} starts) | {again[1]:.1f} s | {again[-1]:.1f} s (worst) | 5 s |"
    )


def show_pixels(steps: list[float], share: float) -> None:
    live = p(steps)
    print(
        f"| step → pixel, {RUNS} live runs replayed ({len(steps):,} steps, {share:.1%} of them drawn) "
        f"| {live[0] * 1000:.0f} ms | {live[1] * 1000:.0f} ms | 300 ms |"
    )


if __name__ == "__main__":
    sys.exit(watch.run(main))
