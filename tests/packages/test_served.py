"""Packages and predictions over REST, of a run that the engine really executed."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.domain.catalog import Catalog
from backend.packages import trying
from backend.store import artifacts
from tests.backend.api.conftest import Api, publish, running
from tests.packages.packed import HERE, equal, predict
from tests.worker.executing import Hand
from worker.supervisor.unregistered_files import collect, present

pytestmark = pytest.mark.usefixtures("processes")

SPEC = {
    "name": "Digits, packed",
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp", "hidden": [32]},
    "stages": [
        {
            "kind": "train",
            "epochs": 3,
            "batch": {"kind": "fixed", "size": 64},
            "optimizer": {"kind": "adam", "lr": 3e-3},
        },
        {"kind": "quantize", "method": {"kind": "dynamic_int8"}},
    ],
    "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx", "safetensors"]},
}


@pytest.fixture(scope="module")
def api(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{shutil.copy(migrated_sqlite, folder)}"
    publish(url, catalog)
    with running(url, folder) as api:
        yield api


@pytest.fixture(scope="module")
def run(api: Api) -> dict[str, Any]:
    answer = api.client.post("/api/experiments", json={"spec": SPEC})
    run_id = answer.json()["runs"][0]["id"]
    Hand(api.store, api.settings.model_copy(update={"threads": 1})).all()
    found: dict[str, Any] = api.client.get(f"/api/runs/{run_id}").json()
    assert found["state"] == "succeeded", found["error"]
    return found


def file(run: dict[str, Any], kind: str, stage: int = 0) -> str:
    return next(str(one["id"]) for one in run["artifacts"] if (one["kind"], one["stage"]) == (kind, stage))


def unpacked(api: Api, artifact: str, folder: Path) -> Path:
    answer = api.client.get(f"/api/artifacts/{artifact}/package")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip", answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(folder)
    return folder


def test_a_package_is_downloaded_and_runs(api: Api, run: dict[str, Any], tmp_path: Path) -> None:
    package = unpacked(api, file(run, "onnx"), tmp_path)
    golden = [json.loads(line) for line in (package / "golden/outputs.jsonl").read_text().splitlines()]
    assert equal(predict(HERE, package, "golden"), golden) and len(golden) == 8
    assert {one.name for one in package.iterdir()} == {
        "model.onnx", "predict.py", "interface.json", "requirements.txt", "README.md", "Dockerfile", "golden",
    }  # fmt: skip
    assert len((package / "predict.py").read_text().splitlines()) <= 40


def test_a_card_has_the_measured_figures_and_their_conditions(api: Api, run: dict[str, Any], tmp_path: Path) -> None:
    card = (unpacked(api, file(run, "onnx", 1), tmp_path) / "README.md").read_text()
    (measure,) = run["results"][1]["measures"]
    latency = measure["latency"][0]
    assert f"| accuracy on 179 test samples | {measure['accuracy']:.6g} |" in card
    mark = ", busy machine" if latency["busy"] else ""
    assert f"p50 {latency['p50_ms']:.4g} ms, p95 {latency['p95_ms']:.4g} ms{mark} |" in card
    assert measure["runtime"] in card and f"| size | {measure['bytes']:,} bytes |" in card
    assert run["id"] in card and "doi:10.24432/C50P49" in card and "Apache-2.0" in card
    assert "stage 2, “quantize: dynamic int8”" in card


def test_equal_packages_have_equal_bytes(api: Api, run: dict[str, Any]) -> None:
    one, two = (api.client.get(f"/api/artifacts/{file(run, 'onnx')}/package").content for _ in range(2))
    assert one == two


def test_what_no_package_is_made_of_is_told_in_a_sentence(api: Api, run: dict[str, Any]) -> None:
    for kind in ("checkpoint", "golden"):
        answer = api.client.get(f"/api/artifacts/{file(run, kind)}/package")
        assert answer.status_code == 409 and f"this is a {kind} file" in answer.json()["detail"]
    assert api.client.get("/api/artifacts/none/package").status_code == 404


def test_golden_samples_are_registered_and_stay(api: Api, run: dict[str, Any]) -> None:
    before = present(api.settings.data_dir, run["id"])
    collect(api.store, api.settings.data_dir, run["id"], before)
    assert present(api.settings.data_dir, run["id"]) == before
    assert sum(path.suffix == ".zip" for path in before) == 2


def test_the_interface_tells_the_scaling_and_the_classes(api: Api, run: dict[str, Any]) -> None:
    said = api.client.get(f"/api/runs/{run['id']}/interface").json()
    assert said["classes"] == list("0123456789") and said["shape"] == [1, 8, 8] and said["dtype"] == "uint8"
    assert said["scaling"]["numbers"] == 1 and 4 < said["scaling"]["mean"][0] < 6
    assert said["input"] == "as_read"


def sent(api: Api, run: dict[str, Any], content: bytes, kind: str) -> Any:
    answer = api.client.post(f"/api/runs/{run['id']}/predictions", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    return answer.json()


def npy(values: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def test_every_stage_predicts_a_sample(api: Api, run: dict[str, Any], tmp_path: Path) -> None:
    golden = unpacked(api, file(run, "onnx"), tmp_path) / "golden"
    wanted = json.loads((golden / "outputs.jsonl").read_text().splitlines()[0])
    answers = sent(api, run, (golden / "1.npy").read_bytes(), "application/octet-stream")
    assert [(one["stage"], one["format"], one["problem"]) for one in answers] == [(0, "onnx", None), (1, "onnx", None)]
    assert [one["artifact"] for one in answers] == [file(run, "onnx", 0), file(run, "onnx", 1)]
    (first,), (second,) = (one["predictions"] for one in answers)
    assert first["label"] == second["label"] == wanted["label"]
    np.testing.assert_allclose(first["outputs"], wanted["outputs"], atol=1e-5)
    assert first["outputs"] != second["outputs"]


def test_a_picture_is_scaled_to_what_the_files_take(api: Api, run: dict[str, Any]) -> None:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (80, 40), "white").save(buffer, "PNG")
    white = sent(api, run, npy(np.full((1, 8, 8), 16, np.uint8)), "application/octet-stream")
    picture = sent(api, run, buffer.getvalue(), "image/png")
    assert [one["predictions"] for one in picture] == [one["predictions"] for one in white]


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (
            npy(np.zeros((2, 9, 9))),
            "application/octet-stream",
            "The model takes samples of the shape (1, 8, 8), and these numbers have the shape (2, 9, 9).",
        ),
        (b"no picture", "image/png", "Cannot identify image file"),
        (b"\x93NUMPY", "application/octet-stream", "EOF"),
        (b"", "application/octet-stream", "No data left in file."),
    ],
)
def test_a_bad_sample_gets_a_sentence(api: Api, run: dict[str, Any], content: bytes, kind: str, sentence: str) -> None:
    for answer in sent(api, run, content, kind):
        assert answer["predictions"] == [] and sentence in answer["problem"]


def test_a_bad_request_is_refused(api: Api, run: dict[str, Any]) -> None:
    address = f"/api/runs/{run['id']}/predictions"
    answer = api.client.post(address, content=b"x", headers={"Content-Type": "video/mp4"})
    assert answer.status_code == 415 and "`video/mp4` is not known here" in answer.json()["detail"]
    large = api.client.post(address, content=bytes(17 << 20), headers={"Content-Type": "image/png"})
    assert large.status_code == 413 and "at most 16 MB" in large.json()["detail"]
    assert api.client.post("/api/runs/none/predictions", headers={"Content-Type": "image/png"}).status_code == 404


def test_a_program_that_takes_too_long_is_ended(api: Api, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "SECONDS", 0.01)
    for answer in sent(api, run, npy(np.zeros((1, 8, 8), np.uint8)), "application/octet-stream"):
        assert "was not run within" in answer["problem"]


def test_a_runtime_that_is_not_there_is_named(api: Api, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "find_spec", lambda name: None if name == "onnxruntime" else name)
    for answer in sent(api, run, npy(np.zeros((1, 8, 8), np.uint8)), "application/octet-stream"):
        assert answer["problem"].startswith("The server has no `onnxruntime`")


def test_a_run_of_an_older_release_is_told_what_to_do(api: Api, run: dict[str, Any]) -> None:
    """Last, as it takes the golden samples away."""
    with api.store.begin() as session:
        for one in artifacts.of(session, run["id"]):
            if one.kind == "golden":
                artifacts.forget(session, one.id)
    answer = api.client.get(f"/api/artifacts/{file(run, 'onnx')}/package")
    assert answer.status_code == 409 and "run the experiment again" in answer.json()["detail"]
    for path in ("interface", "predictions"):
        method = api.client.get if path == "interface" else api.client.post
        refused = method(f"/api/runs/{run['id']}/{path}", headers={"Content-Type": "image/png"})
        assert refused.status_code == 409 and "No stage of this run has left" in refused.json()["detail"]
