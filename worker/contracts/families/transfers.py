"""Transfers: they take over parts of another run's model as a start."""

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import replace

from torch import Tensor, nn

from worker.contracts.component import Component
from worker.contracts.context import Context
from worker.contracts.drawing import Picture
from worker.contracts.subject import Subject
from worker.nn import layer_matching
from worker.nn.freezing import freeze

OWN, TAKEN, FROZEN = 0.35, 0.8, 1.0
"""Shades of a layer in a picture: with weights of its own, with those of the other run, and with those at rest."""
LAYERS = 6  # of a model in a picture


class Transfer(Component, family="transfers", default="parameters"):
    """Takes over parts of another run's model, and chooses the layers that train from there on."""

    source: str

    @abstractmethod
    def transfer(self, subject: Subject, context: Context) -> Subject:
        """Copies layers of the model of `source` into the module, in place, and freezes those that must not train.

        Layers match by name and shape; those that do not are told and shown. Raises ValueError in one sentence when no
        layer matches, or when a name is not one of a layer.
        """

    def label(self) -> str:
        """Name on the timeline."""
        return self.kind

    def shades(self, layers: int) -> list[float] | None:
        """Treatment of each of so many layers, from the input to the output: `OWN`, `TAKEN` or `FROZEN`."""
        return None

    def drawing(self) -> Picture | None:
        shades = self.shades(LAYERS)
        return {"cells": [[shades]]} if shades else None


def take_over(
    subject: Subject,
    context: Context,
    source: str,
    copied: Collection[str],
    renewed: Collection[str] = (),
    frozen: Collection[str] = (),
) -> Subject:
    """Copies the layers in `copied` that match, reinitializes those in `renewed`, and logs both.

    Of the layers that were copied those in `frozen` rest from here on, and no others: one that does not match stays as
    it is and trains. Weights that were pruned there are pruned here.
    """
    theirs = context.source(source)
    unmatched = layer_matching.copy(subject.module, theirs.module, copied)
    taken = [layer for layer in copied if layer not in unmatched]
    if not taken:
        raise ValueError(_nothing_matches(source, unmatched))
    _start_again(subject.module, context.fresh(), renewed)
    resting = [layer for layer in taken if layer in frozen]
    freeze(subject.module, resting)
    _log(context, source, taken, resting, unmatched)
    reasons = {**unmatched, **dict.fromkeys(renewed, "starts again")}
    body = {
        "source": source,
        "copied": taken,
        "frozen": resting,
        "new": [{"layer": layer, "why": why} for layer, why in reasons.items()],
        "unused": [layer for layer in layer_matching.layers(theirs.module) if layer not in taken],
    }
    context.show("transfer", body)
    return replace(subject, masks=_masks(subject, theirs, taken, renewed))


def _start_again(module: nn.Module, fresh: nn.Module, names: Collection[str]) -> None:
    for layer, why in layer_matching.copy(module, fresh, names).items():
        raise ValueError(
            f"The layer `{layer}` cannot be reinitialized, {why}: put the transfer before the stage that removes channels."
        )


def _masks(subject: Subject, theirs: Subject, taken: Collection[str], renewed: Collection[str]) -> dict[str, Tensor]:
    layers = layer_matching.layers(subject.module)
    changed = {entry for layer in [*taken, *renewed] for entry in layers[layer]}
    kept = {name: mask for name, mask in subject.masks.items() if name not in changed}
    return kept | {entry: theirs.masks[entry] for layer in taken for entry in layers[layer] if entry in theirs.masks}


def _nothing_matches(source: str, unmatched: dict[str, str]) -> str:
    if not unmatched:
        return "Every layer of the model would be reinitialized, so nothing is transferred: name fewer layers to train."
    layer, why = next(iter(unmatched.items()))
    return (
        f"No layer of the model matches one of run `{source}` by name and shape (`{layer}`: {why}): "
        "name a run with the same kind of model, or use such a model here."
    )


def _log(
    context: Context, source: str, taken: Collection[str], resting: Collection[str], unmatched: dict[str, str]
) -> None:
    context.log(f"Copied from run {source}: {', '.join(taken)}. Frozen: {', '.join(resting) or 'nothing'}.")
    for layer, why in unmatched.items():
        context.log(f"Not copied: `{layer}`, because {why}. It keeps its weights and trains.", "warning")
