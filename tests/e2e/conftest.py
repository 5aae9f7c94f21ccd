"""A browser and the servers that it looks at."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.lathe import Lathe
from tests.patience import granted
from tests.services import free_port

CHROMIUM = "/usr/bin/chromium"
ANSWER = 20_000
"""Milliseconds that a page is granted on a quiet machine, also when the server trains meanwhile."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def embedded(folder: Path, fresh: bool = True, **extra: str) -> Lathe:
    """Starts the processes of `make run`, on a free port."""
    port = free_port()
    data_dir = folder / "data"
    common = {"LATHE_TOKEN": "t" * 43, "LATHE_PICTURES": "0"}
    env = {"LATHE_PORT": str(port), "LATHE_DATA_DIR": str(data_dir), **common, **extra}
    lathe = Lathe(f"http://127.0.0.1:{port}", env["LATHE_TOKEN"], data_dir, env, fresh)
    lathe.start("embedded", ["lathe", "up"] if fresh else ["backend.embedded"])
    return up(lathe)


def up(lathe: Lathe) -> Lathe:
    """The server once it answers and has a worker; stopped when that fails."""
    try:
        lathe.wait_until_up()
        lathe.wait_for_catalog()
    except BaseException:
        lathe.stop()
        raise
    return lathe


def composed(folder: Path, database: str, broker: str) -> Lathe:
    """The processes of docker-compose.yml against a real PostgreSQL and a real Redis."""
    port = free_port()
    data_dir = folder / "data"
    data_dir.mkdir(parents=True)
    env = {
        "LATHE_DATABASE": database,
        "LATHE_BROKER": broker,
        "LATHE_DATA_DIR": str(data_dir),
        "LATHE_PORT": str(port),
        "LATHE_PICTURES": "0",
        "LATHE_TOKEN": "t" * 43,
    }
    lathe = Lathe(f"http://127.0.0.1:{port}", env["LATHE_TOKEN"], data_dir, env)
    lathe.start("migrate", ["backend", "migrate"])
    assert lathe.processes.pop("migrate").wait() == 0, lathe.log("migrate").read_text()
    lathe.start("backend", ["backend", "serve"])
    lathe.start("worker", ["celery", "-A", "worker.app", "worker", "--pool", "solo", "--loglevel", "WARNING"])
    return up(lathe)


@pytest.fixture(autouse=True)
def _real(processes: None) -> None:
    """Nothing here is played."""


@pytest.fixture(scope="session")
def lathe(tmp_path_factory: pytest.TempPathFactory, processes: None) -> Iterator[Lathe]:
    """One embedded server for the tests that leave it as they found it."""
    server = embedded(tmp_path_factory.mktemp("embedded"), fresh=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail("no browser: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser window of its own, in which everything is waited for with patience."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(granted(ANSWER))
    expect.set_options(timeout=granted(ANSWER))
    yield opened
    expect.set_options(timeout=5_000)
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test when the console shows an error or the content security policy is broken."""
    opened = context.new_page()
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            errors.append(message.text)

    opened.on("console", heard)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    if shots := os.environ.get("SCREENSHOTS"):
        opened.screenshot(path=f"{shots}/{os.environ['PYTEST_CURRENT_TEST'].split('::')[-1].split(' ')[0]}.png")
    assert not errors, errors
