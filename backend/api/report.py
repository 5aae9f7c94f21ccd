"""A run as one self-contained HTML file: curves, costs, results, spec."""

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from importlib import resources

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from backend.api.deps import Reading, RunDep
from backend.api.figures import draw
from backend.api.views.runs import incoming
from backend.charts.chart import is_offered, sort_charts
from backend.charts.data import Options
from backend.domain import text
from backend.domain.measures import format_value
from backend.domain.run.comparison import beside_first
from backend.domain.run.results import ArtifactMeasure, Comparison, IncomingModel, Latency, StageResult, measuring, own
from backend.store import forks, results, summaries, tables

router = APIRouter(tags=["runs"])

DRAW = """
for (const box of document.querySelectorAll("[data-figure]")) {
  const figure = JSON.parse(document.getElementById(box.dataset.figure).textContent);
  box.setAttribute("aria-label", figure.layout.meta.summary);
  Plotly.newPlot(box, figure.data, figure.layout, {responsive: true, displaylogo: false});
}
"""
STYLE = """
:root { color-scheme: light }
body { font: 15px/1.55 system-ui, sans-serif; color: #1e222a; max-width: 62rem; margin: 2rem auto; padding: 0 1.5rem }
h1 { margin-bottom: 0 } .faint { color: #5b6372 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid #e3e6ec }
th:first-child, td:first-child { text-align: left } .wide { overflow-x: auto }
pre { background: #f5f6f8; padding: 1rem; border-radius: .5rem; overflow-x: auto } .figure { min-height: 340px }
"""
HTML = {"content": {"text/html": {"schema": {"type": "string"}}}}


@router.get("/api/runs/{run_id}/report", response_class=Response, responses={200: HTML})
def report(session: Reading, run: RunDep, download: bool = False) -> Response:
    """The run as one self-contained HTML file."""
    headers = {"Content-Security-Policy": _policy()}
    if download:
        headers["Content-Disposition"] = f'attachment; filename="lathe-{run.id[:8]}.html"'
    return Response(page(session, run), media_type="text/html", headers=headers)


def page(session: Session, run: tables.Run) -> str:
    name = escape(run.experiment.name)
    rows = beside_first(results.of(session, [run.id])[run.id])
    shown = summaries.list_kinds(session, [run.id])[run.id]
    figures = {
        f"figure-{key}": (chart.title, draw(session, chart, [run.id], Options()))
        for key, chart in sort_charts()
        if chart.group != "comparison" and is_offered(chart, run.latest, shown, bool(rows))
    }
    boxes = "".join(
        f'<h2>{escape(title)}</h2><div class="figure" role="img" data-figure="{key}"></div>'
        f'<script type="application/json" id="{key}">{_inert(figure)}</script>'
        for key, (title, figure) in figures.items()
    )
    state = escape(f"{run.state} · seed {run.seed} · {run.step:,} steps · {_time(session, run, rows)}")
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{name} · Lathe</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f'<h1>{name}</h1><p class="faint">{state}<br>Run {run.id}, created {run.created_at:%Y-%m-%d %H:%M} UTC</p>'
        f"{_failure(run)}<h2>Results</h2>{_table(rows, incoming(session, run.id))}{boxes}"
        f"<h2>Spec</h2><pre>{escape(text.to_yaml(run.spec))}</pre>"
        f"<script>{_plotly()}</script><script>{DRAW}</script></html>\n"
    )


def _time(session: Session, run: tables.Run, rows: Sequence[StageResult]) -> str:
    """`trained 36.0 s + 40.0 s before the fork · measured for 12.0 s`"""
    before = forks.inherited_seconds(session, run.id) if run.fork_step is not None else 0.0
    measured = measuring(own(rows, run.fork_stage))
    trained = f"trained {run.active_seconds:,.1f} s" + (f" + {before:,.1f} s before the fork" if before else "")
    return trained if measured is None else f"{trained} · measured for {measured:,.1f} s"


def _failure(run: tables.Run) -> str:
    return f"<p><strong>{escape(run.error)}</strong></p>" if run.error else ""


def _table(rows: Sequence[StageResult], before: IncomingModel | None) -> str:
    if not rows:
        return "<p>No stage has been measured yet.</p>"
    head = ("stage", "format", "accuracy", "bytes", "parameters", "not zero", "latency p50 / p95")
    body = [_cells(result, measure) for result in rows for measure in result.measures]
    if before is not None:
        accuracy = format_value("accuracy", before.test["accuracy"]) if "accuracy" in before.test else ""
        counts = (f"{before.parameters:,}", f"{before.nonzero:,}")
        body.insert(0, ("as it came in", "no file", accuracy, "", *counts, ""))
    headline = f"<p><strong>{escape(rows[-1].headline)}</strong></p>" if rows[-1].headline else ""
    cells = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    return f'{headline}<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{cells}</tbody></table></div>'


def _cells(result: StageResult, measure: ArtifactMeasure) -> Sequence[str]:
    against = next((one for one in result.compared if one.artifact == measure.artifact), None)
    latency = "; ".join(_latency(one, against) for one in measure.latency)
    accuracy = "" if measure.accuracy is None else format_value("accuracy", measure.accuracy)
    size = f"{measure.bytes:,}" + (f" ({against.size})" if against else "")
    counts = (size, f"{result.parameters:,}", f"{result.nonzero:,}")
    return (f"{result.stage + 1} {result.label}", measure.exporter, accuracy, *counts, latency)


def _latency(one: Latency, against: Comparison | None) -> str:
    """`0.5 (2.00x faster) / 0.9 ms (0.75x) at batch 1`, each beside the first stage's"""
    place = (one.batch_size, one.device)
    times = against.times if against else []
    was = next((time for time in times if (time.batch_size, time.device) == place), None)
    p50, p95 = (f" ({was.change})", f" ({was.p95_change})") if was else ("", "")
    mark = (
        f" (busy machine, {one.disturbed:.0%} of the calls disturbed)" if one.busy and one.disturbed is not None else ""
    )
    return f"{one.p50_ms:.4g}{p50} / {one.p95_ms:.4g} ms{p95} at batch {one.batch_size}{mark}"


def _inert(text: str) -> str:
    """JSON that cannot end its script element, whatever names it holds."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


@lru_cache(maxsize=1)
def _plotly() -> str:
    """Plotly's own bundle; nothing in it may end the element that it is put into."""
    source = (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
    return source.replace("</script", "<\\/script")


@lru_cache(maxsize=1)
def _policy() -> str:
    """Only the two scripts of the report itself may run, told by their hashes; nothing may be loaded."""
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in (_plotly(), DRAW)]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'"
