"""What a chart is, and how charts are found: each file of `figures/` holds one."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from backend.charts import figures
from backend.charts.data import Options, RunData

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(frozen=True)
class Chart:
    """A picture of some runs. `metrics` are the lines that it draws, `results` whether it shows what stages left."""

    title: str
    draw: Callable[[Sequence[RunData], Options], "Figure"]
    metrics: tuple[str, ...] = ()
    results: bool = False


def names() -> list[str]:
    """Every chart's name: its file's. Imports none of them, since that takes Plotly along."""
    return sorted(module.name for module in pkgutil.iter_modules(figures.__path__))


@lru_cache(maxsize=1)
def charts() -> Mapping[str, Chart]:
    """Every chart by name. Fails loudly when a file has none."""
    found = {name: importlib.import_module(f"{figures.__name__}.{name}") for name in names()}
    for name, module in found.items():
        if not isinstance(getattr(module, "chart", None), Chart):
            raise RuntimeError(
                f"{module.__name__} must define `chart`, a backend.charts.chart.Chart; `{name}` has none"
            )
    return {name: module.chart for name, module in found.items()}
