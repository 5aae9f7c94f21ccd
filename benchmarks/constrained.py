"""Compares the constrained pruner with the best of a fine grid, and counts the evaluations of each.

`python -m benchmarks.constrained` trains four models on the digits and prunes each under several bounds. The grid
tries each of 100 sparsities, 0.00 to 0.99, in the same way.
"""

import copy
import statistics
import sys
import tempfile
from pathlib import Path

import torch
from torch.nn import functional

from benchmarks import watch
from benchmarks.around import Around
from worker.contracts.component import discover
from worker.contracts.families.models import Model
from worker.contracts.families.pruners import Pruner
from worker.contracts.masks import removed_share
from worker.contracts.subject import Subject
from worker.data.tensors import Data
from worker.engine import seed
from worker.engine.input.load import Wanted, load

GRID = [number / 100 for number in range(100)]
EPOCHS = 15
BOUNDS = (("drop", 0.01), ("drop", 0.03), ("drop", 0.1), ("loss", 1.1), ("loss", 1.5), ("loss", 3.0))
"""Quantity and its bound; a bound on the loss is a multiple of the trained model's loss."""


def trained(kind: str, data: Data) -> Subject:
    seed.plant(0, "model")
    model = Model.choose({"kind": kind})
    subject = Subject(model.build(data.input_shape, data.outputs), data.input_shape)
    optimizer = torch.optim.Adam(subject.module.parameters(), 1e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(data.train)).split(64):
            inputs, targets = data.train.batch(batch)
            functional.cross_entropy(subject.module(inputs), targets).backward()
            optimizer.step()
            optimizer.zero_grad()
    return subject


def tried(base: Subject, run: Around) -> list[tuple[float, float, float]]:
    """(sparsity, validation loss, accuracy) of each sparsity on the grid."""
    rows = []
    for sparsity in watch.through(GRID, "sparsity of the grid"):
        pruned = Pruner.choose({"kind": "magnitude", "sparsity": sparsity}).prune(copy.deepcopy(base), run)
        found = run.validate(pruned.module)
        rows.append((sparsity, found["loss"], found["accuracy"]))
    return rows


def main() -> None:
    torch.set_num_threads(1)
    discover()
    print("| model | bound | best of the grid | evaluations | searched | evaluations | of the grid's sparsity |")
    print("|---|---|---|---|---|---|---|")
    shares: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        data = load(Wanted.default({"kind": "digits"}), Path(name), 0, "cpu")
        for kind in ("lenet300", "cnn", "mlp", "gru"):
            base = trained(kind, data)
            rows = tried(base, Around(data))
            for criterion, amount in BOUNDS:
                shares.append(compared(kind, base, data, rows, criterion, amount))
    good = sum(share >= 0.95 for share in shares)
    print(
        f"\n{good} of {len(shares)} find 95 % of the grid's sparsity or more; median {statistics.median(shares):.1%}, "
        f"worst {min(shares):.1%}."
    )


def compared(
    kind: str, base: Subject, data: Data, rows: list[tuple[float, float, float]], criterion: str, amount: float
) -> float:
    """One line of the table; returns the share of the grid's sparsity that was found."""
    (_, loss, accuracy), *_ = rows
    bound = amount if criterion == "drop" else amount * loss
    meets = [
        sparsity for sparsity, found, right in rows if (accuracy - right if criterion == "drop" else found) <= bound
    ]
    run = Around(data)
    pruner = Pruner.choose({"kind": "constrained", "criterion": criterion, "bound": bound})
    found = removed_share(pruner.prune(copy.deepcopy(base), run))
    print(
        f"| {kind} | {criterion} ≤ {bound:.3g} | {max(meets):.2f} | {len(GRID)} | {found:.3f} | {run.validations} "
        f"| {found / max(meets):.1%} |"
    )
    return found / max(meets)


if __name__ == "__main__":
    sys.exit(watch.run(main))
