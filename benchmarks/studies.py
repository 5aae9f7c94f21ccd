"""Measures the cost and the findings of studies.

- ASHA: the template study by grid, and by the same grid with trials ended early: the share of the grid's optimizer steps
  that the second takes, and whether it finds the same best score. Five seeds of the whole.
- 10,000 trials, each with its run: what the study's page asks the server for when it is opened, at first and again; and
  in a browser, from navigation until the page is drawn with its trials and its first chart. `python -m
  benchmarks.studies opened` measures this alone.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import yaml
from playwright.sync_api import Page, sync_playwright

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.states import RunState
from backend.domain.study.study import Study, StudyState, TrialState
from backend.store import experiments, studies, tables
from backend.store.clock import now
from backend.store.session import Store
from benchmarks import watch
from benchmarks.latency import sign_in
from tests.e2e.conftest import CHROMIUM, FLAGS, embedded
from tests.e2e.lathe import Lathe

SEEDS = range(5)
TRIALS = 10_000
VISITS = 6
REQUESTED = ("", "/trials?limit=50", "/figures/history")
METRICS = tuple(f"{split}/{name}" for split in ("train", "validation", "test") for name in ("loss", "accuracy", "rate"))

# Milliseconds from navigation until the table of trials and the first chart are drawn, and the longest task.
WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({type: "longtask", buffered: true});
window.opened = new Promise((resolve) => {
  const look = () => {
    const drawn = document.querySelector('[data-chart="History"]')?.dataset.drawnAt;
    if (drawn && document.querySelector('table[aria-label="Trials"] tbody tr')) {
      watcher.disconnect();
      resolve(performance.now());
    }
  };
  const watcher = new MutationObserver(look);
  watcher.observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-drawn-at"]});
});
"""
(TEMPLATE,) = (Path(__file__).parents[1] / "backend" / "templates").glob("*_search-a-rate.yaml")


def template() -> dict[str, Any]:
    """The study of the template "Tune the learning rate"."""
    read = yaml.safe_load(TEMPLATE.read_text())
    return {"name": read["title"], "spec": read["spec"], **read["study"]}


STUDY = template()


def searched(lathe: Lathe, seed: int, pruner: dict[str, Any]) -> tuple[float, int]:
    """Best score of the study, and its number of optimizer steps."""
    study = {**STUDY, "spec": {**STUDY["spec"], "seed": seed}, "seed": seed, "pruner": pruner}
    status, made = lathe.call("POST", "/api/studies", {"study": study})
    assert status == 201, made
    while (reported := lathe.get(f"/api/studies/{made['id']}"))["state"] not in ("finished", "failed"):
        time.sleep(0.5)
    assert reported["state"] == "finished", reported["error"]
    trials = lathe.get(f"/api/studies/{made['id']}/trials?limit=500")["trials"]
    return reported["best"]["values"][0], sum(trial["steps"] for trial in trials)


def asha(lathe: Lathe) -> None:
    shares, equal = [], 0
    for seed in watch.through(SEEDS, "ASHA against the grid, seed"):
        best, whole = searched(lathe, seed, {"kind": "none"})
        found, part = searched(lathe, seed, STUDY["pruner"])
        print(
            f"seed {seed}: grid {best:.4f} in {whole:,} steps, ASHA {found:.4f} in {part:,} ({part / whole:.0%})",
        )
        shares.append(part / whole)
        equal += found >= best
    print(
        f"ASHA reaches the grid's best score with {equal} of {len(SEEDS)} seeds, in {median(shares):.0%} of its steps at the median"
    )


def fill(store: Store) -> str:
    """Writes a study of ten thousand trials as a conductor does, each with its run; returns its id."""
    spec = Experiment.model_validate(STUDY["spec"])
    document = {**STUDY, "budget": {"trials": TRIALS}, "sampler": {"kind": "random"}}
    luck = np.random.default_rng(3)
    with store.begin() as session:
        study = studies.create(session, Study.model_validate(document))
        study.trials = TRIALS
        studies.move(session, study, StudyState.FINISHED)
        _, runs = experiments.create(session, spec, [0] * TRIALS)
        for number, run in enumerate(runs):
            score = float(luck.beta(5, 2))
            run.state, run.step, run.active_seconds = RunState.SUCCEEDED, 100, 1.0
            run.latest = dict.fromkeys(METRICS, score)
            session.add(
                tables.Trial(
                    study_id=study.id, number=number, state=TrialState.COMPLETE, generation=0, optuna_number=number, reported=True,
                    reported_values=0, assignment={one["field"]: _drawn(one, luck) for one in STUDY["space"]}, values=[score],
                    violation=0.0, steps=100, seconds=1.0, run_id=run.id, began_at=now(), ended_at=now(),
                )
            )  # fmt: skip
    return study.id


def _drawn(one: dict[str, Any], luck: np.random.Generator) -> Any:
    if "choice" in one:
        return one["choice"][luck.integers(len(one["choice"]))]
    return float(np.exp(luck.uniform(*np.log([one["low"], one["high"]]))))


def answers(lathe: Lathe, study: str) -> list[float]:
    """Seconds of each request that the top of the study's page sends."""
    taken = []
    for path in REQUESTED:
        began = time.perf_counter()
        status, _ = lathe.call("GET", f"/api/studies/{study}{path}")
        assert status == 200, path
        taken.append(time.perf_counter() - began)
    return taken


def visits(page: Page, url: str) -> tuple[list[float], list[float]]:
    """Seconds from navigation until the page with its trials and its first chart is drawn, and the longest block of the
    main thread until a second later."""
    page.add_init_script(WATCH)
    drawn, blocked = [], []
    for _ in range(VISITS):
        page.goto("about:blank")
        page.goto(url, wait_until="commit")
        drawn.append(float(page.evaluate("() => window.opened")) / 1e3)
        page.wait_for_timeout(1000)
        blocked.append(float(page.evaluate("() => window.longest")) / 1e3)
    return drawn, blocked


def opened(folder: Path) -> None:
    print(f"| a study of {TRIALS:,} trials (at most 1 s) | first, s | then, median, s |")
    print("|---|---|---|")
    lathe = embedded(folder)
    try:
        store = Store.open(f"sqlite:///{lathe.data_dir / 'lathe.sqlite'}")
        study = fill(store)
        store.close()
        first = answers(lathe, study)
        again = [answers(lathe, study) for _ in range(VISITS)]
        for index, path in enumerate(REQUESTED):
            show(f"server, {path or 'the study'}", first[index], [one[index] for one in again], digits=3)
        show("server, all of it", sum(first), list(map(sum, again)), digits=3)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            drawn, blocked = visits(sign_in(browser, lathe), f"{lathe.url}/studies/{study}")
            browser.close()
        show("browser, from navigation to the drawn page", drawn[0], drawn[1:])
        show("browser, longest block of the main thread", blocked[0], blocked[1:])
    finally:
        lathe.stop()


def show(what: str, first: float, then: list[float], digits: int = 2) -> None:
    """A row in seconds."""
    print(f"| {what} | {first:.{digits}f} | {median(then):.{digits}f} |")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        opened(Path(folder))
    if sys.argv[1:] == ["opened"]:
        return
    with tempfile.TemporaryDirectory() as folder:
        lathe = embedded(Path(folder))
        try:
            asha(lathe)
        finally:
            lathe.stop()


if __name__ == "__main__":
    sys.exit(watch.run(main))
