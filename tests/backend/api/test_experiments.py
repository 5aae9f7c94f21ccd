"""Submitting: checked as a whole, created once."""

import copy
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from httpx2 import Response

from backend.store import experiments, tables
from tests.backend.api.conftest import Api
from tests.backend.api.making import SPEC

YAML = """
name: From a file
dataset: {kind: digits}
model: {kind: mlp, hidden: [32]}
stages:
  - {kind: train, epochs: 1, optimizer: {kind: adam, lr: 1e-3}}
"""


def submit(api: Api, spec: Any = SPEC, key: str | None = None, **more: Any) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return api.client.post("/api/experiments", json={"spec": spec, **more}, headers=headers)


def stored(api: Api) -> int:
    with api.store.read() as session:
        return session.query(tables.Run).count() + 1000 * session.query(tables.Experiment).count()


def test_a_spec_becomes_queued_runs(api_on_each: Api) -> None:
    answer = submit(api_on_each, seeds=[3, 1, 2])
    assert answer.status_code == 201
    runs = answer.json()["runs"]
    assert [run["state"] for run in runs] == ["queued"] * 3
    rows = api_on_each.client.get("/api/runs", params={"descending": "false"}).json()["runs"]
    assert [(row["id"], row["seed"]) for row in rows] == list(zip([run["id"] for run in runs], [3, 1, 2], strict=True))
    assert len({row["color"] for row in rows}) == 3


def test_the_specs_own_seed_is_taken_without_any(api: Api) -> None:
    run = submit(api, {**SPEC, "seed": 7}).json()["runs"][0]["id"]
    assert api.client.get(f"/api/runs/{run}").json()["seed"] == 7


def test_it_is_there_before_the_answer_is(api: Api) -> None:
    """The transaction ends before the response leaves: whoever has the id can use it."""
    for _ in range(5):
        run = submit(api).json()["runs"][0]["id"]
        with api.store.read() as session:
            assert session.get(tables.Run, run) is not None


def test_text_is_taken_as_a_mapping_is(api: Api) -> None:
    ids = [submit(api, spec).json()["id"] for spec in (YAML, {**SPEC}, json.dumps(SPEC))]
    with api.store.read() as session:
        found = [experiments.get(session, id) for id in ids]
    assert found[1] and found[2] and found[1].fingerprint == found[2].fingerprint
    assert found[0] and found[0].spec["stages"][0]["optimizer"]["lr"] == 1e-3


@pytest.mark.parametrize("kind", ["application/yaml", "text/yaml; charset=utf-8", "application/x-yaml"])
def test_a_yaml_file_is_taken_as_the_body(api: Api, kind: str) -> None:
    answer = api.client.post("/api/experiments", content=YAML, headers={"Content-Type": kind})
    assert answer.status_code == 201
    assert api.client.get("/api/runs").json()["runs"][0]["name"] == "From a file"


def test_a_json_file_is_taken_as_the_body(api: Api) -> None:
    answer = api.client.post("/api/experiments", json=SPEC)
    assert answer.status_code == 201, answer.text
    assert stored(api) == 1001


def test_a_spec_mixed_with_what_goes_beside_it_is_told_how(api: Api) -> None:
    answer = api.client.post("/api/experiments", json={**SPEC, "seeds": [1, 2]})
    assert (answer.status_code, answer.json()["path"]) == (422, "spec")
    assert answer.json()["detail"] == '`seeds` must stand beside the spec, not in it: send {"spec": …, "seeds": …}.'
    assert stored(api) == 0


