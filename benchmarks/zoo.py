"""The optimizer zoo: steps that each optimizer takes to a target accuracy, on three small tasks; writes docs/optimizers.md.

The learning rate is chosen from four on a seed of its own; then five other seeds are run, each with first weights,
order and splits of its own. A run counts as a hit at the end of the first epoch whose validation accuracy reaches the
target, else as a miss, which no mean hides. Everything trains with the product's Trainer and one thread.
"""

import inspect
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks import watch
from worker.contracts.component import components, discover
from worker.contracts.families.models import Model
from worker.contracts.families.optimizers import Optimizer
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.input.load import Wanted, load
from worker.engine.reporter import Clock, Diverged, Reporter
from worker.engine.training.trainer import Trainer
from worker.pipe.link import Unattended

PAGE = Path(__file__).parent.parent / "docs" / "optimizers.md"
COMMAND = ".venv/bin/python -m benchmarks zoo"
RATES = (1 / 3, 1, 3, 10)  # times the optimizer's default
TUNING, SEEDS = 0, (1, 2, 3, 4, 5)
BATCH = 64
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t, two-sided, by the number of values
ORDER = [
    "gradient_descent",
    "lbfgs",
    "sgd",
    "sam",
    "adagrad",
    "rmsprop",
    "adadelta",
    "adam",
    "adamw",
    "adamax",
    "nadam",
    "radam",
    "adafactor",
    "lion",
    "schedule_free",
    "muon",
    "soap",
    "sophia",
]


@dataclass(frozen=True)
class Task:
    name: str
    dataset: dict[str, Any]
    model: dict[str, Any]
    target: float  # accuracy on the validation split
    epochs: int  # that an optimizer with a step a batch is given


TASKS = [
    Task("digits, mlp", {"kind": "digits"}, {"kind": "mlp"}, 0.97, 15),
    Task("digits, cnn", {"kind": "digits"}, {"kind": "cnn", "width": 8}, 0.98, 15),
    Task("synthetic, mlp", {"kind": "synthetic_classification"}, {"kind": "mlp", "hidden": [64]}, 0.9, 15),
]


def epochs(task: Task, optimizer: Optimizer) -> int:
    """Number of epochs. Optimizers with one step an epoch get more; a step of L-BFGS takes twenty gradients or a few more."""
    if not optimizer.whole:
        return task.epochs
    return 6 if optimizer.closes else 100


@dataclass(frozen=True)
class Outcome:
    steps: int | None  # None: it missed the target
    passes: float  # over the training split, of gradients that were computed
    best: float  # validation accuracy


@dataclass(frozen=True)
class Figure:
    """One optimizer on one task."""

    rate: float
    outcomes: list[Outcome]

    @property
    def hits(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.steps is not None]


class Reached(Exception):
    """Raised when the target is reached: the training ends."""


class Watch(Reporter):
    """Ends the training at the first epoch that reaches `target`."""

    def __init__(self, target: float) -> None:
        super().__init__(Unattended(), Clock(), 1)
        self.target, self.best = target, 0.0

    def report_validation(self, metrics: dict[str, float]) -> None:
        self.best = max(self.best, metrics["accuracy"])
        if self.best >= self.target:
            raise Reached


def once(task: Task, optimizer: Optimizer, run_seed: int, folder: Path) -> Outcome:
    """Train until the target, or until the epochs are over."""
    data = load(Wanted.default(task.dataset), folder, run_seed, "cpu")
    seed.plant(run_seed, "model")
    module = Model.choose(task.model).build(data.input_shape, data.outputs)
    seen = Seen(module, data)
    recipe = Recipe.model_validate(
        {"epochs": epochs(task, optimizer), "batch": {"kind": "fixed", "size": BATCH}, "optimizer": optimizer}
    )
    watch = Watch(task.target)
    trainer = Trainer(
        Subject(module, data.input_shape), data, recipe, run_seed, Position(), watch, lambda *_: watch.flush()
    )
    steps: int | None = None
    try:
        trainer.run()
    except Reached:
        steps = watch.step
    except Diverged:
        pass  # a miss like another
    return Outcome(steps, seen.samples / len(data.train), watch.best)


