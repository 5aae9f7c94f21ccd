"""Weights that share few values: clusters, and training that moves them as one.

Han, Mao, Dally: Deep Compression (2016), sections 3.1 to 3.3.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from worker.contracts.callback import Callback
from worker.contracts.context import Context
from worker.contracts.subject import Subject
from worker.nn.kinds import Convolution, Prunable

ITERATIONS = 300


def k_means(values: Tensor, entries: int) -> Tensor:
    """At most `entries` centroids, ascending, that stand for `values` [n] with a small squared error; float64.

    They begin evenly spaced from the least value to the largest, which keeps the few large weights, that matter most,
    better than a random beginning. Lloyd's steps follow until no value changes its cluster. Empty clusters vanish.
    """
    ordered = values.detach().double().cpu().sort().values
    sums = torch.cat([torch.zeros(1, dtype=torch.float64), ordered.cumsum(0)])
    centroids = torch.linspace(ordered[0].item(), ordered[-1].item(), entries, dtype=torch.float64).unique()  # type: ignore[no-untyped-call]
    ends = torch.zeros(0, dtype=torch.int64)
    for _ in range(ITERATIONS):
        borders = (centroids[:-1] + centroids[1:]) / 2
        before, ends = ends, torch.cat([torch.searchsorted(ordered, borders, right=True), torch.tensor([len(ordered)])])
        if torch.equal(before, ends):
            break
        starts = torch.cat([torch.zeros(1, dtype=torch.int64), ends[:-1]])
        taken = ends > starts
        starts, ends = starts[taken], ends[taken]
        centroids = (sums[ends] - sums[starts]) / (ends - starts)
    found: Tensor = centroids
    return found


def nearest(values: Tensor, centroids: Tensor) -> Tensor:
    """The number of the centroid, of ascending ones, that is nearest to each value."""
    borders = ((centroids[:-1] + centroids[1:]) / 2).to(values.device)
    numbers: Tensor = torch.bucketize(values.detach().double(), borders)
    return numbers


@dataclass(frozen=True)
class Codebooks:
    """Number of values of each tensor: 2^bits, beside the zeros of a mask, which are no entry of its codebook."""

    linear: int  # bits of each weight matrix
    convolution: int  # of each filter bank
    bias: int  # of each bias vector that is longer than its codebook; 0 leaves them all as they are
    short: bool = False  # whether entries are rounded to bfloat16

    def bits(self, module: nn.Module) -> dict[str, int]:
        """Bits of every tensor that is shared, by parameter name."""
        found: dict[str, int] = {}
        for path, layer in module.named_modules():
            if not isinstance(layer, Prunable):
                continue
            weights = self.convolution if isinstance(layer, Convolution) else self.linear
            for name, tensor in layer.named_parameters(prefix=path):
                if name.removeprefix(f"{path}.").startswith("weight"):
                    found[name] = weights
                elif self.bias and tensor.numel() > 2**self.bias:
                    found[name] = self.bias
        return found

    def entries(self, values: Tensor) -> Tensor:
        """The values as entries of a codebook."""
        return values.bfloat16().to(values.dtype) if self.short else values


@torch.no_grad()
def share(subject: Subject, codebooks: Codebooks) -> list[dict[str, Any]]:
    """Replaces the values of each tensor by its codebook, in place; returns the error of each tensor.

    Raises ValueError when a tensor has no more values than its codebook has entries.
    """
    subject.apply_masks()
    costs = []
    for name, bits in codebooks.bits(subject.module).items():
        weight = subject.module.get_parameter(name)
        kept = _remaining(subject, name)
        values = weight[kept]
        check(name, bits, len(values))
        centroids = k_means(values, 2**bits)
        shared = codebooks.entries(centroids.to(values))[nearest(values, centroids)]
        costs.append(_cost(name, bits, values, shared))
        weight[kept] = shared
    return costs


def check(name: str, bits: int, values: int) -> None:
    """Raises ValueError when a tensor has no more values than its codebook has entries."""
    if values <= 2**bits:
        raise ValueError(
            f"weight sharing with {bits} bits would give `{name}` a codebook of {2**bits} entries for {values} "
            "weights, which saves nothing; take fewer bits, or prune less"
        )


def _remaining(subject: Subject, name: str) -> Tensor:
    """Places of the tensor's own values: all, or those that its mask keeps."""
    weight = subject.module.get_parameter(name)
    return subject.masks.get(name, torch.ones_like(weight, dtype=torch.bool))


def _cost(name: str, bits: int, values: Tensor, shared: Tensor) -> dict[str, Any]:
    error = float((values - shared).double().square().mean())
    signal = float(values.double().square().mean())
    return {
        "name": name,
        "values": len(values),
        "bits": bits,
        "mse": error,
        "sqnr_db": 10 * math.log10(signal / error) if error and signal else None,
        "levels_used": len(shared.unique()),  # type: ignore[no-untyped-call]
    }


