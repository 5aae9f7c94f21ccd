"""Runs: listed, looked at, asked, deleted."""

from typing import Any

import numpy as np
import pytest

from backend.api import staging
from backend.charts.palette import COLORS
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.results import INCOMING
from backend.domain.run.states import RunState
from backend.store import summaries
from tests.backend.api.conftest import Api
from tests.backend.api.making import claimed, event, finished, points, queued, register, stage, trials_of, write


def test_a_finished_run_shows_everything(api_on_each: Api, catalog: Catalog) -> None:
    run_id = finished(api_on_each.store, catalog, "Mine")
    run = api_on_each.client.get(f"/api/runs/{run_id}").json()
    assert (run["name"], run["state"], run["dataset"], run["model"]) == ("Mine", "succeeded", "digits", "mlp")
    assert [stage["label"] for stage in run["stages"]] == ["train: adam", "quantize: dynamic int8"]
    assert {stage["state"] for stage in run["stages"]} == {"done"}
    assert run["color"] in COLORS and run["step"] == 24 and run["latest"]["train/loss"] == pytest.approx(2 / 24)
    assert [result["stage"] for result in run["results"]] == [0, 1]
    assert len(run["artifacts"]) == 2 and "path" not in run["artifacts"][0]
    assert run["spec"]["stages"][0]["optimizer"]["kind"] == "adam"


def test_a_queued_run_says_what_is_before_it(api_on_each: Api, catalog: Catalog) -> None:
    api, (_, second) = api_on_each, queued(api_on_each.store, catalog, seeds=2)
    write(api.store, claimed(api.store), step=25, total_steps=100, active_seconds=10.0)
    detail = api.client.get(f"/api/runs/{second}").json()["queue"]
    listed = {run["id"]: run["queue"] for run in api.client.get("/api/runs").json()["runs"]}
    assert detail == {"awaits": "turn", "ahead": 1, "seconds": 30.0} == listed.pop(second)
    assert list(listed.values()) == [None]


@pytest.mark.parametrize(
    ("state", "at", "shown"),
    [
        (RunState.RUNNING, None, ["pending", "pending"]),
        (RunState.RUNNING, 0, ["running", "pending"]),
        (RunState.RUNNING, 1, ["done", "running"]),
        (RunState.STOPPED, 0, ["done", "pending"]),
        (RunState.FAILED, 1, ["done", "pending"]),
        (RunState.CANCELLED, 0, ["pending", "pending"]),
        (RunState.SUCCEEDED, 1, ["done", "done"]),
    ],
)
def test_stages_tell_how_far_it_is(
    api: Api, catalog: Catalog, state: RunState, at: int | None, shown: list[str]
) -> None:
    (run_id,) = queued(api.store, catalog)
    write(api.store, claimed(api.store), stage=at, state=state)
    stages = api.client.get(f"/api/runs/{run_id}").json()["stages"]
    assert [stage["state"] for stage in stages] == shown


def test_labels_are_how_those_of_the_worker_begin(api: Api, catalog: Catalog) -> None:
    """The worker may give a stage a longer label than the backend gave it before it ran."""
    from worker.contracts.component import find

    for template in api.client.get("/api/templates").json():
        run = api.client.post("/api/experiments", json={"spec": template["spec"]}).json()["runs"][0]["id"]
        shown = api.client.get(f"/api/runs/{run}").json()
        for requested, summary in zip(shown["spec"]["stages"], shown["stages"], strict=True):
            made = find("stages", requested["kind"]).model_validate({k: v for k, v in requested.items() if k != "kind"})
            assert made.label().startswith(summary["label"])  # type: ignore[attr-defined]


def test_a_trial_tells_its_study_and_is_found_by_it(api_on_each: Api, catalog: Catalog) -> None:
    (alone,) = queued(api_on_each.store, catalog, "Alone")
    study_id, trials = trials_of(api_on_each.store, catalog, count=2)
    other, (foreign,) = trials_of(api_on_each.store, catalog, count=1)
    rows = {row["id"]: row for row in api_on_each.client.get("/api/runs").json()["runs"]}
    reported = {run_id: (row["study_id"], row["trial"]) for run_id, row in rows.items()}
    assert reported == {alone: (None, None), trials[0]: (study_id, 0), trials[1]: (study_id, 1), foreign: (other, 0)}
    assert api_on_each.client.get(f"/api/runs/{trials[1]}").json()["trial"] == 1
    found = lambda study: {row["id"] for row in api_on_each.client.get(f"/api/runs?study={study}").json()["runs"]}  # noqa: E731
    assert found(study_id) == set(trials) and found("none") == {alone} and found("nothing") == set()
    assert found("") == {alone, *trials, foreign}


