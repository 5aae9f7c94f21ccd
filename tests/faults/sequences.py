"""Random sequences of faults over random runs: what the whole of them must not change is how the run ends.

python -m tests.faults.sequences 17 23    # plays these seeds and tells how each ended
"""

import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from backend.domain.catalog import Catalog
from backend.store.crash_points import Point
from backend.store.migrate import migrate
from tests.faults.director import Act, Fault, Played, directing

OPTIMIZERS: list[dict[str, Any]] = [
    {"kind": "sgd", "lr": 0.05, "momentum": 0.9},
    {"kind": "adamw", "lr": 0.003},
    {"kind": "muon"},
    {"kind": "schedule_free"},
]
MLP, CNN = {"kind": "mlp", "hidden": [16]}, {"kind": "cnn", "width": 4, "norm": "batch"}
GRADUAL = {
    "kind": "prune",
    "method": {"kind": "magnitude", "sparsity": 0.6},
    "schedule": {"kind": "gradual", "every": 3, "share": 0.8},
    "recover": {"epochs": 2},
}
QAT = {"kind": "quantize", "method": {"kind": "qat_int8"}, "recover": {"epochs": 2}}
Feature = tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]
FEATURES: dict[str, Feature] = {  # the model, what its first training has beside an optimizer, and the stages after it
    "dropout": (MLP, {"regularizers": [{"kind": "dropout", "share": 0.3}]}, []),
    "batch norm": (CNN, {}, []),
    "masks that grow": (MLP, {"epochs": 1}, [GRADUAL]),
    "acting quantized": (CNN, {"epochs": 1}, [QAT]),
    "mean": (MLP, {"average": {"kind": "ema"}}, []),
    "early stopping": (MLP, {"epochs": 6, "regularizers": [{"kind": "early_stopping", "patience": 1}]}, []),
}

INTERRUPTIONS = [Act.KILL_TRAINER, Act.KILL_WORKER, Act.TERM_WORKER]
KILLS = [Act.KILL_TRAINER, Act.KILL_WORKER]
MOST_KILLS = 2  # more without a new checkpoint in between end a run, as they should
RESUMING = [
    Point.CLAIMED,
    Point.ASSIGNING,
    Point.ASSIGNED,
    Point.ASSIGNMENT_TAKEN,
    Point.DATA_LOADED,
    Point.STATE_LOADED,
    Point.PHASE_BEGINS,
    Point.FIRST_STEP,
    Point.ATTENDING,
]
"""Between a claim and the first step of whoever claimed."""
TRAINING = [
    Point.HEARD,
    Point.POINTS_SENT,
    Point.ATTENDING,
    Point.WITHIN_STEP,
    Point.STEPPED,
    Point.EPOCH_ENDED,
    Point.CHECKPOINT_BEGUN,
    Point.CHECKPOINT_WRITTEN,
    Point.CHECKPOINT_NAMED,
    Point.CHECKPOINT_REPORTED,
]
"""States in which steps have been taken that could be lost."""
OFTEN = {
    Point.COMMITTING: 15,
    Point.COMMITTED: 15,
    Point.HEARD: 8,
    Point.POINTS_SENT: 8,
    Point.ATTENDING: 8,
    Point.WITHIN_STEP: 35,
    Point.STEPPED: 35,
    Point.EPOCH_ENDED: 3,
    Point.CHECKPOINT_BEGUN: 8,
    Point.CHECKPOINT_WRITTEN: 8,
    Point.CHECKPOINT_NAMED: 8,
    Point.CHECKPOINT_REPORTED: 8,
    Point.RESTING: 2,
}
"""About how often a run passes a point; the others it passes about once."""


@dataclass(frozen=True)
class Scenario:
    """A run, and what is to happen to it."""

    name: str
    document: dict[str, Any]
    faults: list[Fault]


def scenario(seed: int) -> Scenario:
    dice = random.Random(seed)
    optimizer, feature = dice.choice(OPTIMIZERS), dice.choice(list(FEATURES))
    return Scenario(f"{optimizer['kind']}, {feature}", document(optimizer, feature), faults(dice))


