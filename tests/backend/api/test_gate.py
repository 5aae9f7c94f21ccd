"""The gate is closed by default, serves loopback names alone, and refuses pages from elsewhere."""

import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount
from starlette.websockets import WebSocketDisconnect

from backend.api.middleware.gate import OPEN, SECURITY_HEADERS
from backend.app import create_app
from backend.auth import Unsafe, keys
from backend.config import Settings
from backend.store.migrate import migrate
from tests.backend.api.conftest import TOKEN, Api, settings_for

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> FastAPI:
    migrate(sqlite_url)
    return create_app(settings_for(sqlite_url, tmp_path))


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A client without any credential."""
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:
        yield client


def addresses(app: FastAPI) -> set[str]:
    """Every route that the application has, with something in place of its parameters."""
    found = {route.path for route in app.routes if hasattr(route, "path")}
    for route in app.routes:
        context = getattr(route, "original_router", None) or getattr(route, "app", None)
        found |= {inner.path for inner in getattr(context, "routes", []) if hasattr(inner, "path")}
    return {path.replace("{path:path}", "index.html").replace("{", "").replace("}", "") for path in found}


def open_to_strangers(app: FastAPI, stranger: TestClient) -> set[str]:
    tried = addresses(app) | {"/", "/docs", "/redoc", "/assets/x.js", "/api", "/no/such/thing", "//api/runs"}
    return {
        f"{method} {path}" for path in tried for method in METHODS if stranger.request(method, path).status_code != 401
    }


def test_every_route_is_closed_unless_it_is_listed(app: FastAPI, stranger: TestClient) -> None:
    assert {"/api/runs", "/api/stream", "/api/openapi.json", "/api/artifacts/artifact_id", "/metrics"} <= addresses(app)
    assert open_to_strangers(app, stranger) == {f"{method} {path}" for path in OPEN for method in METHODS[:3]}


def test_the_list_is_what_watches_the_server() -> None:
    assert {"/healthz", "/readyz"} == OPEN


def test_a_route_that_is_added_later_is_closed_too(app: FastAPI, stranger: TestClient) -> None:
    app.router.routes.insert(0, APIRoute("/api/late", lambda: {"secret": 1}))
    app.router.routes.insert(0, Mount("/mounted", app=FastAPI()))
    assert stranger.get("/api/late").status_code == 401
    assert stranger.get("/mounted/openapi.json").status_code == 401


def test_the_enumeration_would_see_an_open_route(
    app: FastAPI, stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.api.middleware.gate.OPEN", frozenset({"/healthz", "/metrics"}))
    assert "GET /metrics" in open_to_strangers(app, stranger)


def test_a_websocket_is_refused(stranger: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, stranger.websocket_connect("/api/stream"):
        pass
    assert refused.value.code == 1008


def test_a_browser_without_a_session_is_told_how_to_get_in(stranger: TestClient) -> None:
    page = stranger.get("/runs/<img src=x>", headers={"Accept": "text/html"})
    assert page.status_code == 401 and page.headers["content-type"].startswith("text/html")
    assert "token" in page.text and "<img" not in page.text


def test_the_way_back_on_that_page_stays_here(stranger: TestClient) -> None:
    page = stranger.get("http://localhost//evil.example/x", headers={"Accept": "text/html"})
    assert 'href="/evil.example/x"' in page.text


def test_the_link_becomes_a_session_once(stranger: TestClient) -> None:
    answer = stranger.get("/", params={"token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and TOKEN not in cookie
    assert stranger.get("/api/runs").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_from_another_page_leads_on_by_a_page(stranger: TestClient, site: str) -> None:
    """A redirect would count as the other page's, and the browser would keep the new cookie back."""
    answer = stranger.get("/", params={"token": TOKEN}, headers={"Sec-Fetch-Site": site}, follow_redirects=False)
    assert (answer.status_code, TOKEN in answer.text, "url=/" in answer.text) == (200, False, True)
    assert "SameSite=Strict" in answer.headers["set-cookie"]


def test_the_cookie_is_secure_behind_tls(stranger: TestClient) -> None:
    assert "Secure" in stranger.get("https://localhost/", params={"token": TOKEN}).headers["set-cookie"]


