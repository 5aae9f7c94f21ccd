"""Everything that an installation serves, in few words: what a release kept, and what every later one must serve too."""

import hashlib
import json
from collections import Counter
from typing import Any

from fastapi.testclient import TestClient

Facts = dict[str, Any]
Curves = dict[str, dict[int, float]]
"""Metric -> step -> value."""

PIXELS = 100_000  # more than any run here has steps, so that every point is served
EXPORTS = ("replay", "live-parameters", "proofs")
PLACES = ("catalog", "datasets", "schema/experiment", "schema/study", "templates", "workers", "tradeoffs")


def served(client: TestClient) -> Facts:
    """All runs, studies and uploads by their name, and the charts that show something. Every answer must be 200."""
    for place in PLACES:
        assert get(client, f"/api/{place}")
    ids = run_ids(client)
    runs = {name: _run(client, run_id) for name, run_id in ids.items()}
    for name in {run["state"]: name for name, run in runs.items()}.values():  # one of each: a report draws every chart
        get(client, f"/api/runs/{ids[name]}/report")
    return {
        "runs": runs,
        "studies": {study["name"]: _study(client, study["id"]) for study in get(client, "/api/studies")},
        "uploads": {upload["name"]: _upload(client, upload["id"]) for upload in get(client, "/api/uploads")},
        "charts": _charts(client, "/api/figures", _names(client), runs=",".join(ids.values())),
    }


def get(client: TestClient, path: str, **query: Any) -> Any:
    """The answer, parsed where it is JSON."""
    answer = client.get(path, params=query)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    assert answer.content, path
    return answer.json() if answer.headers["content-type"] == "application/json" else answer.content


def run_ids(client: TestClient) -> dict[str, str]:
    """The id of every run by its name, the oldest first; counterfactual runs are listed with the run they belong to."""
    rows = get(client, "/api/runs", limit=500, descending=False)["runs"]
    rows += [row for original in rows for row in get(client, "/api/runs", counterfactuals_of=original["id"])["runs"]]
    assert len({row["name"] for row in rows}) == len(rows), "two runs have the same name"
    return {row["name"]: row["id"] for row in rows}


def points(client: TestClient, run_id: str) -> Curves:
    """Every value; no curve may be thinned out."""
    series = get(client, f"/api/runs/{run_id}/points", pixels=PIXELS)["series"]
    assert all(one["points"] == len(one["values"]) for one in series)
    return {one["metric"]: dict(zip(one["steps"], map(float, one["values"]), strict=True)) for one in series}


def digest(curves: Curves) -> str:
    """SHA-256 of every served value, as bits."""
    lines = [f"{metric} {step} {value.hex()}" for metric, curve in curves.items() for step, value in curve.items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def ending(client: TestClient, run_id: str) -> Facts:
    """The bits with which a run ended: the hash of its final weights, and that of its points."""
    results = get(client, f"/api/runs/{run_id}")["results"]
    return {"weights": results[-1]["weights_sha256"], "points": digest(points(client, run_id))}


def _run(client: TestClient, run_id: str) -> Facts:
    row, curves = get(client, f"/api/runs/{run_id}"), points(client, run_id)
    for export in EXPORTS:
        get(client, f"/api/runs/{run_id}/{export}")
    return {
        **{name: row[name] for name in ("state", "seed", "step", "error", "fork_stage", "fork_step")},
        "stages": [stage["label"] for stage in row["stages"]],
        "relatives": sorted([one["relation"], one["name"]] for one in row["relatives"]),
        "events": Counter(event["kind"] for event in get(client, f"/api/runs/{run_id}/events")),
        "points": digest(curves),
        "last": {name: [len(curve), curve[max(curve)]] for name, curve in curves.items()},
        "summaries": sorted(row["summaries"]),
        "results": [_result(result) for result in row["results"]],
        "files": sorted(_file(client, file) for file in row["artifacts"]),
    }


def _result(result: Facts) -> Facts:
    measured = [[one["exporter"], one["bytes"], one["accuracy"]] for one in result["measures"]]
    return {"label": result["label"], "weights": result["weights_sha256"], "measured": measured}


def _file(client: TestClient, row: Facts) -> list[Any]:
    """With the hash of what is downloaded; an empty one where a release has lost the file by itself."""
    answer = client.get(f"/api/artifacts/{row['id']}")
    content = hashlib.sha256(answer.content).hexdigest() if answer.status_code == 200 else ""
    return [row["kind"], row["stage"], row["step"], content]


def _study(client: TestClient, study_id: str) -> Facts:
    study = get(client, f"/api/studies/{study_id}")
    trials = get(client, f"/api/studies/{study_id}/trials", descending=False)["trials"]
    return {
        "state": study["state"],
        "best": study["best"] and study["best"]["number"],
        "trials": [[trial["state"], trial["assignment"], trial["values"]] for trial in trials],
        "charts": _charts(client, f"/api/studies/{study_id}/figures", [one["name"] for one in study["charts"]]),
    }


def _upload(client: TestClient, upload_id: str) -> Facts:
    row = get(client, f"/api/uploads/{upload_id}")
    return {name: row[name] for name in ("kind", "bytes", "sha256", "rows", "columns", "shape", "traits")}


def _names(client: TestClient) -> list[str]:
    return [chart["name"] for chart in get(client, "/api/charts")]


def _charts(client: TestClient, place: str, names: list[str], **query: str) -> list[str]:
    """Those that draw something."""
    return [name for name in names if get(client, f"{place}/{name}", **query)["data"]]


def plain(facts: Facts) -> Facts:
    """The facts as they come out of a JSON file."""
    read: Facts = json.loads(json.dumps(facts))
    return read
