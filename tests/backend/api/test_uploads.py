"""One's own data over the wire: sent, described, used, deleted; and what becomes of everything else."""

import errno
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api import staging, uploads
from backend.api.bodies import receiving
from backend.api.middleware.gate import MAX_BODY
from backend.app import create_app
from backend.domain.run.states import RunState
from backend.errors import DiskFull
from backend.store import files, runs
from backend.store import uploads as stored
from backend.store.migrate import migrate
from tests.backend.api.conftest import TOKEN, Api, settings_for
from tests.backend.api.making import SPEC
from tests.backend.api.test_errors import shape
from tests.backend.data.making import csv, images, npy, npz

pytestmark = pytest.mark.usefixtures("processes")

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def send(api: Api, content: bytes = b"", name: str = "own.csv", **fields: str) -> Any:
    return api.client.post("/api/uploads", files={"file": (name, content or csv())}, data=fields)


def kept(api: Api, content: bytes = b"", name: str = "own.csv", **fields: str) -> Any:
    answer = send(api, content, name, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def folders(api: Api) -> list[str]:
    """Everything that lies where uploads do."""
    root = api.settings.data_dir / "uploads"
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


def own(upload: str, **fields: Any) -> dict[str, Any]:
    return {**SPEC, "dataset": {"kind": "upload", "id": upload, **fields}}


def problem(api: Api, spec: dict[str, Any]) -> tuple[str, str]:
    found = api.client.post("/api/specs/check", json={"spec": spec}).json()["problems"]
    assert len(found) == 1, found
    return found[0]["path"], found[0]["message"]


def test_a_file_is_kept_described_listed_and_deleted(api_on_each: Api) -> None:
    api = api_on_each
    detail = kept(api)
    assert (detail["name"], detail["kind"], detail["rows"], detail["columns"]) == ("own.csv", "table", 30, 3)
    assert (detail["bytes"], detail["sha256"]) == (len(csv()), hashlib.sha256(csv()).hexdigest())
    assert [column["name"] for column in detail["facts"]["columns"]] == ["length", "width", "kind"]
    assert folders(api) == [detail["id"]]
    assert api.client.get(f"/api/uploads/{detail['id']}").json() == detail
    newest = kept(api, npz(x=images(), y=[0, 1, 2] * 10), name="pictures.npz")
    listed = api.client.get("/api/uploads").json()
    assert [row["name"] for row in listed] == ["pictures.npz", "own.csv"]
    assert listed[0]["shape"] == [1, 9, 10] and "facts" not in listed[0]
    assert api.client.delete(f"/api/uploads/{detail['id']}").status_code == 204
    assert folders(api) == [newest["id"]]
    for method in ("GET", "DELETE"):
        answer = api.client.request(method, f"/api/uploads/{detail['id']}")
        assert (answer.status_code, shape(answer).error) == (404, "UploadNotFound")


def test_two_files_in_one_form_are_inputs_and_targets(api: Api) -> None:
    files = {"inputs": ("x.npy", npy(images())), "targets": ("y.npy", npy([0, 1, 2] * 10))}
    detail = api.client.post("/api/uploads", files=files, data={"name": "Pictures"}).json()
    assert (detail["name"], detail["shape"], len(detail["facts"]["pictures"])) == ("Pictures", [1, 9, 10], 12)


def test_what_is_said_about_a_file_is_heeded(api: Api) -> None:
    detail = kept(api, csv(header="1,2,3"), name="x", target="2", task="regression", header="yes", missing="leave_out")
    assert (detail["facts"]["target"], detail["facts"]["task"]) == ("2", "regression")
    spec = api.client.post("/api/specs/check", json={"spec": own(detail["id"])}).json()
    assert spec["experiment"]["stages"][0]["loss"]["kind"] == "mse"


FORMS: list[tuple[dict[str, Any], str | None, str]] = [
    ({"files": {"file": ("x", b"")}}, "file", "The file is empty"),
    ({"files": {"file": ("x", csv(5))}}, "file", "at least 10 are needed"),
    ({"files": {"file": ("x", csv())}, "data": {"target": "nothing"}}, "target", "Columns: length, width, kind"),
    ({"files": {"file": ("x", csv())}, "data": {"task": "regression"}}, "task", "holds texts, and texts are classes"),
    ({"files": {"file": ("x", csv())}, "data": {"task": "magic"}}, "task", "'magic'"),
    ({"files": {"file": ("x", csv())}, "data": {"header": "maybe"}}, "header", "'maybe'"),
    ({"files": {"file": ("x", csv())}, "data": {"colour": "red"}}, None, "Known: file, inputs, targets, files, name"),
    ({"files": {"file": ("x", csv())}, "data": {"name": "x" * 2000}}, "name", "longer than 1000 bytes"),
    ({"files": {"file": ("x", csv())}, "data": {"name": "a\x00b"}}, "name", "control character"),
    ({"files": {"inputs": ("x", npy(images()))}}, "file", "one part `file`, or the two parts"),
    ({"files": {"file": ("x", csv()), "inputs": ("x", npy(images()))}}, "file", "one part `file`, or the two parts"),
    ({"files": [("file", ("x", csv())), ("file", ("y", csv()))]}, "file", "two parts called `file`"),
    ({"data": {"name": "x"}, "files": {}}, None, "must be a form with files"),
    ({"content": csv(), "headers": {"Content-Type": "text/csv"}}, None, "must be a form with files"),
    ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, None, "must be a form with files"),
    ({"content": b"", "headers": {"Content-Type": "multipart/form-data"}}, None, "must be a form with files"),
    (
        {"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        None,
        "ends in the middle",
    ),
]


@pytest.mark.parametrize(("form", "path", "sentence"), FORMS, ids=[sentence[:30] for _, _, sentence in FORMS])
def test_what_cannot_be_taken_is_told_and_leaves_nothing(
    api: Api, form: dict[str, Any], path: str | None, sentence: str
) -> None:
    answer = api.client.post("/api/uploads", **form)
    assert answer.status_code == 422, answer.text
    assert sentence in shape(answer).detail
    assert shape(answer).path == path
    assert folders(api) == [] and api.client.get("/api/uploads").json() == []


@pytest.mark.parametrize(
    ("sent", "called"),
    [
        ("../../../../etc/passwd", "passwd"),
        ("..\\..\\boot.csv", "boot.csv"),
        ("/etc/shadow", "shadow"),
        ("..", ".."),
        ("a/", "unnamed"),
        ("<img src=x onerror=alert(1)>.csv", "<img src=x onerror=alert(1)>.csv"),
        ("x" * 500, "x" * 200),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2066a\u2069\u202d.csv\u202c", "a.csv"),
    ],
)
def test_a_file_name_is_a_label_and_never_a_path(api: Api, sent: str, called: str, tmp_path: Path) -> None:
    detail = kept(api, name=sent)
    assert detail["name"] == called
    assert folders(api) == [detail["id"]]
    inside = api.settings.data_dir / "uploads" / detail["id"]
    assert sorted(path.name for path in inside.iterdir()) == ["facts.json", "values.npy"]
    outside = {path.name for path in tmp_path.iterdir()} - {"uploads"}
    assert all(name.startswith("lathe.sqlite") for name in outside), outside


@pytest.mark.parametrize("upload", ["..", "../uploads", "%2e%2e", "x" * 65, "."])
def test_no_id_leads_outside(api: Api, upload: str) -> None:
    detail = kept(api)
    assert api.client.delete(f"/api/uploads/{upload}").status_code in (404, 405, 422)
    assert folders(api) == [detail["id"]]


def test_a_spec_takes_the_traits_of_its_file(api: Api) -> None:
    table, pictures = kept(api)["id"], kept(api, npz(x=images(), y=[0, 1, 2] * 10))["id"]
    numbers = kept(api, target="length", task="regression")["id"]
    spec = api.client.post("/api/specs/check", json={"spec": own(table)}).json()
    assert spec["experiment"]["preparation"]["kind"] == "standardize"
    assert spec["estimate"]["stages"][0]["steps"] == 2  # 24 rows in one batch, two epochs
    spec = api.client.post("/api/specs/check", json={"spec": {**own(pictures), "model": {"kind": "cnn"}}}).json()
    assert spec["experiment"]["preparation"]["kind"] == "per_channel"
    path, message = problem(api, {**own(table), "model": {"kind": "cnn"}})
    assert path == "model" and "needs a dataset of images" in message
    spec = api.client.post("/api/specs/check", json={"spec": own(numbers)}).json()
    assert spec["problems"] == [] and spec["estimate"]["stages"][0]["steps"] == 2


def test_an_unknown_upload_is_refused_with_those_that_are_there(api: Api) -> None:
    assert problem(api, own("")) == (
        "dataset.id",
        "names no upload. There are no uploads yet: send a file on the page Data.",
    )
    detail = kept(api)
    path, message = problem(api, own("nobody"))
    assert (path, message) == (
        "dataset.id",
        f"names the upload `nobody`, which does not exist. Uploads: `{detail['id']}` (own.csv).",
    )
    answer = api.client.post("/api/experiments", json={"spec": own("nobody")})
    assert (answer.status_code, answer.json()["path"]) == (422, "dataset.id")


CHOICES = [
    (
        {"target": "colour"},
        "dataset.target",
        "names the column `colour`, which does not exist. Columns: length, width, kind.",
    ),
    ({"target": "length", "task": "classification"}, "dataset.target", "is the column `length`, which holds more than"),
    ({"task": "regression"}, "dataset.task", "cannot be regression: column `kind` holds texts, and texts are classes."),
    ({"ignore": ["nothing"]}, "dataset.ignore", "names the column `nothing`, which does not exist."),
    ({"ignore": ["length", "width"]}, "dataset.ignore", "leaves no column to learn from"),
    ({"validation": 0.9}, "dataset.validation", "is 0.9; it must be at most 0.4."),
    ({"target": 5}, "dataset.target", "must be text"),
    ({"id": 5}, "dataset.id", "must be text"),
]


@pytest.mark.parametrize(("fields", "path", "sentence"), CHOICES, ids=[sentence[:30] for _, _, sentence in CHOICES])
def test_a_choice_that_does_not_fit_is_told_at_its_field(
    api: Api, fields: dict[str, Any], path: str, sentence: str
) -> None:
    where, message = problem(api, own(kept(api)["id"], **fields))
    assert (where, sentence in message) == (path, True), message


def test_texts_beside_the_target_are_few_or_left_out(api: Api) -> None:
    rows = "".join(f"name {row},{row / 3},{'ab'[row % 2]}\n" for row in range(60))
    upload = kept(api, f"name,x,y\n{rows}".encode())["id"]
    assert problem(api, own(upload)) == (
        "dataset.ignore",
        "must name the column `name`: it holds 60 different texts, and at most 32 become inputs; or name it as `text`, to learn "
        "from its words alone.",
    )
    assert api.client.post("/api/specs/check", json={"spec": own(upload, ignore=["name"])}).json()["problems"] == []


def test_data_stay_while_a_run_needs_them(api_on_each: Api) -> None:
    api = api_on_each
    upload = kept(api)["id"]
    created = api.client.post("/api/experiments", json={"spec": own(upload)}).json()
    refused = api.client.delete(f"/api/uploads/{upload}")
    assert (refused.status_code, shape(refused).error) == (409, "Conflict")
    assert refused.json()["detail"].startswith("“A run” trains on these data and is queued")
    assert folders(api) == [upload]
    with api.store.begin() as session:
        assert runs.cancel_queued(session, created["runs"][0]["id"])
        assert runs.counts(session)[RunState.CANCELLED] == 1
    assert api.client.delete(f"/api/uploads/{upload}").status_code == 204
    assert folders(api) == []


def test_variants_may_differ_in_their_target(api: Api) -> None:
    upload = kept(api)["id"]
    changes = [{"name": "a", "changes": {}}, {"name": "b", "changes": {"dataset.target": "colour"}}]
    answer = api.client.post("/api/experiments", json={"spec": own(upload), "variants": changes})
    assert (answer.status_code, answer.json()["path"]) == (422, "variants[1]: dataset.target")
    changes[1]["changes"] = {"dataset.target": "width"}
    answer = api.client.post("/api/experiments", json={"spec": own(upload), "variants": changes})
    assert len(answer.json()["runs"]) == 2


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Iterator[Api]:
    """An API that takes uploads of one megabyte."""
    migrate(sqlite_url)
    settings = settings_for(sqlite_url, tmp_path).model_copy(update={"upload_bytes": 1 << 20})
    with TestClient(create_app(settings), base_url="http://localhost", headers=BEARER) as client:
        yield Api(client, client.app.state.store, settings)  # type: ignore[attr-defined]


def test_what_is_too_large_is_refused_by_its_length_or_while_it_arrives(small: Api) -> None:
    answer = send(small, b"1,2,3\n" * 200_000)
    assert (answer.status_code, shape(answer).detail) == (413, "The body is too large: at most 1 MB are accepted.")
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(40):
            sent += 1
            yield b"1,2,3\n" * 10_000

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = small.client.post("/api/uploads", content=pieces(), headers=headers)
    assert (answer.status_code, shape(answer).detail) == (413, "The body is too large: at most 1 MB are accepted.")
    assert sent > 0 and folders(small) == []


@pytest.mark.parametrize(
    "path", ["/api/uploads/", "/api/uploads/x", "/api/experiments", "/api//uploads", "/api/specs/check"]
)
def test_every_other_route_keeps_its_limit(small: Api, path: str) -> None:
    answer = small.client.post(path, content=b" " * (MAX_BODY + 1), headers={"Content-Type": "application/json"})
    assert (answer.status_code, shape(answer).detail) == (413, "The body is too large: at most 256 KB are accepted.")
    assert small.client.put("/api/uploads", content=b" " * (MAX_BODY + 1)).status_code == 413


def test_nobody_sends_without_a_token(small: Api) -> None:
    files = {"file": ("own.csv", csv())}
    with TestClient(small.client.app, base_url="http://localhost") as stranger:  # type: ignore[arg-type]
        for method, path in (("POST", ""), ("GET", ""), ("GET", "/x"), ("DELETE", "/x")):
            assert stranger.request(method, f"/api/uploads{path}", files=files).status_code == 401
    assert folders(small) == []


def test_a_full_disk_is_told_and_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for where, name in ((receiving.Writer, "take"), (files, "sync"), (Path, "touch"), (Path, "mkdir")):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, full)
            answer = send(api)
        assert (answer.status_code, shape(answer).error) == (507, "DiskFull"), name
        assert folders(api) == []
    assert send(api).status_code == 201


