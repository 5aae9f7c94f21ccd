"""Augmentation: batches on the device, against one sample after the other in a DataLoader.

Both read uint8 images in random order and give batches of float32. Ours are the product's own: `augmented` gathers a
batch, changes it and prepares it. The other side is a Dataset whose transforms have the same mathematics, written
by hand for one sample at a time, as is usual: in torch and in NumPy, each with no worker process and with two. Ours
has one thread; workers make it up to three processes on the other side. The loops take turns; each figure is the
median over the rounds, and a ratio the median of the ratios in a round.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks import watch
from benchmarks.single import numpy_transform, torch_transform
from worker.contracts.component import discover
from worker.contracts.families.augmentations import Augmentation
from worker.data.tensors import Array, Corpus, Data, Samples
from worker.engine import seed
from worker.engine.input.augment import augment
from worker.engine.input.storage import Storing, store

ROUNDS, BATCH, SAMPLES, ALONE = 7, 128, 12_800, 1_280
SHAPES = {"28 × 28 × 1": (1, 28, 28), "32 × 32 × 3": (3, 32, 32)}
GEOMETRY = ("random_crop", "horizontal_flip", "rotation")
CHAINS = [("28 × 28 × 1", GEOMETRY), ("32 × 32 × 3", GEOMETRY), ("32 × 32 × 3", (*GEOMETRY, "color_jitter"))]

Loop = Callable[[], tuple[int, float]]  # how many images it changed, and the seconds that took


class PerSample(Dataset[tuple[Tensor, int]]):
    """Changes each image when it is asked for."""

    def __init__(self, images: Array, targets: Array, change: Callable[[Array], Tensor]) -> None:
        self.images, self.targets, self.change = images, targets, change

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.change(self.images[index]), int(self.targets[index])


class Ours:
    """One pass over the samples in batches, as the trainer takes them."""

    def __init__(self, data: Data, kinds: tuple[str, ...]) -> None:
        self.data, self.chain = data, [Augmentation.choose(kind) for kind in kinds]

    def __call__(self) -> tuple[int, float]:
        began = perf_counter()
        for number, batch in enumerate(self.data.train.fetch(torch.randperm(len(self.data.train)).split(BATCH))):
            augment(batch, self.data.outputs, self.chain, seed.derive(0, "augment", number))
        return len(self.data.train), perf_counter() - began


class Theirs:
    """One pass of a DataLoader over `ALONE` samples. Its worker processes are kept between passes."""

    def __init__(self, samples: PerSample, workers: int) -> None:
        many = ALONE * max(1, workers)
        part = torch.utils.data.Subset(samples, range(many))
        self.loader = DataLoader(part, BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0)

    def __call__(self) -> tuple[int, float]:
        batches: Iterator[object] = iter(self.loader)
        began = perf_counter()
        count = sum(BATCH for _ in batches)
        return count, perf_counter() - began


def measure(loops: list[Loop], rounds: int, what: str) -> list[list[float]]:
    """Images a second of each loop in each round, after one that does not count; the order turns from round to round."""
    for loop in loops:
        loop()
    speeds: list[list[float]] = [[] for _ in loops]
    for number in watch.through(range(rounds), what):
        for place in range(len(loops)):
            index = (place + number) % len(loops)
            count, seconds = loops[index]()
            speeds[index].append(count / seconds)
    return speeds


def ratio(ours: list[float], others: list[float]) -> str:
    """Median, and the range of the middle half, of how many times as fast ours is."""
    low, middle, high = statistics.quantiles((own / other for own, other in zip(ours, others, strict=True)), n=4)
    return f"{middle:.1f} ({low:.1f}–{high:.1f})"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    torch.set_num_threads(1)
    discover()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"Ours on {device}, everything else on {os.cpu_count()} CPU cores; batches of {BATCH}.\n")
    print("| images | augmentations | done by | images/s | ours is faster by |")
    print("|---|---|---|---|---|")
    for name, kinds in CHAINS:
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (SAMPLES, *SHAPES[name]), dtype=np.uint8)
        targets = random.integers(0, 10, SAMPLES)
        samples = Samples(images, targets)
        with tempfile.TemporaryDirectory() as folder:
            corpus = Corpus(samples, samples, samples, "classification", 10)
            data = store(corpus, None, Storing("device", device, Path(folder), augmented=True))
        loops: dict[str, Loop] = {"ours, one thread": Ours(data, kinds)}
        for library, transform in (("torch", torch_transform), ("NumPy", numpy_transform)):
            for workers in (0, 2):
                alone = PerSample(images, targets, transform(kinds))
                loops[f"one by one, {library}, {workers} workers"] = Theirs(alone, workers)
        speeds = measure(list(loops.values()), rounds, f"{name}, {', '.join(kinds)}, round")
        for way, found in zip(loops, speeds, strict=True):
            speed = statistics.median(found)
            faster = "" if found is speeds[0] else ratio(speeds[0], found)
            print(f"| {name} | {', '.join(kinds)} | {way} | {speed:,.0f} | {faster} |")


if __name__ == "__main__":
    sys.exit(watch.run(main))
