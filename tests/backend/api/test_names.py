"""Names that would be shown as others: refused where they are chosen, cleaned where they are found."""

import pytest

from backend.domain.catalog import Catalog
from backend.store import workers
from tests.backend.api.conftest import Api
from tests.backend.api.making import SPEC
from tests.backend.api.test_errors import shape

TURNED = "photo\u202egnp.exe"
STUDY = {
    "name": TURNED,
    "spec": SPEC,
    "space": [{"field": "stages[0].epochs", "low": 1, "high": 9}],
    "objectives": [{"measure": "validation/accuracy"}],
    "budget": {"trials": 2},
}
REQUESTED = {
    "a run": ("/api/experiments", {"spec": {**SPEC, "name": TURNED}}),
    "a run in YAML": ("/api/experiments", {"spec": f'name: "{TURNED}"'}),
    "a run in escaped JSON": ("/api/experiments", {"spec": '{"name": "a\\u202eb"}'}),
    "a variant": ("/api/experiments", {"spec": SPEC, "variants": [{"name": TURNED, "changes": {}}] * 2}),
    "a study": ("/api/studies", {"study": STUDY}),
}


@pytest.mark.parametrize("what", REQUESTED)
def test_a_chosen_name_that_turns_around_is_refused(api: Api, what: str) -> None:
    path, body = REQUESTED[what]
    answer = api.client.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert "U+202E, which changes the direction of writing" in shape(answer).detail
    assert shape(answer).path is not None and "name" in shape(answer).path  # type: ignore[operator]


def test_names_in_scripts_that_run_to_the_left_are_kept(api: Api) -> None:
    answer = api.client.post("/api/experiments", json={"spec": {**SPEC, "name": "ניסוי \u200fא تجربة"}})
    assert answer.status_code == 201
    assert api.client.get("/api/runs").json()["runs"][0]["name"] == "ניסוי \u200fא تجربة"


def test_the_name_of_a_worker_is_cleaned(api: Api, catalog: Catalog) -> None:
    with api.store.begin() as session:
        workers.announce(session, "worker-9", f"{TURNED}\x1b", {}, catalog)
    names = [row["name"] for row in api.client.get("/api/workers").json()["workers"]]
    assert "photognp.exe" in names
