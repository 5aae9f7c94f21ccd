"""Channels of a layer that do nearly the same: grouped, and each group made one channel, without any data."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

TINY = 1e-30

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


@dataclass(frozen=True)
class Channels:
    """Computation of a layer's channels [C], float64: φ(E (x, 1)), which the next layer reads by its column."""

    rows: Tensor  # E [C, inputs + 1], the bias last, batch normalization included
    columns: Tensor  # [C, …]
    homogeneous: bool  # φ(s z) = s φ(z) for s > 0, so that channels may differ in scale

    @property
    def scale(self) -> Tensor:
        """The length of each row [C]; where the scale matters, their mean."""
        lengths: Tensor = torch.linalg.vector_norm(self.rows, dim=1)
        return lengths if self.homogeneous else lengths.mean().expand_as(lengths)

    @property
    def directions(self) -> Tensor:
        return self.rows / self.scale.clamp_min(TINY).unsqueeze(1)

    def clusters(self, ratio: float, threshold: float) -> list[list[int]]:
        """Every channel once: the most similar ones together, until `ratio` of the channels is gone or the next two groups
        lie further apart than `threshold`, in the mean over their members. One channel stays."""
        from sklearn.cluster import AgglomerativeClustering  # here: it takes seconds to load

        count = len(self.rows)
        groups = {channel: [channel] for channel in range(count)}
        most = min(round(ratio * count), count - 1)
        if most:
            tree = AgglomerativeClustering(n_clusters=None, distance_threshold=0.0, linkage="average")
            tree.fit(self.directions.numpy())
            for number, (one, other) in enumerate(tree.children_[:most].tolist()):
                if tree.distances_[number] > threshold:
                    break
                groups[count + number] = sorted(groups.pop(one) + groups.pop(other))
        return sorted(groups.values())

    def merge(self, members: list[int]) -> "Merged":
        """The mean direction of the members at their mean scale.

        A mean of directions is shorter than each of them, so what it computes would vary less, by √(1/n + (1 − 1/n) c)
        at a mean cosine c: it is brought back to their length (the approximate repair of model folding).
        """
        shares, scale = self._shares(members), self.scale[members].clamp_min(TINY)
        direction = shares @ self.directions[members]
        length = direction.norm().clamp_min(TINY) if self.homogeneous else torch.ones_like(scale[0])
        common = scale.mean()
        return Merged(common * direction / length, common * shares / (length * scale), self.scale[members] / common)

    def _shares(self, members: list[int]) -> Tensor:
        """Weight of each member [n] in the common direction; they sum to 1.

        Another row in place of a member's changes what the next layer sees by a (ε · x), where a is the member's column
        and ε the difference of the rows. As in Srinivas and Babu's saliency, the square of a is its weight.
        """
        weight = (self.scale[members] * self.columns[members].flatten(1).norm(dim=1)).square()
        total = weight.sum()
        return weight / total if total > TINY else torch.full_like(weight, 1 / len(members))


@dataclass(frozen=True)
class Merged:
    """A group's common channel: its row is Σ q_i E_i, its column the sum of the members' columns times `factors`."""

    row: Tensor  # [inputs + 1]
    parts: Tensor  # q [n]
    factors: Tensor  # [n]


