"""Average the models of several runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field
from torch import nn

from worker.compression import model_soup
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.context import Context
from worker.contracts.drawing import FALLING, Picture, line
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Transform
from worker.contracts.subject import Subject


@dataclass(frozen=True)
class Ingredient:
    name: str
    subject: Subject
    quality: float  # on the validation split


class Soup(Stage):
    """Averages the weights of several runs' models into one: often better than the best, at the cost of a single one.

    The models must have the same layers, and should go back to the same trained weights (a run that others were
    transferred from): the mean of models that found different valleys lies on the ridge between. It takes the place of
    the model that came in. `uniform` takes all; `greedy` adds one after the other, the best first, and keeps what does
    not make the mean worse on the validation split. Statistics of batch normalization are taken again.
    """

    formula = "θ ← (1/k) Σ θᵢ over the k ingredients"
    reference = "Wortsman et al.: Model soups (2022), arXiv:2203.05482"
    needs = ("float",)

    sources: list[Annotated[str, Field(max_length=64)]] = hyperparameter(
        [],
        max_length=32,
        marks=Mark.RUN | Mark.SAME_DATA,
        description="Runs whose models are averaged: their ids, or `id:stage`.",
    )
    method: Literal["uniform", "greedy"] = hyperparameter("uniform", description="All of them, or those that help.")

    def phases(self) -> Sequence[Phase]:
        return [Transform(self._cook)]

    def drawing(self) -> Picture:
        shifts = (0.0, 0.35, 0.7)
        return {"lines": [line(range(20), [y + shift for y in FALLING], True) for shift in shifts]}

    def label(self) -> str:
        return f"soup: {self.method} of {len(self.sources)}"

    def _cook(self, subject: Subject, context: Context) -> Subject:
        opened = [(name, context.source(name)) for name in dict.fromkeys(self.sources)]
        if not opened:
            raise ValueError("The soup has no ingredients: name at least one run in `sources`.")
        for name, source in opened:
            model_soup.check_same_layers(name, source.module, subject.module)
        ingredients = [Ingredient(name, source, context.quality(source.module)) for name, source in opened]
        chosen = ingredients if self.method == "uniform" else _greedy(ingredients, context)
        module = _mean(chosen, context)
        _log(ingredients, chosen, context.quality(module), context)
        return model_soup.fill(subject, module, [one.subject for one in chosen])


def _greedy(ingredients: Sequence[Ingredient], context: Context) -> list[Ingredient]:
    """The best, and each further one, in the order of quality, with which the mean is no worse than without."""
    first, *others = sorted(ingredients, key=lambda one: -one.quality)
    chosen, best = [first], first.quality
    for one in others:
        reached = context.quality(_mean([*chosen, one], context))
        if reached >= best:
            chosen, best = [*chosen, one], reached
    return chosen


def _mean(ingredients: Sequence[Ingredient], context: Context) -> nn.Module:
    module = model_soup.mean([one.subject.module for one in ingredients])
    if len(ingredients) > 1:
        context.recalibrate(module)
    return module


def _log(ingredients: Sequence[Ingredient], chosen: Sequence[Ingredient], quality: float, context: Context) -> None:
    names = {one.name for one in chosen}
    context.log(f"Averaged {len(chosen)} of {len(ingredients)} models: {', '.join(one.name for one in chosen)}.")
    rows = [{"source": one.name, "quality": one.quality, "used": one.name in names} for one in ingredients]
    context.show("soup", {"ingredients": rows, "quality": quality})
