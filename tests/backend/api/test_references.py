"""Runs that a spec names: checked before anything is queued, kept while they are needed."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.experiment.references import RUN, Reference, find_marked
from backend.store import artifacts, runs
from backend.store.clock import new_id
from tests.backend.api.conftest import Api
from tests.backend.api.making import SPEC, finished, queued


def left_model(api: Api, catalog: Catalog, name: str = "Teacher") -> str:
    """A finished run with a checkpoint at the end of each stage."""
    run_id = finished(api.store, catalog, name)
    with api.store.begin() as session:
        for stage in (0, 1):
            artifacts.register(
                session, run_id, id=new_id(), kind="checkpoint", stage=stage, step=24, bytes=1, path=f"c{stage}",
                sha256="0" * 64,
            )  # fmt: skip
    return run_id


def transferring(source: str) -> dict[str, Any]:
    return {**SPEC, "stages": [{"kind": "transfer", "method": {"kind": "features", "source": source}}]}


def problems(api: Api, spec: dict[str, Any]) -> list[tuple[str, str]]:
    answer = api.client.post("/api/specs/check", json={"spec": spec}).json()
    return [(problem["path"], problem["message"]) for problem in answer["problems"]]


def test_a_run_that_left_a_model_is_taken(api: Api, catalog: Catalog) -> None:
    teacher = left_model(api, catalog)
    for source in (teacher, f"{teacher}:0"):
        assert problems(api, transferring(source)) == []
        assert api.client.post("/api/experiments", json={"spec": transferring(source)}).status_code == 201


def test_one_that_did_not_is_refused_with_those_that_did(api: Api, catalog: Catalog) -> None:
    [(path, message)] = problems(api, transferring("nobody"))
    assert path == "stages[0].method.source"
    assert message == ("names the run `nobody`, which does not exist. No run has a model yet: let one finish first.")
    teacher = left_model(api, catalog)
    refused = api.client.post("/api/experiments", json={"spec": transferring(f"{teacher}:7")})
    assert (refused.status_code, refused.json()["path"]) == (422, "stages[0].method.source")
    assert "finished the stages 0, 1" in refused.json()["detail"]
    assert f"Runs with a model: `{teacher}` (Teacher)." in refused.json()["detail"]
    with api.store.read() as session:
        assert runs.counts(session)["queued"] == 0


def test_each_entry_of_a_list_and_an_empty_one_is_told(api: Api, catalog: Catalog) -> None:
    teacher = left_model(api, catalog)
    soup = {"kind": "soup", "sources": [teacher, "x", teacher, "y"]}
    found = problems(api, {**SPEC, "stages": [soup, {"kind": "soup"}]})
    assert [path for path, _ in found] == ["stages[0].sources[1]", "stages[0].sources[3]", "stages[1].sources"]
    assert found[2][1].startswith("names no run.")


def test_a_run_stays_while_another_needs_it(api: Api, catalog: Catalog) -> None:
    teacher = left_model(api, catalog)
    created = api.client.post("/api/experiments", json={"spec": transferring(f"{teacher}:0")}).json()
    (student,) = (run["id"] for run in created["runs"])
    refused = api.client.delete(f"/api/runs/{teacher}")
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "“A run” needs files of this run and is queued: cancel that one first, or wait until it is over."
    )
    assert api.client.get(f"/api/runs/{teacher}").status_code == 200
    with api.store.begin() as session:
        assert runs.cancel_queued(session, student)
    assert api.client.delete(f"/api/runs/{teacher}").status_code == 204


def test_an_id_in_a_sentence_is_no_reference(api: Api, catalog: Catalog) -> None:
    teacher = left_model(api, catalog)
    queued(api.store, catalog, name=f"Like {teacher}")
    assert api.client.delete(f"/api/runs/{teacher}").status_code == 204


def test_references_are_found_at_any_depth(catalog: Catalog) -> None:
    spec = resolve(transferring("a:1"), catalog).model_dump(mode="json")
    assert list(find_marked(spec, catalog, RUN)) == [("stages[0].method.source", "a:1")]
    assert list(find_marked(spec, catalog, "x-no-such-mark")) == []


@pytest.mark.parametrize("text", ["a:", "a:-1", "a:x", "a:1:2", "a:99999"])
def test_a_stage_is_a_number(text: str) -> None:
    assert Reference.parse("a:12") == Reference("a", 12)
    with pytest.raises(ValueError, match="stages counted from 0"):
        Reference.parse(text)


def test_a_teacher_of_other_data_is_refused(api: Api, catalog: Catalog) -> None:
    """Whatever it knows has other shapes: told before anything is queued."""
    teacher = left_model(api, catalog)
    stages = [{"kind": "distill", "teacher": teacher, "epochs": 1}]
    assert problems(api, {**SPEC, "stages": stages}) == []
    [(path, message)] = problems(api, {**SPEC, "dataset": {"kind": "wine"}, "stages": stages})
    assert path == "stages[0].teacher"
    assert message.endswith("and 10 outputs, while `wine` has [13] and 3: name a run for the same data.")
    soup = [{"kind": "train", "epochs": 1}, {"kind": "soup", "sources": [teacher]}]
    assert [found[0] for found in problems(api, {**SPEC, "dataset": {"kind": "wine"}, "stages": soup})] == [
        "stages[1].sources[0]"
    ]
    moved = [{"kind": "transfer", "method": {"kind": "features", "source": teacher}}]
    assert (
        problems(api, {**SPEC, "dataset": {"kind": "wine"}, "stages": moved}) == []
    )  # its layers may be of use elsewhere
