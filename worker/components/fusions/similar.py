"""Channels that do nearly the same."""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from worker.contracts.component import hyperparameter
from worker.contracts.context import Context
from worker.contracts.families.fusions import Fusion
from worker.contracts.subject import Subject, evaluating
from worker.nn.chains import Chain, chains
from worker.nn.channel_clusters import BatchNorm, Pair, by_channel
from worker.nn.kinds import Convolution

TRIED = (0.1, 0.25, 0.5, 0.75)

_Pooling = (
    nn.MaxPool1d | nn.MaxPool2d | nn.AvgPool1d | nn.AvgPool2d | nn.AdaptiveAvgPool1d | nn.AdaptiveAvgPool2d | nn.Flatten
)
_Scaling = nn.Identity | nn.ReLU | nn.LeakyReLU | nn.Dropout | nn.Dropout1d | nn.Dropout2d | _Pooling
_Bending = nn.GELU | nn.Tanh | nn.Sigmoid | nn.SiLU | nn.ELU | nn.ReLU6 | nn.Hardswish | nn.Softplus


class Similar(Fusion):
    """Merges channels and neurons that compute nearly the same into one; needs no data.

    Within each layer the channels with the most similar weights are grouped (average linkage); a group's common channel
    takes their mean direction at their mean scale, and the next layer's columns are added up, weighted by the scales.
    Behind ReLU channels may differ in scale, since φ(s z) = s φ(z); behind GELU, tanh and sigmoid they may not. Batch
    normalization counts as part of the weights, and its statistics become those of the common channel. Equal channels
    merge without a trace; others cost accuracy, which the stage shows on the validation split for several ratios.

    Layers take part that feed one other through activations, pooling and batch normalization: not those that are added
    to a stream or normalized over channels. Masks of an earlier stage follow.
    """

    formula = "k ← {i : W_i ≈ s_i û_k}, W₁[k] ← s̄ û_k, W₂[:, k] ← Σ_{i∈k} (s_i / s̄) W₂[:, i]"
    reference = (
        "Wang et al.: Forget the Data and Fine-Tuning! Just Fold the Network to Compress (2025), arXiv:2502.10216; "
        "Srinivas, Babu: Data-free Parameter Pruning for Deep Neural Networks (2015), arXiv:1507.06149"
    )
    needs = ("channels", "float")

    ratio: float = hyperparameter(
        0.25, gt=0, lt=1, description="Share of each layer's channels that merge away at most."
    )
    threshold: float = hyperparameter(
        2.0,
        gt=0,
        le=2,
        description="Largest distance between channels that merge, as the length of the difference of vectors of length 1: "
        "0.1 for nearly equal ones, 1.4 for unrelated ones, 2 for any.",
    )

    def fold(self, subject: Subject, context: Context) -> Subject:
        before = copy.deepcopy(subject)
        layers = self._merge(subject, self.ratio)
        if not layers:
            raise ValueError(
                "there are no channels to merge: no convolution or linear layer of this model feeds exactly one other "
                "through layers that keep channels separate"
            )
        if all(layer["after"] == layer["before"] for layer in layers):
            raise ValueError(
                f"no two channels merge at ratio {self.ratio:g} with `threshold: {self.threshold:g}`; raise them"
            )
        tried = [self._tried(copy.deepcopy(before), ratio, context) for ratio in sorted({0.0, *TRIED, self.ratio})]
        measured = "accuracy" if "accuracy" in tried[0] else "r2"
        context.show("similar", {"measured": measured, "layers": layers, "tried": tried, "chosen": self.ratio})
        return subject

    def _tried(self, subject: Subject, ratio: float, context: Context) -> dict[str, float]:
        """Result at another ratio; 0 is the model as it was."""
        if ratio:
            self._merge(subject, ratio)
        found = context.validate(subject.module)
        quality = {name: found[name] for name in ("accuracy", "r2") if name in found}
        return {"ratio": ratio, "parameters": sum(weight.numel() for weight in subject.module.parameters()), **quality}

    @torch.no_grad()
    def _merge(self, subject: Subject, ratio: float) -> list[dict[str, Any]]:
        """Merge in every layer that takes part, in their order; tells of each its channels before and after."""
        module, masks = subject.module, dict(subject.masks)
        layers = []
        with evaluating(module):
            for chain, norm, scales in _mergeable(module):
                pair = Pair(module.get_submodule(chain.first), norm, module.get_submodule(chain.last))
                channels = pair.channels(scales)
                clusters = channels.clusters(ratio, self.threshold)
                if len(clusters) < len(channels.rows):
                    pair.merge(channels, clusters)
                    _merge_masks(masks, chain, clusters, len(channels.rows))
                sizes = {"before": len(channels.rows), "after": len(clusters), "largest": max(map(len, clusters))}
                layers.append({"name": chain.first, **sizes})
        subject.masks = masks
        return layers

    def label(self) -> str:
        return f"similar {100 * self.ratio:.4g} %"


def _mergeable(module: nn.Module) -> Iterator[tuple[Chain, BatchNorm | None, bool]]:
    """Chains whose first layer's channels reach the last one each by itself, the batch normalization between them, and
    whether everything between them scales with its input."""

    def is_layer(layer: nn.Module) -> bool:
        return isinstance(layer, nn.Linear) or (isinstance(layer, Convolution) and layer.groups == 1)

    for chain in list(chains(module, is_layer, lambda layer: True, is_layer)):
        between = [module.get_submodule(path) for path in chain.between]
        steps = [layer for layer in between if not isinstance(layer, nn.Identity)]
        norm = steps[0] if steps and isinstance(steps[0], BatchNorm) else None
        if norm is not None and (not norm.affine or norm.running_mean is None):
            continue
        steps = steps[norm is not None :]
        ends = module.get_submodule(chain.first), module.get_submodule(chain.last)
        if all(isinstance(layer, _Scaling | _Bending) for layer in steps) and _apart(*ends, steps):
            yield chain, norm, all(isinstance(layer, _Scaling) for layer in steps)


def _apart(first: nn.Module, last: nn.Module, steps: list[nn.Module]) -> bool:
    """Returns whether pooling and flattening leave each channel where the last layer reads it: as adjacent pixels."""
    flattens = [(layer.start_dim, layer.end_dim) for layer in steps if isinstance(layer, nn.Flatten)]
    if isinstance(first, nn.Linear):
        return isinstance(last, nn.Linear) and not any(isinstance(layer, _Pooling) for layer in steps)
    return flattens == [(1, -1)] if isinstance(last, nn.Linear) else not flattens


def _merge_masks(masks: dict[str, Tensor], chain: Chain, clusters: list[list[int]], channels: int) -> None:
    """A common channel keeps a weight that one of its members keeps."""
    for path, dim in ((chain.first, 0), (chain.last, 1)):
        mask = masks.get(f"{path}.weight")
        if mask is not None:
            parts = by_channel(mask, dim, channels)
            remaining = torch.stack(
                [parts.index_select(dim, index).any(dim) for index in _indices(clusters, mask)], dim
            )
            masks[f"{path}.weight"] = remaining.flatten(dim, dim + 1)


def _indices(clusters: list[list[int]], like: Tensor) -> Iterator[Tensor]:
    return (torch.tensor(members, device=like.device) for members in clusters)
