"""Training speed: with live telemetry of every step, against a bare loop and against a DataLoader loop.

All train the same model on the same data with Adam and one thread. The bare loop has what ours has: the data resident, the
optimizer fused, the weights of convolutions in the same order of memory, and the same batches, so that it ends with the
same weights, bit for bit. The DataLoader loop is that of the tutorials: it leaves all this as torch has it. Telemetry
goes through a real pipe to a process that writes it into SQLite as the product does; a checkpoint is written every five
seconds, as by default. The loops take turns, in another order each round, and each figure is the median over the rounds of
the ratio in a round, with the range of its middle half. The bare loop runs twice in a round: its ratio to itself is the
noise. A checkpoint falls into one round in ten, so the medians leave it out.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from backend.domain.experiment.experiment import Diagnosis as Plan
from backend.domain.settings import Settings
from benchmarks import watch
from benchmarks.recorder import RecorderLink
from worker.contracts.component import discover
from worker.contracts.families.models import Model
from worker.contracts.recipe import Recipe
from worker.contracts.subject import Subject, arrange
from worker.data.tensors import Data, Split
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import Checkpoints, Position, State
from worker.engine.diagnostics.diagnose import Diagnosis
from worker.engine.reporter import Clock, Reporter
from worker.engine.steering.control import Control
from worker.engine.training.trainer import Trainer

ROUNDS = 15
CLASSES = 10


@dataclass(frozen=True)
class Case:
    """A model on images of `side` × `side` pixels; `samples` last about half a second."""

    model: str
    side: int  # 8 as in digits, 28 as in Fashion-MNIST
    batch: int
    samples: int

    def __str__(self) -> str:
        return f"{self.model}, {self.side} × {self.side}, batches of {self.batch}"

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.side, self.side


CASES = [
    Case("mlp", 8, 32, 32_000),
    Case("mlp", 8, 128, 64_000),
    Case("mlp", 28, 32, 16_000),
    Case("mlp", 28, 128, 32_000),
    Case("lenet5", 28, 32, 3_200),
    Case("lenet5", 28, 128, 6_400),
]
CHECKPOINT_SECONDS = Settings.model_fields["checkpoint_seconds"].default


class Bench:
    """The loops on one case; each trains one epoch from fresh weights and returns its seconds."""

    def __init__(self, case: Case, link: RecorderLink, folder: Path) -> None:
        self.shape, self.batch, self.link, self.folder = case.shape, case.batch, link, folder
        self.model = Model.choose({"kind": case.model})
        self.recipe = Recipe.model_validate({"epochs": 1, "batch": {"kind": "fixed", "size": case.batch}})
        generator = torch.Generator().manual_seed(0)
        inputs = torch.randn(case.samples, *case.shape, generator=generator)
        targets = torch.randint(CLASSES, (len(inputs),), generator=generator)
        train, few = Split(inputs, targets), Split(inputs[: case.batch], targets[: case.batch])
        self.data = Data(train, few, few, CLASSES)
        self.clock, self.step, self.checkpointed = Clock(), 0, perf_counter()

    def fresh(self) -> nn.Module:
        seed.plant(0, "model")
        return self.model.build(self.shape, CLASSES)

    def lathe(self, diagnosis: Diagnosis | None = None) -> float:
        """The product's loop."""
        subject = Subject(self.fresh(), self.shape)
        reporter, control = Reporter(self.link, self.clock, len(self.data.train) // self.batch), Control(self.link)
        checkpoints = Checkpoints(self.folder, "checkpoints")

        def attend(position: Position, trainer: Trainer) -> None:
            reporter.flush()
            control.poll(position.step)
            if perf_counter() - self.checkpointed >= CHECKPOINT_SECONDS:
                state = State(position, subject, self.clock.seconds(), 0.0, trainer.state())
                self.link.send(checkpoints.write(state, stage=0))
                self.checkpointed = perf_counter()

        reporter.start(0, self.step)
        trainer = Trainer(
            subject, self.data, self.recipe, 0, Position(step=self.step), reporter, attend, diagnosis=diagnosis
        )
        began = perf_counter()
        self.step = trainer.run()
        seconds = perf_counter() - began
        self.trained = subject.module
        return seconds

    def diagnosed(self) -> float:
        """The same loop with the default diagnostics."""
        return self.lathe(Diagnosis(Plan()))

    def bare(self) -> float:
        """The loop that one writes by hand when nothing has to be shown."""
        module, inputs, targets = (
            arrange(Subject(self.fresh(), self.shape)),
            self.data.train.inputs,
            self.data.train.targets,
        )
        random = seed.generator(0, "shuffle", 0, 0, 0)
        optimizer = self.recipe.optimizer.build(module.parameters())
        began = perf_counter()
        order = torch.randperm(len(inputs), generator=random)
        for start in range(0, len(inputs), self.batch):
            index = order[start : start + self.batch]
            loss = functional.cross_entropy(module(inputs[index]), targets[index])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        seconds = perf_counter() - began
        self.trained = module
        return seconds

    def loader(self) -> float:
        """The loop of the tutorials, with Adam and torch's defaults."""
        module = self.fresh().train()
        optimizer = torch.optim.Adam(module.parameters())
        data = TensorDataset(self.data.train.inputs, self.data.train.targets)
        began = perf_counter()
        for inputs, targets in DataLoader(data, batch_size=self.batch, shuffle=True):
            loss = functional.cross_entropy(module(inputs), targets)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        return perf_counter() - began


def measure(loops: list[Callable[[], float]], rounds: int, what: str) -> list[list[float]]:
    """Seconds of each loop in each round, after one round that does not count; the order turns from round to round."""
    for loop in loops:
        loop()
    times: list[list[float]] = [[] for _ in loops]
    for number in watch.through(range(rounds), what):
        for place in range(len(loops)):
            index = (place + number) % len(loops)
            times[index].append(loops[index]())
    return times


def same_weights(bench: Bench) -> bool:
    """True when our loop ends with the same bits as the bare loop."""
    bench.lathe()
    ours = bench.trained.state_dict()
    bench.bare()
    return all(torch.equal(weight, ours[name]) for name, weight in bench.trained.state_dict().items())


def ratio(others: list[float], ours: list[float]) -> str:
    """Median, and the range of the middle half, of how many times as fast ours is."""
    low, middle, high = statistics.quantiles((other / own for other, own in zip(others, ours, strict=True)), n=4)
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    torch.set_num_threads(1)
    discover()
    print("| training | steps/s | ÷ bare loop | with diagnosis ÷ bare loop | bare loop ÷ itself | ÷ DataLoader loop |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        link = RecorderLink(Path(folder))
        for case in CASES:
            bench = Bench(case, link, Path(folder))
            assert same_weights(bench), case
            loops = [bench.lathe, bench.bare, bench.diagnosed, bench.bare, bench.loader]
            ours, bare, diagnosed, again, loader = measure(loops, rounds, f"{case}, round")
            speed = case.samples / case.batch / statistics.median(ours)
            ratios = (ratio(bare, ours), ratio(again, diagnosed), ratio(bare, again), ratio(loader, ours))
            print(f"| {case} | {speed:,.0f} | {' | '.join(ratios)} |")
        link.close()


if __name__ == "__main__":
    sys.exit(watch.run(main))
