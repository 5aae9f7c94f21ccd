"""Drafts, templates, the catalog."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.experiment.stage_orders import explore
from backend.domain.study.check import resolve as resolve_study
from backend.store import workers
from tests.backend.api.conftest import Api
from tests.backend.api.making import SPEC, finished


def check(api: Api, spec: Any) -> dict[str, Any]:
    answer = api.client.post("/api/specs/check", json={"spec": spec})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_a_draft_comes_back_in_full(api: Api) -> None:
    checked = check(api, SPEC)
    assert checked["problems"] == []
    assert checked["document"] == SPEC
    assert checked["experiment"]["stages"][0]["optimizer"]["kind"] == "adam"
    assert check(api, checked["yaml"])["experiment"] == checked["experiment"]


def test_every_templates_spec_is_checked_as_a_body_of_its_own(api: Api) -> None:
    for template in api.client.get("/api/templates").json():
        answer = api.client.post("/api/specs/check", json=template["spec"])
        assert answer.json() == check(api, template["spec"]), template["id"]


def test_problems_come_with_the_draft_as_it_was(api: Api) -> None:
    text = "# mine\nname: x\ndataset: {kind: nope}\n"
    checked = check(api, text)
    assert checked["experiment"] is None and checked["yaml"] == text
    assert checked["document"] == {"name": "x", "dataset": {"kind": "nope"}}
    assert {"dataset.kind", "model", "stages"} <= {problem["path"] for problem in checked["problems"]}


def test_text_that_does_not_parse_has_no_document(api: Api) -> None:
    checked = check(api, "a: [")
    assert checked["document"] is None and len(checked["problems"]) == 1


def test_steps_are_estimated_from_the_datas_published_size(api: Api, catalog: Catalog) -> None:
    entry = catalog.find("datasets", "digits")
    assert entry is not None
    batches = math.ceil(entry.facts["train"] / 100)
    stages = [
        {"kind": "train", "epochs": 3, "batch": {"kind": "fixed", "size": 100}},
        {"kind": "prune", "method": {"kind": "magnitude", "sparsity": 0.5}, "recover": {"epochs": 2}},
        {"kind": "quantize", "method": {"kind": "dynamic_int8"}},
    ]
    estimate = check(api, {**SPEC, "stages": stages})["estimate"]
    assert [stage["steps"] for stage in estimate["stages"]] == [3 * batches, 2 * batches, 0]
    assert estimate["steps"] == 5 * batches and estimate["seconds"] is None


def test_how_long_a_search_takes_is_not_guessed(api: Api) -> None:
    stage = {"kind": "compress", "quantize": None, "recover": {"epochs": 1}}
    stages = [{**stage, "target": target} for target in ("", "accuracy > 90%")]
    estimate = check(api, {**SPEC, "stages": stages})["estimate"]
    assert [stage["steps"] is None for stage in estimate["stages"]] == [False, True]
    assert estimate["steps"] is None


def test_a_target_that_cannot_be_read_is_told_at_its_field(api: Api) -> None:
    stages = [{"kind": "compress", "target": "accuracy >=", "minimize": "beauty"}]
    answer = api.client.post("/api/experiments", json={"spec": {**SPEC, "stages": stages}})
    assert (answer.status_code, answer.json()["path"]) == (422, "stages[0].target")
    problems = {problem["path"]: problem["message"] for problem in answer.json()["problems"]}
    assert problems["stages[0].target"] == "expects a number, but it ends."
    assert problems["stages[0].minimize"].startswith("names `beauty`, which is not a measure; known: accuracy, ")


def test_time_is_estimated_from_earlier_runs_alone(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog)  # 24 steps in 3 seconds
    estimate = check(api, SPEC)["estimate"]
    assert estimate["seconds"] == pytest.approx(estimate["steps"] / 8)
    assert check(api, {**SPEC, "model": {"kind": "cnn"}})["estimate"]["seconds"] is None


def test_every_template_runs_as_it_is(api: Api, catalog: Catalog) -> None:
    templates = api.client.get("/api/templates").json()
    assert len(templates) >= 3
    for template in templates:
        resolve(template["spec"], catalog)
        if template["orders"]:
            assert len(explore(template["spec"], template["orders"], catalog).specs) > 1
        if template["study"]:
            study = {"name": template["title"], "spec": template["spec"], **template["study"]}
            assert resolve_study(study, catalog).space
        assert template["title"] and template["summary"].endswith(".") and template["minutes"] > 0
    kinds = [[stage["kind"] for stage in template["spec"]["stages"]] for template in templates]
    assert ["train", "prune", "fold", "quantize"] in kinds


def test_the_first_template_takes_well_under_a_minute(api: Api) -> None:
    template = api.client.get("/api/templates").json()[0]
    assert check(api, template["spec"])["estimate"]["steps"] < 1000


def test_the_schema_checks_spec_files(api: Api) -> None:
    schema = api.client.get("/api/schema/experiment").json()
    Draft202012Validator.check_schema(schema)
    accepts: Callable[[Any], bool] = Draft202012Validator(schema).is_valid
    assert all(accepts(template["spec"]) for template in api.client.get("/api/templates").json())
    assert not accepts({**SPEC, "dataset": {"kind": "nope"}})


def test_datasets_are_listed_with_their_facts(api: Api) -> None:
    datasets = {entry["kind"]: entry for entry in api.client.get("/api/datasets").json()}
    assert datasets["digits"]["facts"]["outputs"] == 10


def test_the_catalog_is_what_the_worker_published(api: Api, catalog: Catalog) -> None:
    assert Catalog.model_validate(api.client.get("/api/catalog").json()) == Catalog.merge([catalog])


def test_without_a_worker_there_is_no_catalog(api_without_worker: Api) -> None:
    for path in ("/api/catalog", "/api/datasets", "/api/schema/experiment"):
        assert api_without_worker.client.get(path).status_code == 503
    assert api_without_worker.client.get("/api/templates").status_code == 200


def test_a_catalog_that_no_worker_stands_behind_says_so_until_one_does(api_on_each: Api, catalog: Catalog) -> None:
    def now() -> dict[str, Any]:
        body: dict[str, Any] = api_on_each.client.get("/api/catalog").json()
        return body

    def has(kind: str) -> bool:
        return any(entry["kind"] == kind for entry in now()["entries"])

    assert now()["stale"] is False
    with api_on_each.store.begin() as session:
        workers.depart(session, "worker-1")
    assert now()["stale"] is True and has("adam") and not has("plugged")
    plugged = catalog.entries[0].model_copy(update={"kind": "plugged"})
    more = catalog.model_copy(update={"entries": [*catalog.entries, plugged]})
    with api_on_each.store.begin() as session:
        workers.announce(session, "worker-2", "the next", {"name": "cpu"}, more)
    assert now()["stale"] is False and has("plugged")


def test_a_draft_comes_back_field_by_field_whether_it_is_right_or_not(api: Api) -> None:
    right = check(api, SPEC)["fields"]
    assert right["stages[0].optimizer.kind"] == {
        "source": "default", "value": "adam", "required": True, "fallback": None
    }  # fmt: skip
    wrong = check(api, {**SPEC, "seed": -1, "name": ""})
    assert wrong["problems"] and wrong["experiment"] is None
    assert wrong["fields"] == {
        **right,
        "seed": {**right["seed"], "source": "given", "value": None},
        "name": {**right["name"], "value": None},
    }


def test_a_draft_without_its_data_is_resolved_all_the_same(api: Api) -> None:
    checked = check(api, {**SPEC, "dataset": {"kind": "upload"}})
    assert [problem["path"] for problem in checked["problems"]] == ["dataset.id"]
    assert checked["fields"]["dataset.id"]["source"] == "default"
    assert checked["fields"]["stages[0].optimizer.kind"]["value"] == "adam"


def test_a_component_is_tried_in_an_experiment_that_passes_the_check(api: Api) -> None:
    spec = api.client.get("/api/catalog/pruning_schedules/gradual/tryout").json()["spec"]
    assert check(api, spec)["problems"] == []
    sampler = api.client.get("/api/catalog/samplers/tpe/tryout")
    assert (sampler.status_code, sampler.json()["error"]) == (404, "TryoutNotFound")
    assert "samplers" not in api.client.get("/api/catalog").json()["tried"]
    assert api.client.get("/api/catalog/optimizers/nope/tryout").json()["error"] == "ComponentNotFound"
    assert api.client.get("/api/uploads/nope/tryout").json()["error"] == "UploadNotFound"
