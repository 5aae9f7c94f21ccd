"""Chart of quality, size and latency after each stage."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from backend.charts.chart import Chart
from backend.charts.data import Options, RunData
from backend.charts.measures import Place, comparable, number_format, places, quality_axis, wide
from backend.charts.theme import LOOKS, figure, label, title
from backend.charts.theme import text as plain
from backend.domain.measures import format_value
from backend.domain.run.results import Latency

PATTERNS = {"plain": "", "striped": "/", "crossed": "x", "barred": "-", "gridded": "+", "dotted": "."}


def draw(runs: Sequence[RunData], options: Options) -> go.Figure:
    """Four panels over the stages: quality, bytes on disk of each format, latency at each batch size, parameters left.

    Quality and latency are those of the format that most stages have, so that a bar is compared with its own kind.
    """
    every = [(run, places(run.results, options.formats, options.devices)) for run in runs]
    formats = _formats([place for _, found in every for place in found])
    measured = [(run, [place for place in found if place.file.exporter in formats[:1]]) for run, found in every]
    quality = comparable(place for _, found in measured for place in found)
    sizes = sorted({latency.batch_size for _, found in measured for place in found for latency in place.latency})
    traces: list[Any] = []
    for (run, found), (_, files) in zip(measured, every, strict=True):
        if found:
            traces += _of_run(run, found, sizes, quality)
        traces += [_bytes(run, files, name, index) for index, name in enumerate(formats) if _has(files, name)]
    places_drawn = [place for _, found in every for place in found]
    layout = _axes(places_drawn, quality) | {"barmode": "group", "bargap": 0.3, "hovermode": "closest"}
    return figure(
        traces,
        runs,
        options,
        _summary(measured, quality),
        annotations=_titles(sizes, formats, quality, options),
        **layout,
    )


def _formats(found: Sequence[Place]) -> list[str]:
    """The formats, the one that most stages have first; of equals the one that was written first."""
    counted = Counter(place.file.exporter for place in found)
    return sorted(counted, key=lambda name: -counted[name])


def _has(files: Sequence[Place], name: str) -> bool:
    return any(place.file.exporter == name for place in files)


def _of_run(run: RunData, found: Sequence[Place], sizes: Sequence[int], quality: str) -> list[Any]:
    common = _common(run, found)
    head = go.Scatter(
        y=[place.values.get(quality) for place in found],
        name=label(run),
        mode="lines+markers",
        line={"color": run.color, "width": 2},
        marker={"size": 9},
        hovertemplate=f"%{{y:{number_format(quality)}}} after %{{x}}<extra>{label(run, 40)}</extra>",
        xaxis="x",
        yaxis="y",
        meta={"run": run.id, "role": quality},
        **common,
    )
    kept = _bars(run, found, "nonzero", "4", {"color": run.color})
    return [head, kept, *(_latency(run, found, size, index, common) for index, size in enumerate(sizes))]


def _common(run: RunData, found: Sequence[Place]) -> dict[str, Any]:
    about = [[run.id, place.file.stage, place.file.artifact] for place in found]
    return {"x": [_stage(place) for place in found], "legendgroup": run.id, "customdata": about}


def _bytes(run: RunData, files: Sequence[Place], name: str, index: int) -> go.Bar:
    """The files of one format; each format has a pattern of its own."""
    marker = {"color": run.color, "pattern": {"shape": _pattern(index)[1], "solidity": 0.35}}
    return _bars(run, [place for place in files if place.file.exporter == name], "bytes", "2", marker)


def _bars(run: RunData, found: Sequence[Place], field: str, axis: str, marker: dict[str, Any]) -> go.Bar:
    file = f", {_describe(found[0].file.exporter)} file" if field == "bytes" else ""
    return go.Bar(
        y=[place.values[field] for place in found],
        text=[f"{format_value(field, place.values[field])}{file}" for place in found],
        textposition="none",
        name=label(run),
        showlegend=False,
        marker=marker,
        hovertemplate=f"%{{text}} after %{{x}}<extra>{label(run, 40)}</extra>",
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        meta={"run": run.id, "role": field},
        **_common(run, found),
    )


def _latency(run: RunData, found: Sequence[Place], size: int, index: int, common: dict[str, Any]) -> go.Bar:
    """Median as the bar, the 95th percentile as its whisker; each batch size has a pattern of its own. Bars of a busy
    machine are pale."""
    timed = [_timed(place, size) for place in found]
    p50 = [latency.p50_ms if latency else None for latency in timed]
    return go.Bar(
        y=p50,
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [latency.p95_ms - latency.p50_ms if latency else 0 for latency in timed],
            "arrayminus": [0 for _ in timed],
            "thickness": 1.2,
            "width": 3,
        },
        name=f"batch {size}",
        showlegend=False,
        marker={
            "color": run.color,
            "pattern": {"shape": _pattern(index)[1], "solidity": 0.35},
            "opacity": [0.45 if latency and latency.busy else 1.0 for latency in timed],
        },
        text=[_of_disturbance(latency) for latency in timed],
        textposition="none",
        hovertemplate=f"%{{y:.4g}} ms at batch {size}, after %{{x}}%{{text}}<extra>{label(run, 40)}</extra>",
        xaxis="x3",
        yaxis="y3",
        meta={"run": run.id, "role": f"p50_ms@{size}"},
        **common,
    )


def _of_disturbance(latency: Latency | None) -> str:
    """A line for the hover: the share of the disturbed calls, and the mark of a busy machine."""
    if latency is None or latency.disturbed is None:
        return ""
    mark = "busy machine, " if latency.busy else ""
    return f"<br>{mark}{latency.disturbed:.0%} of the calls disturbed"


def _timed(place: Place, size: int) -> Latency | None:
    return next((latency for latency in place.latency if latency.batch_size == size), None)


def _stage(place: Place) -> str:
    return f"{place.file.stage + 1} {plain(place.file.label)}"


def _axes(every: Sequence[Place], quality: str) -> dict[str, Any]:
    """A grid of two by two; the panels share their stages, in the order of the pipeline."""
    stages = list(
        dict.fromkeys(_stage(place) for place in sorted(every, key=lambda place: (place.file.stage, place.file.label)))
    )
    left, right, top, bottom = [0.0, 0.45], [0.55, 1.0], [0.6, 0.96], [0.08, 0.44]
    times = [latency.p50_ms for place in every for latency in place.latency]
    across = {"type": "category", "categoryorder": "array", "categoryarray": stages, "tickangle": -20}
    scale = {"type": "log", "dtick": 1} if wide(times) else {"type": "linear", "rangemode": "tozero"}
    return {
        "xaxis": {**across, "domain": left, "anchor": "y", "showticklabels": False},
        "yaxis": {**quality_axis(quality), "domain": top, "anchor": "x", "title": None},
        "xaxis2": {**across, "domain": right, "anchor": "y2", "showticklabels": False},
        "yaxis2": {
            "domain": top,
            "anchor": "x2",
            "title": {"text": "bytes"},
            "rangemode": "tozero",
            "tickformat": "~s",
        },
        "xaxis3": {**across, "domain": left, "anchor": "y3"},
        "yaxis3": {"domain": bottom, "anchor": "x3", "title": {"text": "ms"}, **scale},
        "xaxis4": {**across, "domain": right, "anchor": "y4"},
        "yaxis4": {"domain": bottom, "anchor": "x4", "rangemode": "tozero", "tickformat": "~s"},
        "height": 520,
    }


def _titles(sizes: Sequence[int], formats: Sequence[str], quality: str, options: Options) -> list[dict[str, Any]]:
    """Title of each panel; also the pattern of each batch size, and of each format if there are several."""
    patterns = ", ".join(f"{_pattern(index)[0]} batch {size}" for index, size in enumerate(sizes))
    files = ", ".join(f"{_pattern(index)[0]} {_describe(name)}" for index, name in enumerate(formats))
    several = len(formats) > 1
    of = f" of {_describe(formats[0])}" if several else ""
    latency = f"latency{of}, median to 95th percentile" + (f"; {patterns}" if patterns else "")
    places = {
        f"{plain(quality)}{of}": (0.0, 1.0),
        "size on disk" + (f"; {files}" if several else ""): (0.55, 1.0),
        latency: (0.0, 0.48),
        "parameters that are not zero": (0.55, 0.48),
    }
    font = {"size": 12, "color": LOOKS[options.theme].faint}
    return [
        {"x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom",
         "text": text, "showarrow": False, "font": font}
        for text, (x, y) in places.items()
    ]  # fmt: skip


def _describe(name: str) -> str:
    return plain(name.replace("_", " "))


def _pattern(index: int) -> tuple[str, str]:
    """The name and the sign of the pattern for the batch size at this place."""
    return list(PATTERNS.items())[index % len(PATTERNS)]


def _summary(measured: Sequence[tuple[RunData, Sequence[Place]]], quality: str) -> str:
    sentences = []
    for run, found in measured[:10]:
        stages = [
            f"{place.file.label} {format_value(quality, place.values[quality])}, {format_value('bytes', place.values['bytes'])}"
            for place in found
            if quality in place.values
        ]
        if stages:
            sentences.append(f"{title(run)}: {'; '.join(stages)}.")
    return " ".join(sentences) or "Nothing has been measured yet."


chart = Chart("What each stage cost and gained", draw, results=True, group="results")
