"""The built front end."""

import gzip
from pathlib import Path

import pytest

from backend.api import static
from tests.backend.api.conftest import Api

SCRIPT = b"console.log(1)" * 100


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build like Vite's."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>The page</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "app-1a2b3c.js").write_bytes(SCRIPT)
    (folder / "assets" / "app-1a2b3c.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(static, "FOLDER", folder)
    return folder


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/abc", "/new?template=x", "/deep/er/path", "/index.html"])
def test_every_address_of_the_browser_gets_the_page(api: Api, built: Path, path: str) -> None:
    answer = api.client.get(path)
    assert answer.status_code == 200 and "The page" in answer.text
    assert (
        answer.headers["cache-control"] == "no-cache"
        and "script-src 'self'" in answer.headers["content-security-policy"]
    )


def test_files_with_a_hash_are_kept_for_ever(api: Api, built: Path) -> None:
    answer = api.client.get("/assets/app-1a2b3c.js")
    assert answer.content == SCRIPT and "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" not in api.client.get("/favicon.svg").headers["cache-control"]


def test_a_packed_file_is_sent_packed(api: Api, built: Path) -> None:
    packed = api.client.get("/assets/app-1a2b3c.js", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip" and packed.content == SCRIPT
    assert int(packed.headers["content-length"]) < len(SCRIPT)
    assert packed.headers["vary"] == "Accept-Encoding"
    plain = api.client.get("/assets/app-1a2b3c.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.content == SCRIPT


def test_head_works_too(api: Api, built: Path) -> None:
    answer = api.client.head("/")
    assert answer.status_code == 200 and answer.content == b""


def test_a_missing_asset_is_not_the_page(api: Api, built: Path) -> None:
    answer = api.client.get("/assets/app-old.js")
    assert answer.status_code == 404 and "reload" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/runs/"])
def test_what_the_api_lacks_is_not_the_page(api: Api, built: Path, path: str) -> None:
    assert api.client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret", "/%2e%2e%2fsecret", "//etc/passwd"]
)
def test_nothing_else_is_served(api: Api, built: Path, path: str) -> None:
    assert "secret" not in api.client.get(path).text.replace("secret;", "")


def test_without_a_build_it_says_what_to_do(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "FOLDER", tmp_path / "nothing")
    answer = api.client.get("/")
    assert answer.status_code == 503 and "make run" in answer.text
