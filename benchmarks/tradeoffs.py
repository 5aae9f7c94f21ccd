"""Fifty thousand measured artifacts on the Trade-offs page, in a real browser against the real server.

- server: the answer and its chart, asked one after the other: the first time after the server started, with what is
  measured not yet read; a question that was not asked before, with it read; and the same question again.
- browser: from the click on Trade-offs in the navigation until the chart is drawn, in a page that has drawn other charts
  before. Then the constraint is changed by its address in the same page: until the chart is drawn that answers it. The
  main thread's own time, without what other processes take from it, is told beside both.
"""

import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from backend.domain.settings import Settings
from backend.store.session import Store, migrate
from benchmarks import watch
from benchmarks.crowd import fill
from benchmarks.latency import sign_in
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.e2e.lathe import Lathe
from tests.services import free_port

RUNS = 2000  # of 25 artifacts each
ROUNDS = 5

# From the click until the chart of the page says that it was drawn, milliseconds.
WATCH = """() => {
  window.taken = new Promise((resolve) => {
    document.addEventListener("click", () => {
      const clicked = performance.timeOrigin + performance.now();
      const look = () => {
        const chart = document.querySelector('[data-chart^="Accuracy against"]');
        const at = Number(chart?.dataset.drawnAt ?? 0);
        if (at > clicked) { watcher.disconnect(); resolve(at - clicked); }
      };
      const watcher = new MutationObserver(look);
      watcher.observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn-at"]});
    }, {once: true, capture: true});
  });
}"""


# Changes the constraint; milliseconds until the chart is drawn for the last time.
ASK = """(where) => new Promise((resolve) => {
  const chart = document.querySelector('[data-chart^="Accuracy against"]');
  const began = performance.now();
  let drawn = 0;
  new MutationObserver(() => (drawn = performance.now() - began))
    .observe(chart, {attributes: true, attributeFilter: ["data-drawn-at"]});
  history.replaceState(null, "", "/tradeoffs?where=" + encodeURIComponent(where));
  setTimeout(() => resolve(drawn), 3000);
})"""


def serve(folder: Path) -> Lathe:
    port = free_port()
    env = {"LATHE_PORT": str(port), "LATHE_DATA_DIR": str(folder), "LATHE_DATABASE": "", "LATHE_TOKEN": "t" * 43}
    lathe = Lathe(f"http://127.0.0.1:{port}", env["LATHE_TOKEN"], folder, env)
    lathe.start("backend", ["backend", "serve"])
    lathe.wait_until_up()
    return lathe


def ask(lathe: Lathe, where: str) -> tuple[float, float]:
    """Milliseconds until the answer, and until its chart."""
    query = urllib.parse.urlencode({"where": where})
    began = time.perf_counter()
    lathe.get(f"/api/tradeoffs?{query}")
    answered = time.perf_counter()
    lathe.get(f"/api/figures/pareto?{query}")
    return (answered - began) * 1e3, (time.perf_counter() - answered) * 1e3


@contextmanager
def working(page: Page, spent: list[float]) -> Iterator[None]:
    """Notes the milliseconds that the page's scripts, styles and layout take meanwhile."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def total() -> float:
        reported = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        return float(sum(reported[f"{name}Duration"] for name in ("Script", "Layout", "RecalcStyle")))

    before = total()
    yield
    spent.append((total() - before) * 1e3)


def visits(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds from the click on the page's name to its drawn chart, and what the page worked meanwhile."""
    taken, worked = list[float](), list[float]()
    for _ in watch.through(range(ROUNDS + 1), "visit"):
        page.get_by_role("link", name="Runs", exact=True).first.click()
        page.wait_for_timeout(700)
        page.evaluate(WATCH)
        with working(page, worked):
            page.get_by_role("link", name="Trade-offs").first.click()
            taken.append(float(page.evaluate("() => window.taken")))
    page.wait_for_timeout(3000)
    return taken[1:], worked[1:]  # the first one loaded the page's script


def changes(page: Page) -> tuple[list[float], list[float]]:
    """Milliseconds from a changed constraint to the chart that answers it, and what the page worked meanwhile."""
    taken, worked = list[float](), list[float]()
    for number in watch.through(range(ROUNDS), "changed constraint"):
        with working(page, worked):
            taken.append(float(page.evaluate(ASK, f"accuracy >= {91 + number / 10}% and p95_ms@1 <= 1ms")))
    return taken, worked


def measure(folder: Path) -> None:
    """Print a row for each figure."""
    lathe = serve(folder)
    try:
        show("server, first answer and chart after a start", sum(ask(lathe, "")))
        fresh = [ask(lathe, f"accuracy >= {90 + number / 10}% and p95_ms@1 <= 1ms") for number in range(ROUNDS)]
        show("server, answer to a new question", median(answer for answer, _ in fresh))
        show("server, its chart", median(chart for _, chart in fresh))
        again = [ask(lathe, "") for _ in range(ROUNDS)]
        show("server, answer to the same question", median(answer for answer, _ in again))
        show("server, the same chart", median(chart for _, chart in again))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = sign_in(browser, lathe)
            drawn, worked = visits(page)
            show("browser, from click to drawn chart", median(drawn))
            show("browser, the main thread's own work of it", median(worked))
            answered, reworked = changes(page)
            show("browser, from a changed constraint to the chart that answers it", median(answered))
            show("browser, the main thread's own work of it", median(reworked))
            browser.close()
    finally:
        lathe.stop()


def show(what: str, milliseconds: float) -> None:
    print(f"| {what} | {milliseconds:,.0f} |")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder, database="")
        migrate(settings.database_url)
        store = Store.open(settings.database_url)
        artifacts = fill(store, number)
        store.close()
        print(f"| {artifacts:,} measured artifacts | ms |")
        print("|---|---|")
        measure(folder)


if __name__ == "__main__":
    sys.exit(watch.run(main))
