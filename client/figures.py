"""Charts that the server draws: a notebook shows the same picture as the browser."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from client.wire.connection import Wire
from client.wire.models import ChartRow

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def charts(wire: Wire) -> list[ChartRow]:
    return [ChartRow.model_validate(chart) for chart in wire.get("/api/charts")]


def figure(wire: Wire, chart: str, runs: Sequence[str], options: dict[str, Any]) -> "Figure":
    """The chart of these runs; of the newest ones when none is given."""
    from plotly.graph_objects import Figure  # takes a while, which commands need not wait for

    drawn = wire.get(f"/api/figures/{chart}", {"runs": ",".join(runs), **options})
    return Figure(data=drawn["data"], layout=drawn["layout"])
