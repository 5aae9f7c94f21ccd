"""Models are compared on one data set and one machine, unless the question names others."""

from typing import Any

import pytest

from backend.domain.catalog import Catalog
from tests.backend.api.conftest import Api
from tests.backend.api.making import finished
from tests.backend.api.test_tradeoffs import ask, on

HERE, THERE = "AMD EPYC, 2 cores", "Apple M4, 10 cores"


def found_in(answer: dict[str, Any]) -> set[str]:
    return {point["run_id"] for point in answer["points"]}


@pytest.fixture
def runs_of_three(api_on_each: Api, catalog: Catalog) -> dict[str, str]:
    """By name runs on digits there, on leaves here, and the newest, on digits here."""
    machines = {"there": THERE, "leaves": HERE, "here": HERE}
    made = {name: finished(api_on_each.store, catalog, name, machine=machine) for name, machine in machines.items()}
    on(api_on_each, made["leaves"], kind="leaves")
    return made


def test_by_default_one_data_set_and_one_machine_are_compared(api_on_each: Api, runs_of_three: dict[str, str]) -> None:
    answer = ask(api_on_each, where="accuracy >= 90%")
    assert found_in(answer) == {runs_of_three["here"]}
    assert (answer["dataset"], answer["machine"], answer["machines"]) == ("digits", HERE, [HERE, THERE])
    assert answer["sentence"].startswith(
        f"On digits (test split, n = 360), timed on {HERE}: 2 of 2 measured models meet it."
    )
    assert answer["note"] == "2 more models were timed on another machine: the machine `any` compares all."


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"machine": THERE}, {"there"}),
        ({"machine": THERE.lower()}, {"there"}),
        ({"machine": "any"}, {"here", "there"}),
        ({"dataset": "any"}, {"here", "leaves"}),
        ({"dataset": "any", "machine": "any"}, {"here", "there", "leaves"}),
        ({"models": "mlp"}, {"here"}),
        ({"where": "dataset == leaves"}, {"leaves"}),
        ({"where": "dataset != digits"}, {"leaves"}),
        ({"where": f'machine == "{THERE}"'}, {"there"}),
        ({"where": f"machine != '{THERE}'"}, {"here"}),
        ({"where": "model == mlp and format == onnx"}, {"here"}),
        ({"where": "format != onnx"}, set()),
        ({"where": "model == cnn or accuracy < 10%"}, set()),
    ],
)
def test_the_question_says_what_is_compared(
    api_on_each: Api, runs_of_three: dict[str, str], asked: dict[str, str], names: set[str]
) -> None:
    bound = f"{asked.get('where', 'accuracy > 1%')} and accuracy > 1%"
    answer = ask(api_on_each, **{**asked, "where": bound})
    meeting = {point["run_id"] for point in answer["points"] if point["artifact"] in answer["qualifying"]}
    assert meeting == {runs_of_three[name] for name in names}
    drawn = api_on_each.client.get("/api/figures/pareto", params={**asked, "where": bound}).json()
    about = [about for trace in drawn["data"] for about in trace.get("customdata", [])]
    assert {run for run, *_ in about} == found_in(answer)


def test_models_of_another_kind_are_left_out(api_on_each: Api, runs_of_three: dict[str, str]) -> None:
    answer = ask(api_on_each, models="cnn,transformer")
    assert (answer["points"], answer["models"]) == ([], ["mlp"])


def test_a_machine_that_timed_nothing_is_refused_with_those_that_did(
    api_on_each: Api, runs_of_three: dict[str, str]
) -> None:
    answer = api_on_each.client.get("/api/tradeoffs", params={"machine": "Cray"})
    assert (answer.status_code, answer.json()["path"]) == (422, "machine")
    assert f"known: `{HERE}`, `{THERE}`" in answer.json()["detail"]


def test_a_name_that_nothing_is_called_is_told(api_on_each: Api, runs_of_three: dict[str, str]) -> None:
    answer = ask(api_on_each, where="accuracy > 1% and model == cnn")
    assert "its kind of model is not “cnn”" in answer["sentence"] and len(answer["nearest"]) == 2


def test_the_machine_is_told_where_it_and_not_the_model_may_be_the_reason(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog, machine=HERE, busy=True, disturbed=0.71, p95_ms=9.0)
    answer = ask(api, where="accuracy > 1% and p95 <= 3ms")
    assert "9 ms is 6 ms above 3 ms (the machine was busy, 71% of the calls were disturbed" in answer["sentence"]
    assert {point["values"]["busy@1"] for point in answer["points"]} == {1.0}