def test_pages_follow_one_another(api: Api, catalog: Catalog) -> None:
    ids = queued(api.store, catalog, seeds=7)
    seen, cursor = [], None
    while True:
        page = api.client.get("/api/runs", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [run["id"] for run in page["runs"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids[::-1] and page["counts"]["queued"] == 7


def test_runs_are_found_by_state_and_name(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog, "Apple")
    queued(api.store, catalog, "Pear 100%")
    found = lambda **params: [run["name"] for run in api.client.get("/api/runs", params=params).json()["runs"]]  # noqa: E731
    assert found(state="succeeded") == ["Apple"]
    assert set(found(state=["succeeded", "queued"])) == {"Apple", "Pear 100%"}
    assert found(search="appl") == ["Apple"]
    assert found(search="%") == ["Pear 100%"]
    assert found(search="' OR 1=1 --") == []


def test_a_queued_run_is_cancelled_at_once(api_on_each: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api_on_each.store, catalog)
    answer = api_on_each.client.post(f"/api/runs/{run_id}/commands", json={"kind": "cancel"})
    assert (answer.status_code, answer.json()["state"], answer.json()["by"]) == (202, "obeyed", "browser")
    assert api_on_each.client.get(f"/api/runs/{run_id}").json()["state"] == "cancelled"
    again = api_on_each.client.post(f"/api/runs/{run_id}/commands", json={"kind": "cancel"})
    assert again.status_code == 409 and "cancelled" in again.json()["detail"]


def test_a_live_run_is_asked(api: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api.store, catalog)
    claimed(api.store)
    requested = [api.client.post(f"/api/runs/{run_id}/commands", json={"kind": "stop"}).json() for _ in range(2)]
    assert requested[0]["state"] == "pending" and requested[0]["id"] == requested[1]["id"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "explode"},
        {"kind": None},
        {},
        {"kind": "stop", "more": 1},
        {"kind": "stop", "body": []},
        {"kind": "stop", "body": {"x": "\x00"}},
    ],
)
def test_a_strange_command_is_refused(api: Api, catalog: Catalog, body: dict[str, object]) -> None:
    (run_id,) = queued(api.store, catalog)
    assert api.client.post(f"/api/runs/{run_id}/commands", json=body).status_code == 422


def test_a_command_with_a_number_beyond_json_is_refused(api: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api.store, catalog)
    body = b'{"kind": "stop", "body": {"deep": [1e999]}}'
    answer = api.client.post(f"/api/runs/{run_id}/commands", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["path"]) == (422, "body.deep[0]")


def test_only_what_is_over_is_deleted(api_on_each: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api_on_each.store, catalog)
    refused = api_on_each.client.delete(f"/api/runs/{run_id}")
    assert refused.status_code == 409 and "queued" in refused.json()["detail"]
    api_on_each.client.post(f"/api/runs/{run_id}/commands", json={"kind": "cancel"})
    assert api_on_each.client.delete(f"/api/runs/{run_id}").status_code == 204
    assert api_on_each.client.get(f"/api/runs/{run_id}").status_code == 404
    assert api_on_each.client.delete(f"/api/runs/{run_id}").status_code == 404


def test_its_files_go_with_a_run(api: Api, catalog: Catalog) -> None:
    (run_id,), (other,) = queued(api.store, catalog), queued(api.store, catalog)
    for folder in (run_id, other):
        (api.settings.data_dir / "runs" / folder / "artifacts").mkdir(parents=True)
    lease = claimed(api.store)
    register(api.store, lease, 0)
    write(api.store, lease, state=RunState.FAILED)
    assert api.client.delete(f"/api/runs/{run_id}").status_code == 204
    assert [path.name for path in (api.settings.data_dir / "runs").iterdir()] == [other]


def test_files_of_a_run_whose_deletion_was_cut_short_are_swept(
    api: Api, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_id,) = queued(api.store, catalog)
    folder = api.settings.data_dir / "runs" / run_id
    folder.mkdir(parents=True)
    write(api.store, claimed(api.store), state=RunState.FAILED)
    with monkeypatch.context() as dying:
        dying.setattr(staging.Staging, "settle", lambda *_: False)
        assert api.client.delete(f"/api/runs/{run_id}").status_code == 204
    assert folder.exists()
    assert staging.of_runs(api.store, api.settings.data_dir).sweep() == [run_id]
    assert not folder.exists()


def test_what_happened_is_told_without_points(api: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api.store, catalog)
    lease = claimed(api.store)
    write(
        api.store,
        lease,
        stage(0, "train: adam", 0),
        points(1, 5, loss=1.0),
        event(EventKind.REWIND, step=3, reason="x"),
    )
    reported = api.client.get(f"/api/runs/{run_id}/events").json()
    assert [(event["seq"], event["kind"]) for event in reported] == [(1, "state"), (2, "stage_began"), (4, "rewind")]
    later = api.client.get(f"/api/runs/{run_id}/events", params={"after": 2}).json()
    assert [event["seq"] for event in later] == [4]


def test_what_happened_is_read_page_by_page(api: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api.store, catalog)
    lease = claimed(api.store)
    lines = [event(EventKind.LOG, level="info", text=str(number)) for number in range(1200)]
    write(api.store, lease, *lines, event(EventKind.REWIND, step=0, reason="x"))

    def seqs(**page: Any) -> list[int]:
        return [one["seq"] for one in api.client.get(f"/api/runs/{run_id}/events", params=page).json()]

    assert seqs() == list(range(1, 1001))
    assert seqs(after=1000) == list(range(1001, 1203))
    assert seqs(newest=True, limit=2) == [1202, 1201]
    assert seqs(newest=True, before=1202, kind=["log"], limit=2) == [1201, 1200]
    assert seqs(kind=["rewind", "state"], after=2) == [1202]
    assert api.client.get(f"/api/runs/{run_id}/events", params={"limit": 1001}).status_code == 422


def test_points_are_withdrawn_by_a_rewind(api_on_each: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api_on_each.store, catalog)
    lease = claimed(api_on_each.store)
    write(api_on_each.store, lease, points(1, 10, loss=1.0), event(EventKind.REWIND, step=4, reason="x"))
    write(api_on_each.store, lease, points(5, 6, loss=2.0))
    answer = api_on_each.client.get(f"/api/runs/{run_id}/points").json()
    (series,) = answer["series"]
    assert series["steps"] == [1, 2, 3, 4, 5, 6] and series["values"] == [1, 1, 1, 1, 2, 2]
    assert answer["seq"] == 4 and series["metric"] == "train/loss"


def test_numbers_that_json_lacks_are_text(api: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api.store, catalog)
    write(api.store, claimed(api.store), points(1, 4, loss=np.array([1.0, np.nan, np.inf, -np.inf])))
    (series,) = api.client.get(f"/api/runs/{run_id}/points").json()["series"]
    assert series["values"] == [1.0, "NaN", "Infinity", "-Infinity"]


def test_many_points_are_thinned_and_a_spike_stays(api: Api, catalog: Catalog) -> None:
    (run_id,) = queued(api.store, catalog)
    loss = np.ones(10_000)
    loss[7_654] = 99.0
    write(api.store, claimed(api.store), points(0, 9_999, loss=loss, accuracy=0.5))
    answer = api.client.get(f"/api/runs/{run_id}/points", params={"metrics": "train/loss", "pixels": 100}).json()
    (series,) = answer["series"]
    assert series["points"] == 10_000 and len(series["values"]) <= 200 and 99.0 in series["values"]
    window = {"metrics": "train/loss", "from": 7_650, "until": 7_660}
    (zoomed,) = api.client.get(f"/api/runs/{run_id}/points", params=window).json()["series"]
    assert zoomed["steps"] == list(range(7_650, 7_661)) and zoomed["values"][4] == 99.0


def test_the_model_stands_before_the_first_stage_as_it_came_in(api_on_each: Api, catalog: Catalog) -> None:
    run = finished(api_on_each.store, catalog)
    path = f"/api/runs/{run}"
    assert api_on_each.client.get(path).json()["incoming"] is None
    with api_on_each.store.begin() as session:
        summaries.put(session, run, INCOMING, 0, 0, {"parameters": 12_345, "nonzero": 12_000})
    incoming = {"parameters": 12_345, "nonzero": 12_000, "validation": {}, "test": {}}
    assert api_on_each.client.get(path).json()["incoming"] == incoming
    report = api_on_each.client.get(f"{path}/report").text
    assert "<td>as it came in</td><td>no file</td><td></td><td></td><td>12,345</td><td>12,000</td>" in report
    with api_on_each.store.begin() as session:
        summaries.put(session, run, INCOMING, 0, 0, {**incoming, "test": {"loss": 2.3, "accuracy": 0.125}})
    report = api_on_each.client.get(f"{path}/report").text
    assert "<td>as it came in</td><td>no file</td><td>12.50%</td><td></td><td>12,345</td>" in report