def document(optimizer: dict[str, Any], feature: str) -> dict[str, Any]:
    """Some forty steps."""
    model, more, stages = FEATURES[feature]
    train = {"kind": "train", "epochs": 3, "batch": {"kind": "fixed", "size": 128}, "optimizer": optimizer, **more}
    return {
        "name": feature,
        "dataset": {"kind": "digits"},
        "model": model,
        "stages": [train, *stages],
        "measure": {
            "batch_sizes": [1],
            "repeats": 5,
            "formats": [{"kind": "onnx" if QAT in stages else "safetensors"}],
        },
        "diagnosis": {"every": 10, "histograms": 0},
    }


def faults(dice: random.Random) -> list[Fault]:
    """Two or three, the first of which interrupts the run; half of the others come before it has taken a step again."""
    found = [_fault(dice, dice.choice([TRAINING, list(Point)]), INTERRUPTIONS)]
    for _ in range(dice.choice([1, 2, 2])):
        spent = sum(fault.act in KILLS for fault in found) == MOST_KILLS
        acts = [act for act in Act if not (spent and act in KILLS)]
        found.append(_fault(dice, dice.choice([RESUMING, RESUMING, TRAINING, list(Point)]), acts))
    return found


def _fault(dice: random.Random, points: Sequence[Point], acts: Sequence[Act]) -> Fault:
    point = dice.choice(points)
    passing = 1 if points is RESUMING else dice.randint(1, OFTEN.get(point, 1))
    return Fault(point, passing, dice.choice(acts))


@dataclass
class Sequences:
    """Plays scenarios, each in a folder of its own, against what happens when nothing does."""

    folder: Path
    catalog: Catalog
    plant: str = ""
    injected: int = 0

    def __post_init__(self) -> None:
        self._migrated = self.folder / "migrated.sqlite"
        migrate(f"sqlite:///{self._migrated}")
        self._expected: dict[str, Played] = {}
        self._numbers, self._counting = iter(range(1_000_000)), Lock()

    def failures(self, seeds: Sequence[int], side_by_side: int = 3) -> list[str]:
        """Of these seeds those whose run ended otherwise, each with the least that does it."""
        with ThreadPoolExecutor(side_by_side) as pool:
            return [failure for failure in pool.map(self.failure, seeds) if failure]

    def failure(self, seed: int) -> str | None:
        one = scenario(seed)
        wrong = self.wrong(one.document, one.faults)
        if not wrong:
            return None
        least = shrunk(one.faults, lambda fewer: bool(self.wrong(one.document, fewer)))
        return f"seed {seed} ({one.name}): {'; '.join(map(str, least))}: {wrong}"

    def wrong(self, document: dict[str, Any], faults: Sequence[Fault]) -> str:
        """Differences between the end of the run and that of the undisturbed run; empty when there are none."""
        try:
            played = self._play(document, faults)
            expected = self._undisturbed(played.steered or document)
        except AssertionError as error:
            return str(error)[:2000]
        found = list(played.broken)
        found += ["other weights"] if played.weights != expected.weights else []
        found += ["other points"] if played.points != expected.points else []
        return "; ".join(found)

    def _undisturbed(self, document: dict[str, Any]) -> Played:
        key = repr(document)
        if key not in self._expected:
            self._expected[key] = self._play(document, [])
            assert not self._expected[key].broken, self._expected[key].broken
        return self._expected[key]

    def _play(self, document: dict[str, Any], faults: Sequence[Fault]) -> Played:
        with self._counting:
            number = next(self._numbers)
        with directing(self.folder / str(number), self._migrated, self.catalog, self.plant) as director:
            [run_id] = director.submit(document)
            played = director.play(run_id, faults)
        with self._counting:
            self.injected += len(played.done)
        return played


def shrunk(faults: Sequence[Fault], fails: Callable[[Sequence[Fault]], bool]) -> Sequence[Fault]:
    """The same without the faults that are not needed for it to fail."""
    for place in range(len(faults)):
        fewer = [*faults[:place], *faults[place + 1 :]]
        if fewer and fails(fewer):
            return shrunk(fewer, fails)
    return faults


def main() -> None:
    from worker.contracts.catalog import build
    from worker.contracts.component import discover

    discover()
    with tempfile.TemporaryDirectory() as folder:
        played = Sequences(Path(folder), build())
        for seed in map(int, sys.argv[1:]):
            sys.stdout.write(f"{played.failure(seed) or f'seed {seed}: as if nothing had happened'}\n")


if __name__ == "__main__":
    main()