@pytest.mark.parametrize("offered", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ünïcode" * 6])
def test_a_wrong_token_opens_nothing(stranger: TestClient, offered: str) -> None:
    answer = stranger.get("/", params={"token": offered})
    assert answer.status_code == 401 and "set-cookie" not in answer.headers
    header = {"Authorization": f"Bearer {offered}".encode()}
    assert stranger.get("/api/runs", headers=header).json()["error"] in ("TokenWrong", "TokenMissing")


@pytest.mark.parametrize("path", ["/api/runs", "/runs", "/api/stream"])
def test_the_token_counts_only_at_the_front_door(stranger: TestClient, path: str) -> None:
    assert stranger.get(path, params={"token": TOKEN}).status_code == 401


@pytest.mark.parametrize("cookie", ["", "lathe=1", "x" * 5000, "a=b; c=\x7f", 'lathe_00000000="\\', "=;=;,,,"])
def test_a_forged_cookie_opens_nothing(stranger: TestClient, cookie: str) -> None:
    assert stranger.get("/api/runs", headers={"Cookie": cookie}).status_code == 401


def test_a_session_of_another_server_opens_nothing(stranger: TestClient) -> None:
    other = keys(Settings(token="another-token-of-more-than-32-characters"))
    mine = keys(Settings(token=TOKEN))
    stolen = other.set_cookie(secure=False).partition(";")[0].partition("=")[2]
    assert stranger.get("/api/runs", headers={"Cookie": f"{mine.cookie_name}={stolen}"}).status_code == 401


def test_a_bearer_token_needs_no_cookie(stranger: TestClient) -> None:
    assert stranger.get("/api/runs", headers=BEARER).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        "localhost@evil",
        "a b",
    ],
)
def test_a_foreign_host_name_is_refused(stranger: TestClient, host: str) -> None:
    answer = stranger.get("/healthz", headers={"Host": host, **BEARER})
    assert (answer.status_code, answer.json()["error"]) == (421, "HostRefused")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_loopback_names_are_served(stranger: TestClient, host: str) -> None:
    assert stranger.get("/healthz", headers={"Host": host}).status_code == 200


def test_configured_names_are_served(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database=sqlite_url, token=TOKEN, hosts="lathe.example, Other.example")
    assert {"lathe.example", "other.example", "localhost"} <= settings.allowed_hosts
    assert "0.0.0.0" not in Settings(host="0.0.0.0", token=TOKEN).allowed_hosts


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "http://localhost.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_changes_nothing(api: Api, headers: dict[str, str]) -> None:
    answer = api.client.post("/api/experiments", json={"spec": {}}, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")
    assert api.client.delete("/api/runs/x", headers=headers).status_code == 403


def test_a_change_by_cookie_needs_the_header_that_forms_cannot_send(api: Api) -> None:
    del api.client.headers["X-Lathe"]
    answer = api.client.post("/api/experiments", json={"spec": {}})
    assert answer.status_code == 403 and "X-Lathe" in answer.json()["detail"]
    assert api.client.post("/api/experiments", json={"spec": {}}, headers=BEARER).status_code == 422


def test_our_own_page_may_change(api: Api) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert api.client.post("/api/experiments", json={"spec": {}}, headers=headers).status_code == 422


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_reads_nothing_but_may_link_here(api: Api, site: str) -> None:
    assert api.client.get("/api/runs", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert api.client.get("/runs", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code != 403


def test_there_is_no_cors(api: Api) -> None:
    requested = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST", **BEARER}
    answer = api.client.options("/api/experiments", headers=requested)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/api/runs", "/nothing/here.png", "/healthz", "/api/runs/none"])
def test_every_answer_carries_the_security_headers(api: Api, path: str) -> None:
    headers = api.client.get(path).headers
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "unsafe-eval" not in headers["content-security-policy"]


def test_what_is_not_marked_otherwise_is_not_kept_by_the_browser(api: Api) -> None:
    assert api.client.get("/api/runs").headers["cache-control"] == "no-store"


def test_wrong_tokens_are_logged_but_not_shown(stranger: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for _ in range(20):
            stranger.get("/", params={"token": "guess-guess-guess"})
    lines = [record.getMessage() for record in caplog.records if record.name == "backend.api.middleware.gate"]
    assert len(lines) == 1 and "wrong token" in lines[0]
    assert "guess" not in "".join(lines)


def test_a_token_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    first, second = keys(settings), keys(settings)
    file = tmp_path / "data" / "token"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text()) >= 43  # 256 bits
    assert first.link("http://x") == second.link("http://x")
    assert [path.name for path in file.parent.iterdir()] == ["token"]


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys(Settings(data_dir=tmp_path))
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(Unsafe, match="chmod 600"):
        keys(Settings(data_dir=tmp_path))


def test_an_empty_token_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").touch(0o600)
    with pytest.raises(Unsafe, match="delete it"):
        keys(Settings(data_dir=tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "lathe.example"])
def test_a_public_address_without_a_token_does_not_start(tmp_path: Path, host: str) -> None:
    with pytest.raises(Unsafe, match="LATHE_TOKEN"):
        create_app(Settings(data_dir=tmp_path, host=host))
    assert create_app(Settings(data_dir=tmp_path, host=host, token=TOKEN))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_starts_without_one(tmp_path: Path, host: str) -> None:
    assert create_app(Settings(data_dir=tmp_path, host=host))


def test_a_short_token_is_refused() -> None:
    with pytest.raises(ValueError, match="32 characters"):
        Settings(token="short")


def test_settings_do_not_print_the_token() -> None:
    assert TOKEN not in repr(Settings(token=TOKEN))
