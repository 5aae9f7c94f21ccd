"""Downloads from a real server that behaves, lies, stalls and dies: only a whole, verified file ever appears."""

import hashlib
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import until
from worker.data import idx
from worker.data.download import download
from worker.data.published import Publication, Published

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """/whole, /other, /short, /endless and /stalled."""

    def do_GET(self) -> None:
        answer = {"/whole": self.whole, "/other": self.other, "/short": self.short, "/endless": self.endless}
        answer.get(self.path.removesuffix(".gz"), self.missing)()

    def missing(self) -> None:
        if self.path == "/stalled":
            self.begin(len(CONTENT))
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
            self.wfile.flush()
            self.server.released.wait(30)  # type: ignore[attr-defined]
        else:
            self.send_error(404)

    def begin(self, length: int | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def whole(self) -> None:
        self.begin(len(CONTENT))
        self.wfile.write(CONTENT)

    def other(self) -> None:
        self.begin(len(CONTENT))
        self.wfile.write(CONTENT[::-1])

    def short(self) -> None:
        self.begin(len(CONTENT))
        self.wfile.write(CONTENT[:1000])

    def endless(self) -> None:
        self.begin(None)
        try:
            while True:
                self.wfile.write(CONTENT)
        except OSError:  # the client has had enough
            self.close_connection = True

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.released.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_whole_file_appears_under_its_name(address: str, tmp_path: Path) -> None:
    target = tmp_path / "data" / "file.gz"
    download(f"{address}whole", target, len(CONTENT), SHA256)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("path", ["other", "short", "endless", "no-such-file"])
def test_anything_else_leaves_nothing(address: str, tmp_path: Path, path: str) -> None:
    with pytest.raises((ValueError, OSError)):
        download(f"{address}{path}", tmp_path / "file.gz", len(CONTENT), SHA256)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_was_killed_half_way_does_not_count(address: str, tmp_path: Path, processes: None) -> None:
    publication = Publication([address], [Published("whole", len(CONTENT), SHA256)], tmp_path / "no-system", "package")
    folder = tmp_path / "data"
    call = f"from pathlib import Path; from worker.data.download import download; download({address + 'stalled'!r}, Path({str(folder / 'whole.gz')!r}), {len(CONTENT)}, {SHA256!r})"
    process = subprocess.Popen([sys.executable, "-c", call])
    until(lambda: sum(path.stat().st_size for path in folder.glob(".*.part")) > 0, 20, "the beginning of the file")
    process.kill()
    process.wait()
    assert not (folder / "whole.gz").exists()
    assert publication.obtain(folder) == {"whole": folder / "whole.gz"}
    assert (folder / "whole.gz").read_bytes() == CONTENT


def test_the_data_folder_comes_before_the_system_and_the_network(tmp_path: Path) -> None:
    folder, system = tmp_path / "data", tmp_path / "system"
    publication = Publication(["http://127.0.0.1:9/"], [Published("file", 1, "")], system, "package")
    for place in (folder, system):
        place.mkdir()
    (system / "file.gz").touch()
    assert publication.obtain(folder) == {"file": system / "file.gz"}
    (folder / "file.gz").touch()
    assert publication.obtain(folder) == {"file": folder / "file.gz"}
    (folder / "file").touch()
    assert publication.obtain(folder) == {"file": folder / "file"}


@pytest.mark.parametrize("path", ["other", "missing"])
def test_a_failure_names_both_remedies(address: str, tmp_path: Path, path: str) -> None:
    publication = Publication([address], [Published(path, len(CONTENT), SHA256)], tmp_path / "system", "dataset-of-it")
    with pytest.raises(ValueError, match=rf"{path}\.gz.*dataset-of-it.*{tmp_path / 'data'}"):
        publication.obtain(tmp_path / "data")


def test_no_network_is_a_sentence_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    publication = Publication(["http://127.0.0.1:9/"], [Published("file", 1, "")], tmp_path / "system", "dataset-of-it")
    with pytest.raises(ValueError, match="dataset-of-it"):
        publication.obtain(tmp_path / "data")


def test_a_file_put_in_place_by_hand_is_still_checked(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"anything")
    publication = Publication(["http://127.0.0.1:9/"], [Published("file", 1, "")], tmp_path / "system", "package")
    with pytest.raises(ValueError, match="no IDX file"):
        idx.read(publication.obtain(tmp_path)["file"], (1,))