def test_a_disk_that_fills_up_during_the_check_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = type("Done", (), {"returncode": 0, "stdout": b'{"full": true}'})
    monkeypatch.setattr("backend.api.uploads.subprocess.run", lambda *_, **__: answered)
    assert shape(send(api)).error == DiskFull.__name__
    assert folders(api) == []


ENDS = {
    "killed for its memory": ("os.kill(os.getpid(), signal.SIGKILL)", "takes too much memory"),
    "beyond its time": ("os.kill(os.getpid(), signal.SIGXCPU)", "takes too long"),
    "crashed": ("os.kill(os.getpid(), signal.SIGSEGV)", "The check failed because of an error in the server"),
    "raised": ("raise ZeroDivisionError", "The check failed because of an error in the server"),
    "slow": ("time.sleep(60)", "takes too long"),
}


@pytest.mark.parametrize("how", ENDS)
def test_each_end_of_a_check_is_told_as_it_is(
    api: Api, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    code, sentence = ENDS[how]
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\nimport os, signal, time\n{code}\n")
    python.chmod(0o755)
    monkeypatch.setattr("backend.api.uploads.sys.executable", str(python))
    monkeypatch.setattr("backend.api.uploads.SECONDS", 2.0 if how == "slow" else 60.0)
    assert sentence in shape(send(api)).detail
    assert folders(api) == []
    assert ("Traceback (most recent call last)" in caplog.text and "ZeroDivisionError" in caplog.text) == (
        how == "raised"
    )


def test_uploads_under_way_are_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.api.uploads.places", BoundedSemaphore(1))
    with uploads._place():
        refused = send(api)
        assert (refused.status_code, shape(refused).error, refused.headers["retry-after"]) == (503, "Busy", "5")
    assert send(api).status_code == 201 and send(api, b"x").status_code == 422
    assert send(api).status_code == 201


def test_many_at_once_do_not_meet(api: Api) -> None:
    with ThreadPoolExecutor(6) as threads:
        details = list(threads.map(lambda rows: kept(api, csv(rows), name=f"{rows}.csv"), range(20, 26)))
    assert [detail["rows"] for detail in details] == list(range(20, 26))
    assert folders(api) == sorted(detail["id"] for detail in details)


def test_a_retried_upload_is_one_and_another_under_its_key_is_refused(api_on_each: Api) -> None:
    def ask(content: bytes, **fields: str) -> Any:
        files = {"file": ("own.csv", content)}
        return api_on_each.client.post("/api/uploads", files=files, data=fields, headers={"Idempotency-Key": "mine"})

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: ask(csv()), range(4)))
    assert {answer.status_code for answer in answers} == {201} and len({answer.text for answer in answers}) == 1
    assert ask(csv()).json() == answers[0].json()
    for refused in (ask(csv(31)), ask(csv(), target="width"), ask(csv(), name="another")):
        assert (refused.status_code, shape(refused).error) == (409, "Conflict")
        assert "was used for another request" in refused.json()["detail"]
    assert folders(api_on_each) == [answers[0].json()["id"]]


