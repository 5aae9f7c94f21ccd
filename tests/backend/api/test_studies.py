"""Studies on the wire: made, checked, steered and drawn; what cannot be is refused and changes nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend.api.caches.trials import study_data
from backend.charts.trials import StudyData
from backend.domain import text
from backend.domain.study.study import StudyState, TrialState
from backend.store import studies, tables
from backend.store.clock import now
from tests.backend.api.conftest import Api
from tests.backend.domain.test_study import LR, SPEC, study


def made(api: Api, **changes: Any) -> dict[str, Any]:
    answer = api.client.post("/api/studies", json={"study": study(**changes)})
    assert answer.status_code == 201, answer.text
    reported: dict[str, Any] = answer.json()
    return reported


def steer(api: Api, study_id: str, kind: str, **body: Any) -> Any:
    return api.client.post(f"/api/studies/{study_id}/commands", json={"kind": kind, "body": body})


def state(api: Api, study_id: str, word: StudyState) -> None:
    with api.store.begin() as session:
        row = studies.lock(session, study_id)
        assert row is not None
        studies.move(session, row, word)


def complete(api: Api, study_id: str, count: int, objectives: int = 1) -> None:
    """Trials as a conductor leaves them: the rate rises, and so does the first value; the second one falls."""
    with api.store.begin() as session:
        row = studies.lock(session, study_id)
        assert row is not None
        for index in range(count):
            values = {LR: 1e-4 * 10 ** (4 * index / count), "stages[0].optimizer.momentum": 0.9 * index / count}
            trial = studies.enqueue(session, row, values)
            trial.began_at, trial.reported = now(), True
            studies.end(session, trial, TrialState.COMPLETE, values=[index / count, index + 1.0][:objectives])
        row.importance = {LR: 0.75, "stages[0].optimizer.momentum": 0.25}


TWO = [
    {"field": LR, "low": 1e-4, "high": 1.0, "log": True},
    {"field": "stages[0].optimizer.momentum", "low": 0.0, "high": 0.9},
]


def test_a_study_is_made_listed_and_told_whole(api: Api) -> None:
    created = made(api)
    assert (created["state"], created["objectives"], created["best"]) == ("running", ["validation/accuracy"], None)
    (listed,) = api.client.get("/api/studies").json()
    assert listed == created
    reported = api.client.get(f"/api/studies/{created['id']}").json()
    assert reported["study"]["space"][0]["field"] == LR
    assert reported["spent"] == {"trials": 0, "hours": 0.0, "joules": 0.0}
    assert reported["size"] is None
    assert "lr" in reported["yaml"]


def test_yaml_is_taken_as_it_is_written(api: Api) -> None:
    yaml = api.client.post("/api/studies/check", json={"study": study()}).json()["yaml"]
    answer = api.client.post("/api/studies", content=yaml, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("path", ["/api/studies", "/api/studies/check"])
def test_a_study_itself_is_taken_as_the_body(api: Api, path: str) -> None:
    answer = api.client.post(path, json=study())
    assert answer.status_code in (200, 201) and answer.json().get("problems", []) == [], answer.text


def test_the_fields_of_a_spec_are_told_however_it_is_sent(api: Api) -> None:
    wrapped = api.client.post("/api/studies/fields", json={"spec": SPEC}).json()
    assert api.client.post("/api/studies/fields", json=SPEC).json() == wrapped
    yaml = {"content": text.to_yaml(SPEC), "headers": {"Content-Type": "application/yaml"}}
    assert api.client.post("/api/studies/fields", **yaml).json() == wrapped


def test_a_retried_request_makes_one_study(api: Api) -> None:
    headers = {"Idempotency-Key": "once"}
    answers = [api.client.post("/api/studies", json={"study": study()}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    other = api.client.post("/api/studies", json={"study": study(name="another")}, headers=headers)
    assert other.status_code == 409
    assert len(api.client.get("/api/studies").json()) == 1


def test_the_same_key_at_once_makes_one_study(api_on_each: Api) -> None:
    def ask(_: int) -> tuple[int, str]:
        headers = {"Idempotency-Key": "at-once"}
        answer = api_on_each.client.post("/api/studies", json={"study": study()}, headers=headers)
        return answer.status_code, answer.json().get("id", answer.text)

    with ThreadPoolExecutor(6) as threads:
        answers = set(threads.map(ask, range(6)))
    assert len(answers) == 1 and next(iter(answers))[0] == 201, answers


def test_a_repeated_request_knows_a_study_that_was_changed_since(api: Api) -> None:
    headers = {"Idempotency-Key": "again"}
    first, again = (api.client.post("/api/studies", json={"study": study()}, headers=headers).json() for _ in "12")
    steer(api, first["id"], "extend", trials=5)
    last = api.client.post("/api/studies", json={"study": study()}, headers=headers)
    assert first["id"] == again["id"] == last.json()["id"]


def test_a_wrong_study_is_refused_with_its_place_and_nothing_is_made(api: Api) -> None:
    answer = api.client.post("/api/studies", json={"study": study(space=[{"field": LR, "low": 1, "high": 0.1}])})
    assert (answer.status_code, answer.json()["path"]) == (422, "space[0].high")
    first = api.client.post("/api/studies", json={"study": study(), "first": [{LR: 7}]})
    assert (first.status_code, first.json()["path"]) == (422, "first[0]")
    assert api.client.get("/api/studies").json() == []
    checked = api.client.post("/api/studies/check", json={"study": study(budget={})}).json()
    assert [problem["path"] for problem in checked["problems"]] == ["budget"]


def test_fields_are_proposed_with_the_turnable_ones_marked(api: Api) -> None:
    fields = api.client.post("/api/studies/fields", json={"spec": {"name": "x", **SPEC}}).json()
    by_path = {field["path"]: field for field in fields}
    assert by_path[LR]["suggested"] and by_path[LR]["dimension"]["log"]
    assert not by_path["model"]["suggested"]
    assert {"kind": "cnn"} in by_path["model"]["dimension"]["choice"]


def test_trials_are_paged_and_the_best_stand_first(api: Api) -> None:
    created = made(api)
    complete(api, created["id"], 30)
    page = api.client.get(f"/api/studies/{created['id']}/trials?sort=value&limit=10").json()
    assert page["total"] == 30
    assert [trial["number"] for trial in page["trials"]] == list(range(29, 19, -1))
    second = api.client.get(f"/api/studies/{created['id']}/trials?offset=25&limit=10&descending=false").json()
    assert [trial["number"] for trial in second["trials"]] == list(range(25, 30))
    assert api.client.get(f"/api/studies/{created['id']}").json()["best"]["number"] == 29


def test_every_offered_chart_is_drawn(api: Api) -> None:
    objectives = [{"measure": "validation/accuracy"}, {"measure": "bytes"}]
    created = made(api, space=TWO, objectives=objectives)
    url = f"/api/studies/{created['id']}"
    offered = [chart["name"] for chart in api.client.get(url).json()["charts"]]
    assert offered == ["history", "front", "parallel", "importance", "contour", "timeline"]
    for name in offered:
        assert api.client.get(f"{url}/figures/{name}").status_code == 200, f"{name} of no trial"
    complete(api, created["id"], 20, objectives=2)
    for name in offered:
        figure = api.client.get(f"{url}/figures/{name}?theme=dark").json()
        assert figure["data"] and figure["layout"]["meta"]["summary"], name
    assert api.client.get(f"{url}/figures/beauty").status_code == 404
    assert len(api.client.get(url).json()["front"]) == 20, "accuracy rises with the bytes: none beats another"


def test_a_trial_is_remembered_once_it_is_over_and_not_before(api_on_each: Api) -> None:
    api = api_on_each
    study_id = made(api, space=TWO, objectives=[{"measure": "validation/accuracy"}, {"measure": "bytes"}])["id"]
    complete(api, study_id, 3, objectives=2)
    with api.store.begin() as session:
        row = studies.lock(session, study_id)
        assert row is not None
        studies.enqueue(session, row, {LR: 0.1, "stages[0].optimizer.momentum": 0.5})
    complete(api, study_id, 2, objectives=2)

    def known() -> StudyData:
        with api.store.read() as session:
            return study_data(session, session.get_one(tables.Study, study_id))

    def summary() -> str:
        figure = api.client.get(f"/api/studies/{study_id}/figures/front").json()
        return str(figure["layout"]["meta"]["summary"])

    first, reported = known(), summary()
    assert [one.state for one in first.trials] == [TrialState.COMPLETE] * 3 + [TrialState.WAITING] + [
        TrialState.COMPLETE
    ] * 2
    assert known() is first, "nothing has changed"
    with api.store.begin() as session:
        trial = session.get_one(tables.Trial, (study_id, 3))
        studies.end(session, trial, TrialState.COMPLETE, values=[0.99, 0.5])
    assert known() is not first and known().trials[3].values == [0.99, 0.5]
    assert known().trials[0] is first.trials[0], "it is not read again"
    assert (reported, summary()) == (
        "4 of 5 complete trials are on the front.",
        "1 of 6 complete trials are on the front.",
    )
    assert api.client.get(f"/api/studies/{study_id}").json()["front"] == [3]
    steer(api, study_id, "narrow", space=[{**TWO[0], "low": 0.01}])
    assert known().space[0].low == 0.01


def test_it_is_steered_and_says_what_it_cannot(api: Api) -> None:
    study_id = made(api)["id"]
    assert steer(api, study_id, "resume").status_code == 409
    assert steer(api, study_id, "pause").json()["state"] == "paused"
    again = steer(api, study_id, "pause")
    assert again.status_code == 409 and "The study is paused" in again.json()["detail"]
    assert steer(api, study_id, "resume").json()["state"] == "running"
    assert steer(api, study_id, "extend", trials=5).json()["budget"]["trials"] == 15
    assert steer(api, study_id, "stop").json()["state"] == "stopping"
    state(api, study_id, StudyState.STOPPED)
    assert steer(api, study_id, "pause").status_code == 409
    assert steer(api, study_id, "extend", trials=1).json()["state"] == "running"


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "nothing to extend": ("extend", {}, "body.trials"),
    "a limit that is not there": ("extend", {"hours": 1}, "body.hours"),
    "more than is allowed": ("extend", {"trials": 10_000}, "body.trials"),
    "values beyond the space": ("enqueue", {"values": {LR: 7}}, "body.values"),
    "a field that is not varied": ("enqueue", {"values": {LR: 0.1, "seed": 1}}, "body.values"),
    "a wider space": ("narrow", {"space": [{"field": LR, "low": 1e-5, "high": 1, "log": True}]}, "body.space[0]"),
    "another field": ("narrow", {"space": [{"field": "seed", "choice": [1]}]}, "body.space[0].field"),
    "an upside-down space": ("narrow", {"space": [{"field": LR, "low": 0.1, "high": 0.01}]}, "body.space[0].high"),
    "an unknown word": ("stop", {"running": "explode"}, "body.running"),
}


@pytest.mark.parametrize(("kind", "body", "path"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_obeyed_changes_nothing(kind: str, body: dict[str, Any], path: str, api: Api) -> None:
    created = made(api)
    answer = steer(api, created["id"], kind, **body)
    assert (answer.status_code, answer.json()["path"]) == (422, path), answer.text
    assert api.client.get("/api/studies").json() == [created]


def test_a_person_asks_for_a_trial_and_narrows_the_space(api: Api) -> None:
    study_id = made(api)["id"]
    assert steer(api, study_id, "enqueue", values={LR: 0.01}).json()["counts"] == {"waiting": 1}
    (trial,) = api.client.get(f"/api/studies/{study_id}/trials").json()["trials"]
    assert (trial["assignment"], trial["by"] is not None) == ({LR: 0.01}, True)
    answer = steer(api, study_id, "narrow", space=[{"field": LR, "low": 0.005, "high": 0.05, "log": True}])
    assert answer.status_code == 200, answer.text
    reported = api.client.get(f"/api/studies/{study_id}").json()["study"]["space"][0]
    assert (reported["low"], reported["high"]) == (0.005, 0.05)
    with api.store.read() as session:
        assert session.get_one(tables.Study, study_id).generation == 1


def test_around_a_run_a_study_is_drafted_that_is_taken(api: Api) -> None:
    spec = {"name": "a run", **SPEC}
    (run,) = api.client.post("/api/experiments", json={"spec": spec}).json()["runs"]
    draft = api.client.get(f"/api/runs/{run['id']}/around").json()
    assert draft["first"][0][LR] > 0
    answer = api.client.post("/api/studies", json=draft)
    assert answer.status_code == 201, answer.text
    assert answer.json()["counts"] == {"waiting": 1}


def test_an_unknown_study_is_not_found(api: Api) -> None:
    assert api.client.get("/api/studies/none").status_code == 404
    assert steer(api, "none", "pause").status_code == 404
