"""Constraint queries: answered with a model or the nearest miss."""

from typing import Any

import pytest

from backend.charts import choice
from backend.domain.catalog import Catalog
from backend.domain.run.events import EventKind
from backend.domain.run.results import StageResult
from backend.store import results, runs
from backend.store.clock import new_id, now
from backend.store.tables import Run, Upload
from tests.backend.api.conftest import Api
from tests.backend.api.making import claimed, finished, points, queued, result, stage, write


def ask(api: Api, **params: str) -> dict[str, Any]:
    answer = api.client.get("/api/tradeoffs", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_nothing_measured_is_said(api: Api) -> None:
    assert ask(api, where="accuracy > 0.5") == {
        "points": [], "total": 0, "qualifying": [], "nearest": [], "sentence": "Nothing has been measured yet.",
        "fields": {"accuracy": "share", "bytes": "bytes"}, "quality": "accuracy", "qualities": ["accuracy"],
        "formats": [], "devices": [], "dataset": "", "datasets": [], "samples": [], "note": "", "offer": "",
        "machine": "", "machines": [], "models": [],
    }  # fmt: skip


def test_the_best_that_meets_it_comes_first(api_on_each: Api, catalog: Catalog) -> None:
    finished(api_on_each.store, catalog, "Mine")
    found = ask(api_on_each, where="accuracy >= 93% and bytes <= 100KB")
    labels = {point["artifact"]: point["label"] for point in found["points"]}
    assert [labels[artifact] for artifact in found["qualifying"]] == ["quantize: dynamic int8", "train: adam"]
    assert found["nearest"] == []
    assert found["sentence"] == (
        "On digits (test split, n = 360): 2 of 2 measured models meet it. The one with least `bytes` is “Mine”, seed 0, "
        "after quantize: dynamic int8 (onnx): 22 KB at an accuracy of 94.00% (95% interval 91.05% to 96.02%)."
    )
    assert found["points"][1]["values"]["p50_ms@64"] == pytest.approx(0.4)
    assert {"accuracy", "bytes", "p95_ms@1", "p50_ms@64", "nonzero"} <= set(found["fields"])


def test_the_nearest_miss_is_told_when_none_meets_it(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog, "Mine")
    found = ask(api, where="accuracy >= 99% and bytes <= 20KB")
    assert found["qualifying"] == [] and len(found["nearest"]) == 2
    assert found["sentence"] == (
        "On digits (test split, n = 360): none of 2 measured models meets it. The nearest is “Mine”, seed 0, after "
        "quantize: dynamic int8 (onnx): its `accuracy` of 94.00% is 5.00% short of 99.00% and its `bytes` of 22 KB is 2 KB above 20 KB."
    )


def test_what_was_not_measured_is_said(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog)
    assert "`p95_ms@7` was not measured" in ask(api, where="accuracy > 1% and p95_ms@7 < 1ms")["sentence"]
    assert "no model has a measured" in ask(api, minimize="p95_ms@7")["sentence"]


def test_a_hairs_breadth_is_told(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog)
    assert "its `bytes` is exactly 22 KB" in ask(api, where="accuracy > 1% and bytes < 22KB")["sentence"]


def test_throughput_is_better_when_it_is_more(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog)
    found = ask(api, where="accuracy > 1%", minimize="samples_per_s@1")
    best = next(point for point in found["points"] if point["artifact"] == found["qualifying"][0])
    assert best["values"]["samples_per_s@1"] == max(point["values"]["samples_per_s@1"] for point in found["points"])
    assert "with most `samples_per_s@1`" in found["sentence"]


def test_the_front_follows_the_question(api: Api, catalog: Catalog) -> None:
    finished(api.store, catalog)
    front = {point["label"]: point["front"] for point in ask(api, minimize="bytes")["points"]}
    assert front == {"train: adam": True, "quantize: dynamic int8": True}
    by_accuracy = {point["label"]: point["front"] for point in ask(api, minimize="accuracy")["points"]}
    assert by_accuracy == {"train: adam": True, "quantize: dynamic int8": False}


def test_only_the_named_runs_are_asked(api: Api, catalog: Catalog) -> None:
    mine, other = finished(api.store, catalog, "Mine"), finished(api.store, catalog, "Other")
    assert {point["run_id"] for point in ask(api)["points"]} == {mine, other}
    assert {point["run_id"] for point in ask(api, runs=f"{mine},nobody")["points"]} == {mine}


def test_weights_alone_are_no_choice(api: Api, catalog: Catalog) -> None:
    """Nothing ran the safetensors file: it has no accuracy of its own."""
    finished(api.store, catalog)
    assert {point["exporter"] for point in ask(api)["points"]} == {"onnx"}


def test_an_unknown_goal_is_refused(api: Api) -> None:
    answer = api.client.get("/api/tradeoffs", params={"minimize": "beauty"})
    assert (answer.status_code, answer.json()["path"]) == (422, "minimize")


def formats(api: Api, catalog: Catalog) -> str:
    """A run whose second stage left two more files: a small one for the same runtime, and one for another."""
    run = finished(api.store, catalog, "Mine")
    with api.store.begin() as session:
        row = results.of(session, [run])[run][1]
        onnx = row.measures[1]
        for exporter, artifact, size, runtime in (
            ("coded", "c", 9_000, "onnxruntime"),
            ("torch_export", "t", 30_000, "torch 2"),
        ):
            about = {"exporter": exporter, "artifact": artifact, "bytes": size, "runtime": runtime}
            row.measures.append(onnx.model_copy(update=about))
        row.measures[3].latency = [one.model_copy(update={"device": "cuda", "energy_mj": 2.0}) for one in onnx.latency]
        results.put(session, run, row)
    return run


def test_formats_and_devices_are_told_apart_and_asked_for(api: Api, catalog: Catalog) -> None:
    formats(api, catalog)
    found = ask(api, where="accuracy > 1%")
    assert (found["formats"], found["devices"], found["total"]) == (
        ["coded", "onnx", "torch_export"],
        ["cpu", "cuda"],
        4,
    )
    assert "with least `bytes` is “Mine”, seed 0, after quantize: dynamic int8 (coded)" in found["sentence"]
    of_torch = ask(api, formats="torch_export", where="accuracy > 1% and bytes <= 10KB")
    assert [point["artifact"] for point in of_torch["points"]] == of_torch["nearest"] == ["t"]
    assert of_torch["points"][0]["runtime"] == "torch 2" and of_torch["formats"] == found["formats"]
    assert "(torch export): its `bytes` of 30 KB is 20 KB above 10 KB" in of_torch["sentence"]
    assert [point["exporter"] for point in ask(api, devices="cuda")["points"]] == ["torch_export"]
    assert ask(api, devices="cuda", formats="onnx")["sentence"] == "Nothing has been measured yet."
    assert ask(api, where="accuracy > 1% and energy_mj@1@cuda <= 3mj and accuracy_per_joule@1@cuda > 400")[
        "qualifying"
    ] == ["t"]
    assert ask(api, where="accuracy > 1% and accuracy_per_kb > 0.1")["qualifying"] == ["c"]


def _measured_again(api: Api, lease: runs.Lease, made: StageResult) -> None:
    """As a worker does: a result and its event are written together."""
    with api.store.begin() as session:
        runs.write(session, lease, [stage(made.stage, made.label, made.step, EventKind.STAGE_ENDED)])
        results.put(session, lease.run_id, made)


def test_a_stage_that_is_measured_again_is_seen_anew(api: Api, catalog: Catalog) -> None:
    """Rows are kept in memory as long as they are valid."""
    (run,) = queued(api.store, catalog)
    lease = claimed(api.store)
    assert ask(api)["total"] == 0
    for size, total in ((80_000, 1), (70_000, 1)):
        _measured_again(api, lease, result(0, "train: adam", "a", accuracy=0.9, size=size, p50=0.1))
        assert [point["values"]["bytes"] for point in ask(api)["points"]] == [size]
        assert ask(api)["total"] == ask(api, runs=run)["total"] == total
    write(api.store, lease, points(1, 3, loss=1.0))
    assert ask(api)["total"] == 1
    _measured_again(api, lease, result(1, "quantize", "b", accuracy=0.9, size=60_000, p50=0.1))
    assert ask(api)["total"] == 2 and "n = 360): 2 models were measured." in ask(api)["sentence"]


def test_of_too_many_the_answer_holds_those_that_matter(
    api: Api, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "MAX_SHOWN", 8)
    monkeypatch.setattr(choice, "BEST", 2)
    run = finished(api.store, catalog)
    with api.store.begin() as session:
        row = results.of(session, [run])[run][0]
        onnx = row.measures[1]
        row.measures = [
            onnx.model_copy(update={"artifact": f"a{size}", "bytes": size, "accuracy": 0.5}) for size in range(1, 41)
        ]
        results.put(session, run, row)
    found = ask(api, where="accuracy > 1% and bytes >= 7")
    assert (found["total"], found["qualifying"][:2]) == (41, ["a7", "a8"]) and "35 of 41" in found["sentence"]
    assert "a1" in [point["artifact"] for point in found["points"] if point["front"]] and len(found["points"]) <= 8 + 3
    drawn = api.client.get("/api/figures/pareto", params={"where": "accuracy > 1% and bytes >= 7"}).json()
    meta, parts = drawn["layout"]["meta"], [one for one in drawn["data"] if one["meta"]["role"] == "artifacts"]
    assert (meta["drawn"], meta["of"]) == (len(found["points"]), 41)
    assert sorted(about[2] for dots in parts for about in dots["customdata"]) == sorted(
        one["artifact"] for one in found["points"]
    )


def test_what_is_no_constraint_is_refused_at_its_field(api: Api) -> None:
    answer = api.client.get("/api/tradeoffs", params={"where": "accuracy >="})
    assert (answer.status_code, answer.json()["path"]) == (422, "where")
    assert answer.json()["detail"] == "The constraint expects a number, but it ends."


def of_numbers(api: Api, catalog: Catalog) -> str:
    """A run whose targets are numbers: it has no accuracy."""
    run = finished(api.store, catalog, "Numbers")
    with api.store.begin() as session:
        for row, r2, mae in zip(results.of(session, [run])[run], (0.9, 0.8), (2.0, 3.5), strict=True):
            row.measures[1].accuracy, row.measures[1].r2, row.measures[1].mae = None, r2, mae
            results.put(session, run, row)
    return run


def test_models_of_numbers_are_weighed_by_r2_or_by_their_error(api: Api, catalog: Catalog) -> None:
    of_numbers(api, catalog)
    found = ask(api, where="r2 >= 0.85")
    assert (found["quality"], found["qualities"], found["total"]) == ("r2", ["r2", "mae", "loss"], 2)
    assert "80 KB at an R² of 0.9 (its interval is unknown)." in found["sentence"] and found["fields"]["mae"] == ""
    by_error = ask(api, quality="mae", where="mae <= 1")
    assert "its `mae` of 2 is 1 above 1" in by_error["sentence"] or "3.5" in by_error["sentence"]
    assert [point["front"] for point in by_error["points"]] == [True, True]
    drawn = api.client.get("/api/figures/pareto", params={"quality": "mae"}).json()
    line = next(one for one in drawn["data"] if one["meta"]["role"] == "front")
    assert line["y"] == [3.5, 2.0]  # less of it is better: the larger file has less
    title = drawn["layout"]["yaxis"]["title"]["text"]
    assert title == "mean absolute error on the test split, in the targets' unit"


def test_accuracy_comes_first_where_both_were_measured(api: Api, catalog: Catalog) -> None:
    of_numbers(api, catalog)
    finished(api.store, catalog)
    assert (ask(api)["quality"], ask(api)["total"], ask(api, quality="r2")["total"]) == ("accuracy", 2, 2)
    answer = api.client.get("/api/tradeoffs", params={"quality": "beauty"})
    assert (answer.status_code, answer.json()["path"]) == (422, "quality")


def on(api: Api, run_id: str, **dataset: Any) -> None:
    """The run learnt from this data set."""
    with api.store.begin() as session:
        experiment = session.get_one(Run, run_id).experiment
        experiment.spec = {**experiment.spec, "dataset": dataset}


def of_wine(api: Api, catalog: Catalog) -> str:
    """A tiny model that is right on all of 17 samples."""
    run = finished(api.store, catalog, "Tiny")
    on(api, run, kind="wine")
    with api.store.begin() as session:
        for row in results.of(session, [run])[run]:
            row.test_samples, row.measures[1].accuracy, row.measures[1].bytes = 17, 1.0, 525
            results.put(session, run, row)
    return run


def test_a_question_is_about_one_data_set(api_on_each: Api, catalog: Catalog) -> None:
    api = api_on_each
    tiny, mine = of_wine(api, catalog), finished(api.store, catalog, "Mine")
    for requested in ({}, {"dataset": "digits"}):  # that of the newest run by itself
        found = ask(api, where="accuracy >= 93%", **requested)
        assert found["dataset"] == "digits" and {point["run_id"] for point in found["points"]} == {mine}
        assert found["note"] == "" and "“Mine”" in found["sentence"] and "n = 360" in found["sentence"]
    found = ask(api, where="accuracy >= 93%", dataset="wine")
    assert {point["run_id"] for point in found["points"]} == {tiny}
    assert found["sentence"].startswith("On wine (test split, n = 17)")
    assert "525 bytes at an accuracy of 100.00% (95% interval 81.57% to 100.00%)" in found["sentence"]
    assert found["datasets"] == [{"key": "digits", "title": "digits"}, {"key": "wine", "title": "wine"}]
    assert found["points"][0]["samples"] == 17 and found["points"][0]["interval"]["low"] == pytest.approx(
        0.8157, abs=1e-4
    )
    answer = api.client.get("/api/tradeoffs", params={"dataset": "dgits"})
    assert (answer.status_code, answer.json()["path"]) == (422, "dataset")
    assert answer.json()["detail"].endswith("known: `digits`, `wine`.")


def test_the_front_and_the_nearest_miss_stay_within_the_data_set(api: Api, catalog: Catalog) -> None:
    of_wine(api, catalog)
    mine = finished(api.store, catalog, "Mine")
    found = ask(api, where="accuracy >= 99%")
    near = {point["run_id"] for point in found["points"] if point["artifact"] in found["nearest"]}
    assert near == {mine} and all(point["front"] for point in found["points"])
    for requested, runs_drawn in (({}, {mine}), ({"dataset": "digits"}, {mine})):
        drawn = api.client.get("/api/figures/pareto", params=requested).json()
        dots = [about for one in drawn["data"] if one["meta"]["role"] == "artifacts" for about in one["customdata"]]
        assert {about[0] for about in dots} == runs_drawn and "2 of 2" in drawn["layout"]["meta"]["summary"]
    assert api.client.get("/api/figures/pareto", params={"dataset": "mnist"}).status_code == 422


def test_uploads_of_one_name_are_different_data_sets(api: Api, catalog: Catalog) -> None:
    ids = [new_id(), new_id()]
    with api.store.begin() as session:
        for upload in ids:
            session.add(Upload(id=upload, name="own.csv", kind="table", bytes=1, sha256="", facts={}, created_at=now()))
    mine = [finished(api.store, catalog, f"Run {number}") for number in range(2)]
    for run, upload in zip(mine, ids, strict=True):
        on(api, run, kind="upload", id=upload, target="y")
    for run, upload in zip(mine, ids, strict=True):
        found = ask(api, where="accuracy >= 93%", dataset=upload)
        assert {point["run_id"] for point in found["points"]} == {run}
        assert found["sentence"].startswith(f"On “own.csv” (id {upload[:8]}, target y) (test split, n = 360)")
        assert ask(api, dataset=found["dataset"])["dataset"] == found["dataset"]
    assert len({one["key"] for one in ask(api)["datasets"]}) == 2


def test_models_that_were_prepared_or_judged_otherwise_are_told(api: Api, catalog: Catalog) -> None:
    run, _ = finished(api.store, catalog, "Mine"), finished(api.store, catalog, "Other")
    with api.store.begin() as session:
        row = session.get_one(Run, run)
        row.experiment.spec = {**row.experiment.spec, "preparation": {"kind": "min_max"}}
        for result_row in results.of(session, [run])[run]:
            result_row.test_samples = 540
            results.put(session, run, result_row)
    found = ask(api)
    assert found["note"] == (
        "These models prepared the data differently (min max, per channel) and were judged on test splits of different "
        "sizes."
    )
    assert "n = 360 or 540" in found["sentence"]


@pytest.mark.parametrize("where", ["", "bytes <= 30KB", "accuracy <= 95%", "accuracy >= 90% or bytes <= 30KB"])
def test_without_a_bound_on_quality_nothing_is_the_best(api: Api, catalog: Catalog, where: str) -> None:
    finished(api.store, catalog, "Mine")
    found = ask(api, where=where)
    assert found["qualifying"] == found["nearest"] == []
    assert found["sentence"] == (
        "On digits (test split, n = 360): 2 models were measured. Which one is best depends on how good it must be: bound "
        "`accuracy`, such as `accuracy >= 94%`, a point below the best."
    )
    assert found["offer"] == "accuracy >= 94%"
    assert [point["values"]["bytes"] for point in found["points"]] == [22_000, 80_000]
    bounded = ask(api, where=f"({where}) and {found['offer']}" if where else found["offer"])
    assert bounded["offer"] == "" and (bounded["qualifying"] or bounded["nearest"])
