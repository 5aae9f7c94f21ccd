"""Measures the cost of diagnosis: trains with the default diagnosis and without, in turns within one process.

A figure is the median over the rounds of the ratio of the two times in a round, with the range of its middle half. The
cost of one probe comes from a third loop that probes at every step. From it follows the share of time that probes take
at the default interval, which the ratio shows less clearly on a busy machine. A probe's cost includes everything that
it causes: hooks, copies, histograms, diagnostics, messages. Times are CPU times, so that other work hardly counts.
"""

import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import process_time

import torch

from backend.domain.experiment.experiment import Diagnosis as Plan
from benchmarks import watch
from benchmarks.recorder import RecorderLink
from benchmarks.training import CLASSES, measure
from worker.contracts.component import discover
from worker.contracts.families.models import Model
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject
from worker.data.tensors import Data, Split
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Position
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.reporter import Clock, Reporter
from worker.engine.training.trainer import Trainer

ROUNDS = 15
# Model, pixels on a side, batch, steps: two looks at least.
CASES = [
    ("mlp", 8, 32, 1000),
    ("mlp", 28, 32, 400),
    ("mlp", 28, 128, 200),
    ("lenet5", 28, 64, 100),
    ("cnn", 28, 64, 100),
]


class Bench:
    """Trains one epoch from fresh weights with either plan."""

    def __init__(self, model: str, side: int, batch: int, steps: int, link: RecorderLink) -> None:
        self.model, self.link = Model.choose({"kind": model}), link
        self.shape = (1, side, side)
        self.recipe = Recipe.model_validate({"epochs": 1, "batch": {"kind": "fixed", "size": batch}})
        generator = torch.Generator().manual_seed(0)
        inputs = torch.randn(batch * steps, *self.shape, generator=generator)
        targets = torch.randint(CLASSES, (len(inputs),), generator=generator)
        few = Split(inputs[:batch], targets[:batch])
        self.data = Data(Split(inputs, targets), few, few, CLASSES)
        self.clock, self.step = Clock(), 0

    def train(self, plan: Plan) -> float:
        seed.plant(0, "model")
        subject = Subject(self.model.build(self.shape, CLASSES), self.shape)
        reporter = Reporter(self.link, self.clock, len(self.data.train))
        reporter.start(0, self.step)
        trainer = Trainer(
            subject,
            self.data,
            self.recipe,
            0,
            Position(step=self.step),
            reporter,
            lambda position, trainer: reporter.flush(),
            diagnosis=Diagnosis(plan),
        )
        began = process_time()
        self.step = trainer.run()
        return process_time() - began


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    torch.set_num_threads(1)
    discover()
    plan = Plan()
    print(
        f"| training | pixels | batch | ms/step | ms a look | looks' share, one in {plan.every} | time with ÷ without |"
    )
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        link = RecorderLink(Path(folder))
        for case in watch.through(CASES, "model"):
            report(*case, rounds, plan, link)
        link.close()


def report(model: str, side: int, batch: int, steps: int, rounds: int, plan: Plan, link: RecorderLink) -> None:
    bench = Bench(model, side, batch, steps, link)
    plans = [plan, Plan(every=0), Plan(every=1, histograms=plan.histograms)]
    with_it, without, always = measure(
        [partial(bench.train, one) for one in plans], rounds, f"{model}, {side} × {side}, round"
    )
    low, middle, high = statistics.quantiles((on / off for on, off in zip(with_it, without, strict=True)), n=4)
    step = statistics.median(without) / steps * 1000
    look = statistics.median(on - off for on, off in zip(always, without, strict=True)) / steps * 1000
    share = look / (plan.every * step)
    about = f"| {model} | {side} × {side} | {batch} | {step:.3f} | {look:.3f} | {share:.1%} "
    print(f"{about}| {middle:.3f} ({low:.3f}–{high:.3f}) |")


if __name__ == "__main__":
    sys.exit(watch.run(main))
