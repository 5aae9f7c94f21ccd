"""Older addresses lead to the new ones, and older words of a spec are understood."""

import pytest

from tests.backend.api.conftest import Api
from tests.backend.api.test_experiments import SPEC


@pytest.mark.parametrize(
    ("method", "old", "new"),
    [("POST", "ghosts", "counterfactuals"), ("GET", "knobs?a=1", "live-parameters?a=1")],
)
def test_an_older_address_leads_on(api: Api, method: str, old: str, new: str) -> None:
    answer = api.client.request(method, f"/api/runs/r/{old}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, f"/api/runs/r/{new}")


def test_older_words_of_a_spec_are_understood_and_named(api: Api) -> None:
    spec = {**SPEC, "interventions": [{"kind": "next", "step": 3}]}
    checked = api.client.post("/api/specs/check", json={"spec": spec}).json()
    assert checked["problems"] == [] and checked["experiment"]["commands"][0]["step"] == 3
    created = api.client.post("/api/experiments", json={"spec": spec}).json()
    assert created["notes"] == checked["notes"] == ["`interventions` is called `commands` now."]
