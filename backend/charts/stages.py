"""Selects the stages whose summaries a chart has room for."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.charts.data import RunData
from backend.charts.theme import label

Shown = tuple[RunData, str, Mapping[str, Any]]  # run, heading as markup, body


def stages(runs: Sequence[RunData], kind: str, holding: str, most: int) -> list[Shown]:
    """Of a run alone what each stage left, first and last among them; of several what the last stage of each left. Only
    bodies that have something under `holding`."""
    found: list[Shown] = []
    for run in runs:
        mine = [
            (run, heading(run, one.stage, len(runs) == 1), one.body)
            for one in run.summaries_of(kind)
            if one.body.get(holding)
        ]
        found += mine if len(runs) == 1 else mine[-1:]
    return found if len(found) <= most else [found[0], *found[1 - most :]] if most > 1 else found[-1:]


def heading(run: RunData, stage: int, alone: bool) -> str:
    """The heading of a stage, without the run's name when the chart shows a single run."""
    return f"stage {stage + 1}" if alone else f"{label(run, 40)} · stage {stage + 1}"