class Seen:
    """Counts the training samples that pass through `module`."""

    def __init__(self, module: nn.Module, data: Data) -> None:
        self.samples = 0
        module.register_forward_pre_hook(self._count)

    def _count(self, module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if module.training:
            self.samples += len(inputs[0])


def measure(job: tuple[Task, str, str]) -> Figure:
    """Choose the rate on the tuning seed, then run the others. `job`: task, optimizer's kind, folder of the data."""
    task, kind, folder = job
    prepare()
    default = Optimizer.choose(kind)
    tried = [default.model_copy(update={"lr": default.lr * factor}) for factor in RATES]
    best = min(tried, key=lambda optimizer: rank(once(task, optimizer, TUNING, Path(folder))))
    return Figure(best.lr, [once(task, best, run_seed, Path(folder)) for run_seed in SEEDS])


def rank(outcome: Outcome) -> tuple[bool, int, float]:
    """Sort key, best first: fewer steps to the target; then, or where the target was missed, higher accuracy."""
    return outcome.steps is None, outcome.steps or 0, -outcome.best


@cache
def prepare() -> None:
    torch.set_num_threads(1)
    discover()


# ---- the page


def interval(values: Sequence[float]) -> str:
    """The mean and the half width of its 95 % interval by Student's t."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{mean:,.0f}"
    half = T95[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean:,.0f} ± {half:,.0f}"


def row(kind: str, figure: Figure) -> str:
    hits = figure.hits
    steps = interval([float(hit.steps) for hit in hits if hit.steps is not None]) if hits else "—"
    passes = f"{statistics.fmean(hit.passes for hit in hits):.1f}" if hits else "—"
    best = statistics.fmean(outcome.best for outcome in figure.outcomes)
    missed = len(figure.outcomes) - len(hits)
    return f"| `{kind}` | {figure.rate:.2g} | {steps} | {passes} | {missed} of {len(figure.outcomes)} | {best:.3f} |"


def table(task: Task, figures: dict[str, Figure]) -> str:
    head = [
        f"### {task.name}: to {task.target:.0%} of the validation split",
        "",
        "| optimizer | rate | steps | passes | missed | best accuracy |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join(head + [row(kind, figure) for kind, figure in figures.items()])


def catalog(kinds: Sequence[str]) -> str:
    """Summary of each optimizer, from its component's docstring."""
    parts = []
    for kind in kinds:
        component = components("optimizers")[kind]
        text = " ".join(inspect.cleandoc(component.__doc__ or "").split())
        parts.append(f"**`{kind}`** — {text}\n\n`{component.formula}`\n\n{component.reference}.")
    return "\n\n".join(parts)


def page(figures: dict[str, dict[str, Figure]], seconds: float) -> str:
    tables = "\n\n".join(table(task, figures[task.name]) for task in TASKS)
    return f"""# Optimizers

Rules by which the gradient changes the weights. A spec names one as `optimizer: adam`, or with its hyper-parameters as
`optimizer: {{kind: adam, lr: 0.002}}`. g is the batch's gradient ∇J, α the learning rate, θ the weights.

## Measured

`{COMMAND}` made this page ({seconds / 60:.0f} minutes by the clock on 2 cores, CPU, one thread a run).
The rate is the best of {len(RATES)} (⅓, 1, 3 and 10 times the default) on one seed; steps and passes are over
{len(SEEDS)} other seeds, with a 95 % interval of the mean by Student's t. A step sees {BATCH} samples; `gradient_descent`
and `lbfgs` see the whole training split in each. *Passes* are over the training split and count every gradient: `sam`
takes two a step, `lbfgs` twenty or more; that is the fairer measure of cost. The validation split is looked at after each
epoch, so steps come in whole epochs. *Missed* runs did not get there in {TASKS[0].epochs} epochs ({100} for
`gradient_descent`, 6 for `lbfgs`); steps and passes are the mean over the others alone, best accuracy that of all.
The tasks are small and no rate follows a schedule: this says how fast each starts, not how well it ends.
A rate of a third of the default or ten times it lies at the edge of what was tried: a better one may lie beyond.

{tables}

## What each one is

{catalog(list(figures[TASKS[0].name]))}
"""


def main() -> None:
    kinds = sys.argv[1:] or ORDER
    prepare()
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [(task, kind, folder) for task in TASKS for kind in kinds]
        figures: dict[str, dict[str, Figure]] = {task.name: {} for task in TASKS}
        for (task, kind, _), figure in zip(
            watch.through(jobs, "optimizer and task"), pool.map(measure, jobs), strict=True
        ):
            if not figures[task.name]:
                print(table(task, {}))
            figures[task.name][kind] = figure
            print(row(kind, figure))
    if set(kinds) == set(components("optimizers")):
        PAGE.write_text(page(figures, clock.seconds()))


if __name__ == "__main__":
    sys.exit(watch.run(main))
