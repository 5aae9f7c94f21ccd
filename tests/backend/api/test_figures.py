"""Figures and reports: the same pictures, as JSON and as one file."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import groupby
from typing import Any

import numpy as np
import pytest

from backend.charts.chart import names
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from tests.backend.api.conftest import Api
from tests.backend.api.making import claimed, event, finished, points, queued, stage, write

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def figure(api: Api, name: str, **params: str) -> dict[str, Any]:
    answer = api.client.get(f"/api/figures/{name}", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert set(body) == {"data", "layout"}
    return body


@pytest.mark.parametrize("name", names())
def test_every_chart_is_served_of_a_run_that_lacks_what_it_draws(api: Api, catalog: Catalog, name: str) -> None:
    run = finished(api.store, catalog, "Mine")
    assert set(figure(api, name, runs=run)["layout"]["meta"]["seq"]) == {run}


FINISHED = ("accuracy", "learning_rate", "loss", "pareto", "stage_costs")  # what a finished run has something for


@pytest.mark.parametrize("name", FINISHED)
def test_what_a_run_has_is_drawn(api: Api, catalog: Catalog, name: str) -> None:
    run = finished(api.store, catalog, "Mine")
    drawn = figure(api, name, runs=run, theme="dark")
    assert drawn["data"] and "Mine" in drawn["layout"]["meta"]["summary"]
    assert figure(api, name)["data"] == figure(api, name, runs=run)["data"]


@pytest.mark.parametrize("name", names())
def test_every_chart_is_served_of_nothing(api: Api, name: str) -> None:
    assert figure(api, name)["data"] == []
    assert figure(api, name, runs="no-such-run")["layout"]["meta"]["seq"] == {}


def test_a_curve_is_what_was_stored(api_on_each: Api, catalog: Catalog) -> None:
    run = finished(api_on_each.store, catalog)
    drawn = figure(api_on_each, "loss", runs=run)
    (trace,) = [trace for trace in drawn["data"] if trace["meta"]["metric"] == "train/loss"]
    assert trace["x"] == list(range(1, 25))
    assert trace["y"] == pytest.approx([2.0 / step for step in range(1, 25)])
    assert trace["meta"] == {"run": run, "metric": "train/loss", "role": "train"}
    row = api_on_each.client.get(f"/api/runs/{run}").json()
    assert trace["line"]["color"] == row["color"] and drawn["layout"]["meta"]["seq"] == {run: row["last_seq"]}


def test_long_curves_are_thinned_and_spikes_stay(api: Api, catalog: Catalog) -> None:
    (run,) = queued(api.store, catalog)
    loss = np.ones(50_000)
    loss[33_333] = 9.0
    write(api.store, claimed(api.store), points(0, 49_999, loss=loss))
    (trace, _) = figure(api, "loss", runs=run)["data"]
    assert len(trace["x"]) <= 1500 and max(trace["y"]) == 9.0 and 33_333 in trace["x"]


def test_stages_that_were_repeated_are_one_band(api: Api, catalog: Catalog) -> None:
    (run,) = queued(api.store, catalog)
    lease = claimed(api.store)
    write(api.store, lease, stage(0, "train: adam", 0), points(1, 50, loss=1.0))
    write(api.store, lease, event(EventKind.REWIND, step=20, reason="resumed"), stage(0, "train: adam", 0))
    write(api.store, lease, points(21, 60, loss=1.0), stage(0, "train: adam", 60, EventKind.STAGE_ENDED))
    write(api.store, lease, stage(1, "quantize", 60), step=60)
    layout = figure(api, "loss", runs=run)["layout"]
    reported = [note.get("hovertext", "") for note in layout["annotations"]]
    assert sum("train: adam" in text for text in reported) == 1
    assert any("continued from step 20" in text for text in reported)


def test_too_many_curves_are_refused(api: Api) -> None:
    answer = api.client.get("/api/figures/loss", params={"runs": ",".join(str(number) for number in range(51))})
    assert (answer.status_code, answer.json()["path"]) == (422, "runs")


def test_pareto_takes_any_cost(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog)
    assert "latency" in figure(api, "pareto", cost="p50_ms@64")["layout"]["xaxis"]["title"]["text"]
    answer = api.client.get("/api/figures/pareto", params={"cost": "beauty"})
    assert (answer.status_code, answer.json()["path"]) == (422, "cost")


class Page(HTMLParser):
    """The scripts and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        else:
            self.words.append(data)


def test_charts_are_listed_group_by_group(api: Api) -> None:
    rows = api.client.get("/api/charts").json()
    assert sorted(row["name"] for row in rows) == names()
    assert [row["name"] for row in rows][:2] == ["loss", "accuracy"]
    groups = [row["group"] for row in rows]
    assert all(groups.count(group) == len(list(same)) for group, same in groupby(groups))


def test_a_report_is_one_file_with_everything(api: Api, catalog: Catalog) -> None:
    run = finished(api.store, catalog, "Mine")
    answer = api.client.get(f"/api/runs/{run}/report")
    assert answer.headers["content-type"].startswith("text/html")
    page = Page(answer.text)
    assert not [tag for tag, attributes in page.tags if attributes.get("src") or tag == "link"]
    words = " ".join(page.words)
    assert all(word in words for word in ("Mine", "95.00%", "80,000", "dynamic_int8", "succeeded"))
    reported = api.client.get(f"/api/runs/{run}").json()["results"][1]
    time = reported["compared"][1]["times"][0]
    assert (
        reported["headline"] in words
        and f"0.04 ({time['change']}) / 0.052 ms ({time['p95_change']}) at batch 1" in words
    )
    figures = [json.loads(script) for script in page.scripts if script.startswith("{")]
    assert len(figures) == 3 and all(drawn["data"] for drawn in figures)
    assert any("plotly.js" in script[:200] for script in page.scripts)


def test_a_reports_scripts_are_those_that_its_policy_names(api: Api, catalog: Catalog) -> None:
    run = finished(api.store, catalog)
    answer = api.client.get(f"/api/runs/{run}/report")
    policy = answer.headers["content-security-policy"]
    page = Page(answer.text)
    typed = [attributes.get("type") for tag, attributes in page.tags if tag == "script"]
    running = [script for script, kind in zip(page.scripts, typed, strict=True) if kind is None]
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in running}
    assert hashes == set(re.findall(r"'sha256-([^']+)'", policy)) and len(hashes) == 2
    assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "") and "default-src 'none'" in policy
    meta = next(attributes for tag, attributes in page.tags if attributes.get("http-equiv"))
    assert meta["content"] == policy


def test_a_hostile_name_stays_text_in_a_report(api: Api, catalog: Catalog) -> None:
    run = finished(api.store, catalog, EVIL)
    page = Page(api.client.get(f"/api/runs/{run}/report").text)
    assert EVIL in page.words
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert len(page.scripts) == 3 + 2


def test_a_failed_run_says_why_in_its_report(api: Api, catalog: Catalog) -> None:
    run = finished(api.store, catalog, state=RunState.FAILED)
    assert "It diverged." in api.client.get(f"/api/runs/{run}/report").text


def test_a_run_without_results_has_a_report(api: Api, catalog: Catalog) -> None:
    (run,) = queued(api.store, catalog)
    assert "No stage has been measured yet." in api.client.get(f"/api/runs/{run}/report").text


def test_a_report_can_be_kept(api: Api, catalog: Catalog) -> None:
    (run,) = queued(api.store, catalog)
    answer = api.client.get(f"/api/runs/{run}/report", params={"download": "true"})
    assert answer.headers["content-disposition"] == f'attachment; filename="lathe-{run[:8]}.html"'