@pytest.mark.parametrize("body", ["[1]", "3", "{", "{}", '{"spek": {"name": "x"}}', "[" * 100_000])
def test_what_is_no_spec_is_no_bare_spec(api: Api, body: str) -> None:
    answer = api.client.post("/api/experiments", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


def test_a_broken_yaml_file_is_told_where(api: Api) -> None:
    answer = api.client.post("/api/experiments", content="a: [1", headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 422 and "line" in answer.json()["detail"]
    binary = api.client.post("/api/experiments", content=b"\xff\xfe", headers={"Content-Type": "application/yaml"})
    assert binary.status_code == 422


def _changed(path: str, value: Any) -> dict[str, Any]:
    spec = copy.deepcopy(SPEC)
    *parents, last = path.replace("]", "").replace("[", ".").split(".")
    node: Any = spec
    for part in parents:
        node = node[int(part)] if isinstance(node, list) else node.setdefault(part, {})
    node[last] = value
    return spec


@pytest.mark.parametrize(
    ("path", "value", "reported"),
    [
        ("dataset.kind", "didgits", "did you mean `digits`"),
        ("stages[0].epochs", 0, "at least 1"),
        ("stages[0].epochs", 10**12, "at most"),
        ("stages[0].epochs", "2", "whole number"),
        ("stages[0].epcohs", 2, "did you mean `epochs`"),
        ("stages[0].optimizer.kind", "adamx", "adam"),
        ("stages[1].method", 4, "must be a mapping"),
        ("seed", -1, "at least 0"),
        ("seed", True, "whole number"),
        ("name", "", "at least 1"),
        ("name", "x\x00", "control character"),
        ("name", "\ud800", "surrogate"),
        ("nmae", "x", "did you mean `name`"),
        ("measure.repeats", 1e309, "finite"),
    ],
)
def test_a_wrong_spec_is_refused_at_its_field(api: Api, path: str, value: Any, reported: str) -> None:
    spec = _changed(path, value)
    body = json.dumps({"spec": spec}).encode("utf-8", "surrogatepass")
    answer = api.client.post("/api/experiments", content=body, headers={"Content-Type": "application/json"})
    error = answer.json()
    assert (answer.status_code, error["path"]) == (422, path), error
    assert reported in error["detail"] and path in error["detail"]
    assert stored(api) == 0


def test_all_problems_are_told_at_once(api: Api) -> None:
    spec = _changed("stages[0].epochs", -1) | {"dataset": {"kind": "nope"}, "extra": 1}
    paths = [problem["path"] for problem in submit(api, spec).json()["problems"]]
    assert {"stages[0].epochs", "dataset.kind", "extra"} <= set(paths)


@pytest.mark.parametrize("spec", [[], "", "[]", "3", "{", "a: &x [*x]", "[" * 9000, "!!python/object:os.system {}"])
def test_what_is_no_spec_is_refused(api: Api, spec: Any) -> None:
    assert submit(api, spec).status_code == 422
    assert stored(api) == 0


def test_deep_nesting_is_refused(api: Api) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"kind": deep}
    answer = submit(api, {**SPEC, "model": deep})
    assert answer.status_code == 422 and "nested" in answer.json()["detail"]


def test_without_a_worker_it_says_so(api_without_worker: Api) -> None:
    answer = submit(api_without_worker)
    assert (answer.status_code, answer.json()["error"]) == (503, "CatalogMissing")
    assert "worker" in answer.json()["detail"]


def test_the_same_key_creates_once(api_on_each: Api) -> None:
    first, second = (submit(api_on_each, key="once", seeds=[1, 2]) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert stored(api_on_each) == 1002


def test_the_same_key_with_another_body_is_a_conflict(api: Api) -> None:
    submit(api, key="mine")
    answer = submit(api, {**SPEC, "name": "Another"}, key="mine")
    assert (answer.status_code, answer.json()["error"]) == (409, "Conflict")
    assert stored(api) == 1001


def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    assert submit(api, {}, key="mine").status_code == 422
    assert submit(api, key="mine").status_code == 201


def test_the_same_key_at_the_same_time_creates_once(api_on_each: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(api_on_each, key="race"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert stored(api_on_each) == 1001


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "ümlaut"])
def test_a_strange_key_is_refused(api: Api, key: str) -> None:
    answer = api.client.post("/api/experiments", json={"spec": SPEC}, headers={"Idempotency-Key": key.encode()})
    assert answer.status_code == 422
    assert stored(api) == 0


VARIANTS = [
    {"name": "slow", "changes": {"stages[0].optimizer": {"kind": "adam", "lr": 1e-4}}},
    {"name": "fast", "changes": {"stages[0].optimizer": {"kind": "adam", "lr": 1e-2}}},
]


def test_variants_become_a_group_of_experiments(api_on_each: Api) -> None:
    answer = submit(api_on_each, key="once", seeds=[5, 6], variants=VARIANTS)
    assert answer.status_code == 201 and len(answer.json()["runs"]) == 4
    again = submit(api_on_each, key="once", seeds=[5, 6], variants=VARIANTS)
    assert again.json() == answer.json() and stored(api_on_each) == 2004
    query = {"group": answer.json()["id"], "descending": "false"}
    rows = api_on_each.client.get("/api/runs", params=query).json()["runs"]
    assert [(row["name"], row["seed"]) for row in rows] == [
        (f"{SPEC['name']} · {name}", seed) for seed in (5, 6) for name in ("slow", "fast")
    ]
    assert {row["group_id"] for row in rows} == {answer.json()["id"]} and len({row["color"] for row in rows}) == 4
    assert api_on_each.client.get("/api/runs", params={"group": "none"}).json()["runs"] == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"stages[7].epochs": 1}, "variants[1]: stages[7].epochs"),
        ({"stages[0].optimizer": {"kind": "adamm"}}, "variants[1]: stages[0].optimizer.kind"),
    ],
)
def test_one_wrong_variant_and_nothing_is_created(api: Api, changes: dict[str, Any], path: str) -> None:
    answer = submit(api, variants=[VARIANTS[0], {"name": "wrong", "changes": changes}])
    assert answer.status_code == 422 and answer.json()["path"] == path
    assert stored(api) == 0


def test_too_many_runs_at_once_are_refused(api: Api) -> None:
    answer = submit(api, seeds=list(range(100)), variants=VARIANTS * 3)
    assert answer.status_code == 422 and answer.json()["path"] == "variants"
    assert stored(api) == 0
