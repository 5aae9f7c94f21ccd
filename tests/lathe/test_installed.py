"""Lathe from its wheel, outside the checkout: what a person types after `pip install`."""

import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from backend import __version__
from tests.faults.farm import alive, children
from tests.lathe.installing import ROOT, Installed
from tests.patience import granted, until

pytestmark = pytest.mark.usefixtures("processes")

OURS = ("backend", "client", "lathe", "worker")
SPEC = """
name: From the wheel
dataset: {kind: digits}
model: {kind: mlp}
stages: [{kind: train, epochs: 2}]
measure: {repeats: 5, batch_sizes: [1], formats: [onnx]}
"""


@dataclass
class Up:
    """`lathe up`, as it was started."""

    process: "subprocess.Popen[bytes]"
    log: Path
    data: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def link(self) -> str:
        return until(lambda: re.search(r"http://\S+\?token=\S+", self.said), 120, "the link", self.log)[0]

    def stop(self) -> int:
        """Ctrl+C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(granted(60))


@contextmanager
def up(installed: Installed, data: Path, *flags: str) -> Iterator[Up]:
    log = data.with_suffix(".log")
    command = [installed.lathe, "up", "--no-browser", "--port", "0", "--data", data, *flags]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=installed.folder, env={**installed.environment, "LATHE_PICTURES": "0"}, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
    try:
        yield Up(process, log, data)
    finally:
        process.terminate()
        process.wait(granted(60))


@pytest.fixture(scope="module")
def served(everything: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Everything, with two workers; a folder beside it has the names of Lathe's packages."""
    for name in OURS:
        (everything.folder / name).mkdir()
        (everything.folder / name / "__init__.py").write_text("raise SystemExit('another project')")
    with up(everything, tmp_path_factory.mktemp("up") / "data", "--workers", "2") as started:
        requested = (everything.lathe, "--data", started.data, "catalog")
        until(lambda: started.link and everything.run(*requested).returncode == 0, 240, "the catalog", started.log)
        yield started


def test_nothing_of_the_checkout_is_there(everything: Installed, client_alone: Installed) -> None:
    for installed in (everything, client_alone):
        places = [installed.knows(name) for name in OURS]
        assert all(Path(place).is_relative_to(installed.packages) for place in places), places
        assert (installed.knows("tests"), installed.knows("pytest")) == ("", "")


def test_the_check_sees_the_checkout(everything: Installed) -> None:
    assert everything.knows("lathe", PYTHONPATH=str(ROOT)) == str(ROOT / "lathe" / "__init__.py")
    assert everything.knows("tests", PYTHONPATH=str(ROOT)) == str(ROOT / "tests" / "__init__.py")


def test_only_what_was_asked_for_is_installed(everything: Installed, client_alone: Installed) -> None:
    assert everything.knows("uvicorn") and everything.knows("torch")
    assert not client_alone.knows("uvicorn") and not client_alone.knows("torch")


def test_the_folder_of_the_data_is_told_and_the_same_for_every_command(everything: Installed) -> None:
    folder = Path(everything.environment["HOME"]) / ".local" / "share" / "lathe"
    migrated = everything.run(everything.lathe, "migrate")
    assert (migrated.returncode, migrated.stdout) == (0, f"Data: {folder}\n"), migrated.stderr
    assert (folder / "lathe.sqlite").exists()
    (folder / "token").write_text("t" * 43)
    (folder / "lathe.lock").write_text("http://127.0.0.1:9, process 1\n")
    assert "No server answers at http://127.0.0.1:9" in everything.run(everything.lathe, "runs").stderr
    assert str(folder) in everything.run(everything.lathe, "--help").stdout


def test_it_shows_its_page_trains_and_stops(everything: Installed, served: Up, tmp_path: Path) -> None:
    assert everything.run(everything.lathe, "--version").stdout == f"lathe {__version__}\n"
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    with browser.open(served.link) as page:
        shown = page.read().decode()
    script = re.search(r'src="(/assets/[^"]+\.js)"', shown)
    assert script
    with browser.open(served.link.partition("/?")[0] + script[1]) as asset:
        assert asset.headers["Content-Type"].startswith("text/javascript")
    assert "with 2 workers" in served.said
    assert len(children(served.process.pid, "worker.app")) == 2

    (tmp_path / "spec.yaml").write_text(SPEC)
    lathe = (everything.lathe, "--data", served.data)
    trained = everything.run(*lathe, "run", tmp_path / "spec.yaml", "--seed", "1", "--seed", "2", "--watch")
    assert trained.returncode == 0, trained.stderr + served.said
    assert trained.stdout.count("1 train: adam") == 2
    assert everything.run(*lathe, "runs", "--state", "succeeded").stdout.count("From the wheel") == 2


def test_the_client_alone_asks_a_server_and_says_how_to_get_one(client_alone: Installed, served: Up) -> None:
    url, _, token = served.link.partition("/?token=")
    assert client_alone.run(client_alone.lathe, "--version").stdout == f"lathe {__version__}\n"
    listed = client_alone.run(client_alone.lathe, "--url", url, "catalog", "optimizers", LATHE_TOKEN=token)
    assert (listed.returncode, "adam" in listed.stdout) == (0, True), listed.stderr
    imported = client_alone.run(client_alone.python, "-c", "from client import Lathe; print(Lathe)")
    assert imported.returncode == 0, imported.stderr
    for command in ("up", "serve", "worker", "migrate"):
        refused = client_alone.run(client_alone.lathe, command)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert re.fullmatch(
            rf"lathe {command} needs packages .* pip install 'lathe-.*\.whl\[all\]'\.\n", refused.stderr
        )


def test_ctrl_c_ends_everything(served: Up) -> None:
    below = children(served.process.pid)
    assert served.stop() == 0
    assert served.said.endswith("Stopped.\n") and "Traceback" not in served.said
    assert not any(map(alive, below))


@pytest.mark.parametrize(
    ("command", "environment", "sentence"),
    [
        (("up", "--port", "70000"), {}, "`port` (LATHE_PORT) is `70000`: it should be less than or equal to 65535."),
        (("serve",), {"PORT": "web"}, "`port` (LATHE_PORT) is `web`: it should be a valid integer"),
        (("up", "--workers", "0"), {"LATHE_WORKERS": "2"}, "`workers` (LATHE_WORKERS) is `0`: it should be greater"),
        (("worker",), {"LATHE_LEASE_SECONDS": "0"}, "`lease_seconds` (LATHE_LEASE_SECONDS) is `0`: it should be"),
        (("migrate",), {"LATHE_TOKEN": "secret"}, "`token` (LATHE_TOKEN) does not fit: it must have at least 32"),
    ],
)
def test_a_setting_that_does_not_fit_is_told_in_one_sentence(
    everything: Installed, tmp_path: Path, command: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    refused = everything.run(everything.lathe, *command, "--data", tmp_path / "data", **environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"The setting {sentence}") and refused.stderr.count("\n") == 1
    assert "secret" not in refused.stderr


@pytest.mark.parametrize("command", ["up", "serve", "worker", "migrate"])
def test_a_folder_that_cannot_be_used_is_told_in_one_sentence(everything: Installed, command: str) -> None:
    refused = everything.run(everything.lathe, command, "--data", "/dev/null/data")
    assert (refused.returncode, refused.stderr) == (
        1,
        "The data folder /dev/null/data cannot be used (Not a directory).\n",
    )
