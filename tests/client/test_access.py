"""The client finds its server and its token, and names the remedy when there is none."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from client import Lathe, LatheError
from lathe import environment
from tests.backend.api.conftest import TOKEN
from tests.client.conftest import Server
from tests.services import free_port


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment and a folder that say nothing."""
    for name in ("LATHE_URL", "LATHE_TOKEN", "DATA_DIR", "LATHE_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "ROOT", tmp_path / "site-packages")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path


def keep(folder: Path, url: str) -> None:
    folder.mkdir()
    (folder / "token").write_text(TOKEN)
    (folder / "lathe.lock").write_text(f"{url}, process 12\n")


def test_the_data_folder_says_where_and_with_what(server: Server, nowhere: Path) -> None:
    keep(nowhere / "lathe", server.url)
    with Lathe() as lathe:
        assert repr(lathe) == f"<Lathe at {server.url}>"
        assert lathe.catalog().families


def test_the_environment_goes_before_the_data_folder(
    server: Server, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(nowhere / "lathe", "http://127.0.0.1:1")
    keep(nowhere / "elsewhere", server.url)
    monkeypatch.setenv("LATHE_DATA_DIR", str(nowhere / "elsewhere"))
    assert Lathe().runs(limit=1) is not None
    monkeypatch.setenv("LATHE_URL", server.url)
    monkeypatch.setenv("LATHE_TOKEN", "w" * 40)
    with pytest.raises(LatheError) as caught:
        Lathe().runs()
    assert (caught.value.error, caught.value.status) == ("TokenWrong", 401)
    assert Lathe(token=TOKEN).runs(limit=1) is not None


def test_the_token_of_this_machine_is_shown_to_no_other(nowhere: Path) -> None:
    keep(nowhere / "lathe", "http://127.0.0.1:1")
    with pytest.raises(LatheError, match=r"^http://lathe\.example needs a token: set LATHE_TOKEN\.$"):
        Lathe("http://lathe.example")


def test_without_any_token_the_remedy_is_told() -> None:
    with pytest.raises(LatheError, match="LATHE_DATA_DIR to the server's data folder"):
        Lathe()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(LatheError, match="is not the address of a server: write it like http://"):
        Lathe(url, TOKEN)


def test_nothing_answers_is_one_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(LatheError) as caught:
        Lathe(url, TOKEN).runs()
    assert (caught.value.error, caught.value.status) == ("Unreachable", None)
    assert str(caught.value) == (
        f"No server answers at {url}: start it with `lathe up`, or set LATHE_URL to its address."
    )


class Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Hello</html>")

    def do_POST(self) -> None:
        self.send_error(501)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def stranger() -> Iterator[str]:
    """Some other web server."""
    with http.server.HTTPServer(("127.0.0.1", 0), Stranger) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()
        thread.join()


def test_another_web_server_is_told_from_lathe() -> None:
    with stranger() as url, Lathe(url, TOKEN) as lathe:
        with pytest.raises(LatheError, match="is not Lathe: it answered 200 to /api/runs"):
            lathe.runs()
        with pytest.raises(LatheError, match="is not Lathe: it answered 501"):
            lathe.submit("name: x\n")
