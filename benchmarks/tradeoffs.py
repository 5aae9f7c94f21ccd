"""Fifty thousand measured artifacts on the Trade-offs page, in a real browser against the real server.

- server: the answer and its chart, asked one after the other: the first time after the server started, with what is
  measured not yet read; a question that was not asked before, with it read; and the same question again.
- browser: from the click on Trade-offs in the navigation until the chart is drawn, in a page that has drawn other charts
  before. The constraint is changed by its address in the same page: until the chart is drawn that answers it.
"""

import sys
import tempfile
import time
import urllib.parse
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from backend.spec.settings import Settings
from backend.store.session import Store, migrate
from benchmarks.crowd import fill
from benchmarks.latency import sign_in
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.e2e.lathe import Lathe, free_port

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


def serve(folder: Path) -> Lathe:
    port = free_port()
    env = {"LATHE_PORT": str(port), "LATHE_DATA_DIR": str(folder), "LATHE_DATABASE": "", "LATHE_TOKEN": "t" * 43}
    lathe = Lathe(f"http://127.0.0.1:{port}", env["LATHE_TOKEN"], folder, env)
    lathe.start("backend", ["backend", "serve"])
    lathe.wait_until_up()
    return lathe


def ask(lathe: Lathe, where: str) -> tuple[float, float]:
    """Milliseconds that the answer took, and its chart."""
    query = urllib.parse.urlencode({"where": where})
    began = time.perf_counter()
    lathe.get(f"/api/tradeoffs?{query}")
    answered = time.perf_counter()
    lathe.get(f"/api/figures/pareto?{query}")
    return (answered - began) * 1e3, (time.perf_counter() - answered) * 1e3


def visits(page: Page) -> list[float]:
    """Milliseconds from the click on the page's name to its drawn chart."""
    taken = []
    for _ in range(ROUNDS + 1):
        page.get_by_role("link", name="Runs", exact=True).first.click()
        page.wait_for_timeout(700)
        page.evaluate(WATCH)
        page.get_by_role("link", name="Trade-offs").first.click()
        taken.append(float(page.evaluate("() => window.taken")))
    return taken[1:]  # the first one loaded the page's script


def measure(folder: Path) -> list[tuple[str, float]]:
    lathe = serve(folder)
    try:
        cold = ask(lathe, "")
        fresh = [ask(lathe, f"accuracy >= {90 + number / 10}% and p95_ms@1 <= 1ms") for number in range(ROUNDS)]
        again = [ask(lathe, "") for _ in range(ROUNDS)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            drawn = visits(sign_in(browser, lathe))
            browser.close()
    finally:
        lathe.stop()
    return [
        ("server, first answer and chart after a start", sum(cold)),
        ("server, answer to a new question", median(answer for answer, _ in fresh)),
        ("server, its chart", median(chart for _, chart in fresh)),
        ("server, answer to the same question", median(answer for answer, _ in again)),
        ("server, the same chart", median(chart for _, chart in again)),
        ("browser, from click to drawn chart", median(drawn)),
    ]


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder, database="")
        migrate(settings.database_url)
        store = Store.open(settings.database_url)
        artifacts = fill(store, number)
        store.close()
        rows = measure(folder)
    print(f"| {artifacts:,} measured artifacts | ms |")
    print("|---|---|")
    for what, taken in rows:
        print(f"| {what} | {taken:,.0f} |")


if __name__ == "__main__":
    main()
