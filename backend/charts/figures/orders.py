"""Compares pipelines that have the same stages in another order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.measures import Place, axis, comparable, number_format, places, quality_axis
from backend.charts.theme import LOOKS, figure, label
from backend.charts.theme import text as plain
from backend.domain.measures import format_value, measure_of
from backend.domain.run.results import StageResult


@dataclass(frozen=True)
class Order:
    """The files that runs with their stages in one order ended with, one for each seed."""

    name: str  # `prune → fold → quantize`
    color: str
    quality: str  # by which all orders are compared
    ends: Sequence[tuple[RunData, Place]]

    def mean(self, field: str) -> float:
        return float(np.mean([place.values[field] for _, place in self.ends]))

    def spread(self, field: str) -> float:
        """Between its seeds."""
        return float(np.ptp([place.values[field] for _, place in self.ends]))


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Quality against bytes of the last file of each order: mean over its seeds, and each seed as a small dot.

    Runs that are not at their end, or ended early, are dim: their last file so far.
    """
    ends = [(run, found[-1]) for run in runs if (found := places(run.results))]
    quality = comparable(place for _, place in ends)
    measured = [(run, place) for run, place in ends if quality in place.values]
    whole = max((len(run.results) for run, _ in measured), default=0)
    orders = _orders([(run, place) for run, place in measured if len(run.results) == whole], quality)
    underway = [(run, place) for run, place in measured if len(run.results) < whole]
    sizes = [place.values["bytes"] for _, place in measured]
    middle = max(sizes, default=0.0) / 2
    labels = _labels(orders)
    traces: list[go.Scatter] = [_mean(order, text, middle, options) for order, text in zip(orders, labels, strict=True)]
    traces += [_seeds(order) for order in orders if len(order.ends) > 1]
    traces += [_so_far(run, place, quality) for run, place in underway]
    layout: dict[str, Any] = {
        "xaxis": axis("bytes", sizes),
        "yaxis": quality_axis(quality),
        "showlegend": False,
        "height": 380,
    }
    return figure(traces, runs, options, _summary(orders), **layout)


def _orders(ended: Sequence[tuple[RunData, Place]], quality: str) -> list[Order]:
    """By name, the order of the runs kept."""
    names = _names([run.results for run, _ in ended])
    found: dict[str, list[tuple[RunData, Place]]] = {}
    for name, end in zip(names, ended, strict=True):
        found.setdefault(name, []).append(end)
    return [Order(name, ends[0][0].color, quality, ends) for name, ends in found.items()]


def _names(pipelines: Sequence[Sequence[StageResult]]) -> list[str]:
    """Each pipeline in words, without the stages that all of them begin or end with."""
    words = [_words(results) for results in pipelines]
    if len({tuple(one) for one in words}) < 2:
        return [" → ".join(one) for one in words]
    start = len(list(takewhile(lambda stage: len(set(stage)) == 1, zip(*words, strict=True))))
    end = len(list(takewhile(lambda stage: len(set(stage)) == 1, zip(*(one[::-1] for one in words), strict=True))))
    return [" → ".join(one[start : len(one) - end]) for one in words]


def _words(results: Sequence[StageResult]) -> list[str]:
    """The stages' kinds; what they are about, as their labels say, where a pipeline has several of one kind."""
    several = {kind for kind, count in Counter(result.kind for result in results).items() if count > 1}
    return [_about(result) if result.kind in several else result.kind.replace("_", " ") for result in results]


def _about(result: StageResult) -> str:
    return result.label.partition(": ")[2] or result.label


def _labels(orders: Sequence[Order]) -> list[str]:
    """The names beside the dots; of orders that came to the same place the first dot has them all."""
    places: dict[tuple[float, float], list[str]] = {}
    for order in orders:
        places.setdefault((order.mean("bytes"), order.mean(order.quality)), []).append(plain(order.name))
    return ["<br>".join(places.pop((order.mean("bytes"), order.mean(order.quality)), [])) for order in orders]


def _mean(order: Order, text: str, middle: float, options: Options) -> go.Scatter:
    worth, size = order.mean(order.quality), order.mean("bytes")
    whose = f"mean of {len(order.ends)} seeds" if len(order.ends) > 1 else label(order.ends[0][0])
    values = f"{format_value(order.quality, worth)}, {format_value('bytes', size)}"
    return go.Scatter(
        x=[size],
        y=[worth],
        name=plain(order.name),
        mode="markers+text",
        text=[text],
        textposition="middle left" if size > middle else "middle right",
        textfont={"size": 11, "color": LOOKS[options.theme].faint},
        cliponaxis=False,
        marker={"color": order.color, "size": 12},
        hovertemplate=f"<b>{plain(order.name)}</b><br>{whose}<br>{values}<extra></extra>",
        customdata=[[order.ends[0][0].id, order.ends[0][1].file.stage, order.ends[0][1].file.artifact]],
        meta={"run": order.ends[0][0].id, "role": "order"},
    )


def _seeds(order: Order) -> go.Scatter:
    return go.Scatter(
        x=[place.values["bytes"] for _, place in order.ends],
        y=[place.values[order.quality] for _, place in order.ends],
        mode="markers",
        marker={"color": order.color, "size": 6, "opacity": 0.45},
        text=[label(run) for run, _ in order.ends],
        hovertemplate=f"%{{text}}<br>%{{y:{number_format(order.quality)}}}<extra></extra>",
        meta={"role": "seeds"},
    )


def _so_far(run: RunData, place: Place, quality: str) -> go.Scatter:
    name = plain(" → ".join([*_words(run.results), "…"]))
    return go.Scatter(
        x=[place.values["bytes"]],
        y=[place.values[quality]],
        name=name,
        mode="markers",
        marker={"color": run.color, "size": 9, "opacity": 0.35},
        hovertemplate=f"{name}<br>{label(run)}<br>not at its end<extra></extra>",
        meta={"run": run.id, "role": "underway"},
    )


def _summary(orders: Sequence[Order]) -> str:
    if not orders:
        return "Nothing has been measured yet."
    sentences = [
        f"{one.name}: {format_value(one.quality, one.mean(one.quality))} at {format_value('bytes', one.mean('bytes'))}"
        for one in orders
    ]
    return " ".join([*_comparison(orders), "; ".join(sentences) + "."])


def _comparison(orders: Sequence[Order]) -> list[str]:
    """Distance of the orders from each other, compared with the variation between seeds."""
    if len(orders) < 2:
        return []
    quality = orders[0].quality
    worths = [order.mean(quality) for order in orders]
    sizes = [order.mean("bytes") for order in orders]
    apart = f"Orders lie {_distance(quality, np.ptp(worths))} and {format_value('bytes', np.ptp(sizes))} apart"
    if all(len(order.ends) < 2 for order in orders):
        return [f"{apart}; with one seed each, chance may have its part in that."]
    seeds = max(order.spread(quality) for order in orders)
    return [f"{apart}; seeds of one order up to {_distance(quality, seeds)}."]


def _distance(quality: str, far: float) -> str:
    """`0.52 points of accuracy`, `0.031 of r2`"""
    return f"{100 * far:.2f} points of {quality}" if measure_of(quality).unit == "share" else f"{far:.3g} of {quality}"


chart = Chart("In which order", draw, results=True, group="comparison", rank=60)