def test_a_start_sweeps_what_nobody_registered(api: Api) -> None:
    detail = kept(api)
    staged = staging.of_uploads(api.store, api.settings.data_dir)
    for name in ("00000000-0000-0000-0000-000000000001", detail["id"]):
        (staged.root / name).mkdir(exist_ok=True)
        (staged.root / name / staging.MARK).touch()
    (staged.root / "not ours").mkdir()
    with staged.filling("under way"):
        assert staged.sweep() == ["00000000-0000-0000-0000-000000000001"]
        assert folders(api) == sorted([detail["id"], "not ours", "under way"])
    assert folders(api) == sorted([detail["id"], "not ours"])
    assert staged.sweep() == [] and not (staged.root / detail["id"] / staging.MARK).exists()


@pytest.mark.parametrize("gone", [True, False])
def test_files_of_what_was_being_deleted_follow_the_database(gone: bool, api: Api) -> None:
    """A server that dies over a deletion has marked the files: the next start does what the database says."""
    upload = kept(api)["id"]
    staged = staging.of_uploads(api.store, api.settings.data_dir)
    staged.release(upload)
    staged.release("without a folder")
    if gone:
        with api.store.begin() as session:
            registered = stored.get(session, upload)
            assert registered is not None
            stored.forget(session, registered)
    assert staged.sweep() == ([upload] if gone else [])
    assert folders(api) == ([] if gone else [upload])


def test_the_check_runs_outside_of_the_server(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its limits bind it alone, and what it exhausts is its own."""
    monkeypatch.setattr("backend.data.check.check", None)
    monkeypatch.setattr("backend.data.table.read", None)
    assert kept(api)["rows"] == 30


def test_a_check_that_exhausts_its_memory_ends_in_a_sentence(tmp_path: Path) -> None:
    """One row that never ends, cut into lines."""
    (tmp_path / "file").write_bytes(b'"ab\n",' * 8_000_000)
    code = "import sys; from backend.data import __main__ as m; m.MEMORY = 300 << 20; m.main()"
    command = [sys.executable, "-c", code, str(tmp_path), "{}"]
    done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[3], check=True)
    assert "takes too much memory" in json.loads(done.stdout)["problem"]