@dataclass(frozen=True)
class Pair:
    """A layer, the batch normalization behind it, and the layer that reads its channels; pixel by pixel if flattened."""

    first: nn.Module
    norm: BatchNorm | None
    last: nn.Module

    def channels(self, homogeneous: bool) -> Channels:
        weight, bias = _matrix(self.first)
        gain, shift = torch.ones_like(bias), torch.zeros_like(bias)
        if self.norm is not None:
            mean, deviation = _statistics(self.norm)
            gain = exact(self.norm.weight) / deviation
            shift = exact(self.norm.bias) - gain * mean
        rows = torch.cat([gain.unsqueeze(1) * weight, (gain * bias + shift).unsqueeze(1)], 1)
        columns = by_channel(exact(self.last.get_parameter("weight")), 1, len(rows)).movedim(1, 0)
        return Channels(rows, columns, homogeneous)

    def merge(self, channels: Channels, clusters: list[list[int]]) -> None:
        """Make each cluster one channel, in place; a channel that is alone stays as it is, to the last bit."""
        weight, bias = _matrix(self.first)
        columns = channels.columns.clone()
        norm = _entries(self.norm) if self.norm is not None else {}
        for members in clusters:
            if len(members) > 1:
                common, place = channels.merge(members), members[0]
                columns[place] = torch.tensordot(common.factors, channels.columns[members], 1)
                if self.norm is None:
                    weight[place], bias[place] = common.row[:-1], common.row[-1]
                else:
                    weight[place] = _normalized(common, members, (weight, bias), norm, self.norm.eps)
                    bias[place] = 0.0
        kept = torch.tensor([members[0] for members in clusters])
        self._write(weight[kept], bias[kept], columns[kept], {name: values[kept] for name, values in norm.items()})

    def _write(self, weight: Tensor, bias: Tensor, columns: Tensor, norm: dict[str, Tensor]) -> None:
        first, last = self.first, self.last
        _replace(first, "weight", weight.reshape(-1, *first.get_parameter("weight").shape[1:]))
        if first.bias is not None:
            _replace(first, "bias", bias)
        _replace(last, "weight", columns.movedim(0, 1).flatten(1, 2))
        setattr(first, "out_features" if isinstance(first, nn.Linear) else "out_channels", len(weight))
        setattr(
            last, "in_features" if isinstance(last, nn.Linear) else "in_channels", last.get_parameter("weight").shape[1]
        )
        if self.norm is not None:
            self.norm.num_features = len(weight)
            for name, values in norm.items():
                _replace(self.norm, name, values)


def _normalized(
    common: Merged, members: list[int], layer: tuple[Tensor, Tensor], norm: dict[str, Tensor], eps: float
) -> Tensor:
    """The weights [inputs] of a common channel whose batch normalization, written into `norm` at its place, makes its row.

    Its statistics are those that training would find: the mean is that of Σ q_i E_i exactly; the variance takes the
    correlation of two channels to be the cosine of their weights, as it is for inputs that are not correlated.
    """
    weight, bias = (part[members] for part in layer)
    mean, variance, scale, _ = (norm[name][members] for name in _ENTRIES)
    deviation = (variance + eps).sqrt()
    gain = scale / deviation
    shared = gain.abs().mean().clamp_min(TINY)
    swings = common.parts * scale
    cosines = nn.functional.normalize(weight) @ nn.functional.normalize(weight).T
    center = (common.parts * gain * (mean - bias)).sum()
    spread = (swings @ cosines @ swings).clamp_min(0) / shared.square()
    place = members[0]
    norm["running_mean"][place], norm["running_var"][place] = center / shared, spread
    norm["weight"][place] = shared * (spread + eps).sqrt()
    norm["bias"][place] = common.row[-1] + center
    return common.row[:-1] / shared


def exact(weight: Tensor) -> Tensor:
    """A copy in float64 on the CPU, where it is the same on every machine: what is merged is rounded once, at the end."""
    return weight.detach().to("cpu", torch.float64, copy=True)


def by_channel(values: Tensor, dim: int, channels: int) -> Tensor:
    """`values` with its dimension `dim` split into channels and the places of each."""
    shape = values.shape
    return values.reshape(*shape[:dim], channels, -1, *shape[dim + 1 :])


_ENTRIES = ("running_mean", "running_var", "weight", "bias")


def _entries(norm: BatchNorm) -> dict[str, Tensor]:
    return {name: exact(getattr(norm, name)) for name in _ENTRIES}


def _statistics(norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """Mean and deviation [C] that it subtracts and divides by."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return exact(norm.running_mean), (exact(norm.running_var) + norm.eps).sqrt()


def _matrix(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Copies of weights [C, inputs] and biases [C], which are zero where there are none."""
    weight = exact(layer.get_parameter("weight")).flatten(1)
    biases = [exact(bias) for name, bias in layer.named_parameters() if name == "bias"]
    return weight, biases[0] if biases else torch.zeros_like(weight[:, 0])


def _replace(layer: nn.Module, name: str, values: Tensor) -> None:
    """A weight stays frozen if it was."""
    old = getattr(layer, name)
    new = values.to(old).contiguous()
    setattr(layer, name, nn.Parameter(new, old.requires_grad) if isinstance(old, nn.Parameter) else new)