@dataclass
class _Shared:
    """One tensor: `labels` [n] say which cluster each of the kept values, at `places` [n] of it, belongs to."""

    weight: nn.Parameter
    places: Tensor
    labels: Tensor
    clusters: int

    def own(self, values: Tensor) -> Tensor:
        """Of `values`, shaped like the weight, those [n] that are shared."""
        return values.reshape(-1)[self.places]

    def sums(self, own: Tensor) -> Tensor:
        """The sum of values [n] over each cluster."""
        zeros = torch.zeros(self.clusters, dtype=torch.float64, device=own.device)
        return zeros.index_add_(0, self.labels, own.double())

    def means(self, own: Tensor) -> Tensor:
        """The mean of values [n] over each cluster; not a number where a cluster has no member."""
        return self.sums(own) / torch.bincount(self.labels, minlength=self.clusters)


class Sharing(Callback):
    """Clusters move as one: a cluster's gradient is the sum of its members', which all take the same step."""

    def __init__(self, codebooks: Codebooks) -> None:
        self._codebooks = codebooks
        self._shared: dict[str, _Shared] = {}

    def start(self, subject: Subject, context: Context) -> None:
        """Equal values are one cluster."""
        for name in self._codebooks.bits(subject.module):
            places = _remaining(subject, name).reshape(-1).nonzero().squeeze(1)
            weight = subject.module.get_parameter(name)
            if weight.requires_grad:
                values, labels = weight.detach().reshape(-1)[places].unique(return_inverse=True)  # type: ignore[no-untyped-call]
                self._shared[name] = _Shared(weight, places, labels, len(values))

    def state(self) -> dict[str, Any]:
        """Clusters of the weights. Two clusters stay separate even when their values become equal by chance."""
        return {name: {"labels": one.labels, "clusters": one.clusters} for name, one in self._shared.items()}

    def load(self, state: Mapping[str, Any]) -> None:
        for name, one in self._shared.items():
            one.labels, one.clusters = state[name]["labels"].to(one.labels.device), state[name]["clusters"]

    @torch.no_grad()
    def gradients(self) -> None:
        for one in self._shared.values():
            gradient = one.weight.grad
            if gradient is not None:
                self._spread(one, gradient, one.sums(one.own(gradient)))

    @torch.no_grad()
    def after_step(self, done: int, total: int) -> None:
        """Restores equal values within each cluster, which rounding or a matrix optimizer may have separated."""
        for one in self._shared.values():
            self._spread(one, one.weight, self._means(one))

    @torch.no_grad()
    def finish(self) -> None:
        for one in self._shared.values():
            self._spread(one, one.weight, self._codebooks.entries(self._means(one).to(one.weight.dtype)))

    def _means(self, one: _Shared) -> Tensor:
        return one.means(one.own(one.weight))

    def _spread(self, one: _Shared, target: Tensor, entries: Tensor) -> None:
        """Each cluster's entry to all of its members; zero to what is masked."""
        flat = torch.zeros(target.numel(), dtype=target.dtype, device=target.device)
        flat[one.places] = entries.to(target.dtype)[one.labels]
        target.copy_(flat.view(target.shape))


class Regrouping(Sharing):
    """Weights choose their clusters again after each step.

    Each tensor has latent values; its weights are the entries that are nearest to them, and gradients pass straight through
    (Bengio, Léonard, Courville 2013, arXiv:1308.3432): a latent value takes the step that the optimizer takes with the
    weight in its place. Then one of Lloyd's steps moves the entries after their members.
    """

    def __init__(self, codebooks: Codebooks) -> None:
        super().__init__(codebooks)
        self._latent: dict[str, Tensor] = {}  # [n] each
        self._entries: dict[str, Tensor] = {}  # [clusters] each, ascending, float64

    def start(self, subject: Subject, context: Context) -> None:
        super().start(subject, context)
        for name, one in self._shared.items():
            self._latent[name] = one.own(one.weight.detach()).clone()
            self._entries[name] = one.means(self._latent[name])

    def state(self) -> dict[str, Any]:
        return {"shared": super().state(), "latent": self._latent, "entries": self._entries}

    def load(self, state: Mapping[str, Any]) -> None:
        super().load(state["shared"])
        for name, one in self._shared.items():
            self._latent[name] = state["latent"][name].to(one.weight.device)
            self._entries[name] = state["entries"][name].to(one.weight.device)

    def gradients(self) -> None:
        """Every weight keeps its own."""

    @torch.no_grad()
    def after_step(self, done: int, total: int) -> None:
        for name, one in self._shared.items():
            latent, entries = self._latent[name], self._entries[name]
            latent += one.own(one.weight) - entries.to(latent.dtype)[one.labels]
            one.labels = nearest(latent, entries)
            means = one.means(latent)
            self._entries[name] = torch.where(means.isnan(), entries, means)
            self._spread(one, one.weight, self._entries[name])
