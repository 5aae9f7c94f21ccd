"""What studies cost and find.

- ASHA: the template study by grid, and by the same grid with trials ended early: the share of the grid's optimizer steps
  that the second takes, and whether it finds the same best score. Five seeds of the whole.
- 10,000 trials: a study's page from the server: its detail, the first page of trials, and its first chart.
"""

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from backend.spec.study import Study, TrialState
from backend.store import studies, tables
from backend.store.clock import now
from backend.store.session import Store
from tests.e2e.conftest import embedded
from tests.e2e.lathe import Lathe

SEEDS = range(5)
TRIALS = 10_000
(TEMPLATE,) = (Path(__file__).parents[1] / "backend" / "templates").glob("*_search-a-rate.yaml")


def template() -> dict[str, Any]:
    """The study of the template "Search a rate"."""
    read = yaml.safe_load(TEMPLATE.read_text())
    return {"name": read["title"], "spec": read["spec"], **read["study"]}


STUDY = template()


def searched(lathe: Lathe, seed: int, pruner: dict[str, Any]) -> tuple[float, int]:
    """The best score that the study finds, and the optimizer steps that it takes."""
    study = {**STUDY, "spec": {**STUDY["spec"], "seed": seed}, "seed": seed, "pruner": pruner}
    status, made = lathe.call("POST", "/api/studies", {"study": study})
    assert status == 201, made
    while (told := lathe.get(f"/api/studies/{made['id']}"))["state"] not in ("finished", "failed"):
        time.sleep(0.5)
    assert told["state"] == "finished", told["error"]
    trials = lathe.get(f"/api/studies/{made['id']}/trials?limit=500")["trials"]
    return told["best"]["values"][0], sum(trial["steps"] for trial in trials)


def asha(lathe: Lathe) -> None:
    shares, equal = [], 0
    for seed in SEEDS:
        best, whole = searched(lathe, seed, {"kind": "none"})
        found, part = searched(lathe, seed, STUDY["pruner"])
        print(
            f"seed {seed}: grid {best:.4f} in {whole:,} steps, ASHA {found:.4f} in {part:,} ({part / whole:.0%})",
            flush=True,
        )
        shares.append(part / whole)
        equal += found >= best
    print(
        f"ASHA reaches the grid's best score with {equal} of {len(SEEDS)} seeds, in {median(shares):.0%} of its steps at the median"
    )


def fill(store: Store, study_id: str) -> None:
    """Ten thousand trials as a conductor leaves them."""
    with store.begin() as session:
        row = session.get_one(tables.Study, study_id)
        session.add_all(
            tables.Trial(
                study_id=study_id, number=number, state=TrialState.COMPLETE, generation=0, asked=number, told=True, looks=0,
                assignment={one["field"]: number / TRIALS for one in STUDY["space"]}, values=[number % 997 / 997],
                violation=0.0, steps=100, seconds=1.0, began_at=now(), ended_at=now(),
            )
            for number in range(TRIALS)
        )  # fmt: skip
        row.trials = TRIALS


def opened(lathe: Lathe) -> list[float]:
    """Seconds for everything that the top of the study's page asks for, five times."""
    store = Store.open(f"sqlite:///{lathe.data_dir / 'lathe.sqlite'}")
    with store.begin() as session:
        document = {**STUDY, "budget": {"trials": TRIALS}, "sampler": {"kind": "random"}}
        row = studies.create(session, Study.model_validate(document))
        studies.move(session, row, studies.StudyState.FINISHED)
    fill(store, row.id)
    store.close()
    taken = []
    for _ in range(6):
        began = time.perf_counter()
        for path in ("", "/trials?limit=50", "/figures/history"):
            status, _ = lathe.call("GET", f"/api/studies/{row.id}{path}")
            assert status == 200, path
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lathe = embedded(Path(folder))
        try:
            taken = opened(lathe)
            print(
                f"a study of {TRIALS:,} trials opens in {taken[0]:.2f} s, then {median(taken[1:]):.2f} s (at most 1 s)",
                flush=True,
            )
            asha(lathe)
        finally:
            lathe.stop()


if __name__ == "__main__":
    main()
