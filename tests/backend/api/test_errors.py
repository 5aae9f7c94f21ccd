"""One shape for every failure, and one sentence that helps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.api.middleware.gate import MAX_BODY
from backend.api.schemas.runs import Error
from backend.app import create_app
from backend.store.engine import sqlite_module
from backend.store.migrate import migrate
from tests.backend.api.conftest import TOKEN, Api, settings_for
from tests.services import Server, create_database, drop_database

JSON = {"Content-Type": "application/json"}


def shape(answer: object) -> Error:
    """The error, which must have the shape and nothing else; a sentence ends like one."""
    error = Error.model_validate(answer.json(), extra="forbid")  # type: ignore[attr-defined]
    assert error.detail[0].isupper() or error.detail[0] in "`“'"
    assert error.detail.endswith((".", "?"))
    return error


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/api/nothing", 404, "NotFound"),
        ("GET", "/api/runs/nothing", 404, "RunNotFound"),
        ("GET", "/api/runs/nothing/points", 404, "RunNotFound"),
        ("GET", "/api/runs/nothing/events", 404, "RunNotFound"),
        ("GET", "/api/runs/nothing/report", 404, "RunNotFound"),
        ("DELETE", "/api/runs/nothing", 404, "RunNotFound"),
        ("GET", "/api/artifacts/nothing", 404, "ArtifactNotFound"),
        ("GET", "/api/figures/nothing", 404, "ChartNotFound"),
        ("PUT", "/api/runs", 405, "MethodNotAllowed"),
        ("POST", "/healthz", 405, "MethodNotAllowed"),
        ("PATCH", "/", 405, "MethodNotAllowed"),
        ("GET", "/api/runs?limit=0", 422, "Invalid"),
        ("GET", "/api/runs?state=asleep", 422, "Invalid"),
        ("GET", "/api/runs?sort=secret", 422, "Invalid"),
        ("GET", "/api/runs?cursor=zzz", 422, "Invalid"),
        ("GET", "/api/figures/loss?theme=pink", 422, "Invalid"),
        ("GET", "/api/tradeoffs?where=1", 422, "Invalid"),
        ("GET", "/api/stream?runs=a&after=x", 422, "Invalid"),
    ],
)
def test_every_failure_has_one_shape(api: Api, method: str, path: str, status: int, name: str) -> None:
    answer = api.client.request(method, path)
    assert (answer.status_code, shape(answer).error) == (status, name)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", None),
        (b"[]", None),
        (b'"text"', None),
        (b"{", None),
        (b"\xff\xfe", None),
        (b'{"spec": {}, "sedes": [1]}', "sedes"),
        (b'{"seeds": [1]}', "spec"),
        (b'{"spec": 4}', "spec"),
        (b'{"spec": {}, "seeds": []}', "seeds"),
        (b'{"spec": {}, "seeds": [1, "2"]}', "seeds[1]"),
        (b'{"spec": {}, "seeds": [true]}', "seeds[0]"),
        (b'{"spec": {}, "seeds": [1.0]}', "seeds[0]"),
        (b'{"spec": {}, "seeds": [-1]}', "seeds[0]"),
        (b'{"spec": {}, "seeds": [99999999999999999999999]}', "seeds[0]"),
        (b'{"spec": {}, "seeds": 1}', "seeds"),
        (b"[" * 100_000, None),
        (b'{"spec": ' + b"9" * 5000 + b"}", None),
    ],
)
def test_a_wrong_body_is_named_by_its_field(api: Api, body: bytes, path: str | None) -> None:
    answer = api.client.post("/api/experiments", content=body, headers=JSON)
    assert (answer.status_code, shape(answer).path) == (422, path)


def test_a_body_of_another_type_is_refused(api: Api) -> None:
    answer = api.client.post(
        "/api/experiments", content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 422
    shape(answer)


def test_a_large_body_is_refused_by_its_length(api: Api) -> None:
    answer = api.client.post("/api/experiments", content=b" " * (MAX_BODY + 1), headers=JSON)
    assert (answer.status_code, shape(answer).error) == (413, "BodyTooLarge")
    assert api.client.post("/api/experiments", content=b" " * MAX_BODY, headers=JSON).status_code == 422


@pytest.mark.parametrize("kind", ["application/json", "application/yaml"])
def test_a_large_body_of_unknown_length_is_refused_while_it_is_read(api: Api, kind: str) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1
            yield b" " * 65536

    answer = api.client.post("/api/experiments", content=pieces(), headers={"Content-Type": kind})
    assert (answer.status_code, shape(answer).error) == (413, "BodyTooLarge")
    assert sent > 0


def test_what_the_framework_refuses_has_the_shape_too(api: Api) -> None:
    shape(api.client.post("/api/specs/check", content=b"{}", headers={"Content-Type": "text/plain"}))


def test_an_unexpected_error_tells_nothing(sqlite_url: str, tmp_path: Path) -> None:
    migrate(sqlite_url)
    app = create_app(settings_for(sqlite_url, tmp_path))
    _break(app)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.get("/api/broken", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 500 and "secret" not in answer.text
    assert shape(answer).error == "LatheError"


def _break(app: FastAPI) -> None:
    def broken() -> None:
        raise RuntimeError("a secret")

    app.router.add_api_route("/api/broken", broken)
    app.router.routes.insert(0, app.router.routes.pop())


def test_a_locked_sqlite_database_is_a_503(api: Api) -> None:
    holder = sqlite_module().connect(api.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        answer = api.client.delete("/api/runs/x")
    finally:
        holder.close()
    assert (answer.status_code, shape(answer).error) == (503, "StoreUnavailable")
    assert "is locked by another process now" in shape(answer).detail
    assert api.client.delete("/api/runs/x").status_code == 404


def test_a_stopped_postgresql_is_a_503_and_then_not(postgresql_server: Server, tmp_path: Path) -> None:
    url = create_database(postgresql_server, "outage")
    migrate(url)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    app = create_app(settings_for(url, tmp_path))
    with TestClient(app, base_url="http://localhost", headers=bearer) as client:
        assert client.get("/api/runs").status_code == 200
        postgresql_server.stop()
        try:
            for path in ("/api/runs", "/metrics", "/api/workers", "/api/catalog"):
                answer = client.get(path)
                assert (answer.status_code, shape(answer).error) == (503, "StoreUnavailable")
                assert "cannot be reached now" in shape(answer).detail
            assert client.get("/healthz").status_code == 200
        finally:
            postgresql_server.start()
        assert client.get("/api/runs").status_code == 200
    drop_database(postgresql_server, "outage")
