"""The servers that the tests start are real, and die with them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests import services
from tests.patience import until

pytestmark = pytest.mark.usefixtures("processes")

CHILD = """
import time
from tests import services
with services.postgresql() as database, services.redis() as broker:
    print(database.url, database.folder, broker.url, broker.folder, flush=True)
    time.sleep(60)
"""


def test_servers_die_when_the_tests_are_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        database, database_folder, broker, broker_folder = tests.stdout.readline().split()
        assert services.postgresql_answers(database) and services.redis_answers(broker)
        os.kill(tests.pid, signal.SIGKILL)
    folders = [Path(database_folder), Path(broker_folder)]
    until(lambda: not any(folder.exists() for folder in folders), 15, "the end of their folders")
    assert not services.postgresql_answers(database) and not services.redis_answers(broker)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_server_comes_back_with_its_data(how: str) -> None:
    with services.postgresql() as server:
        url = services.create_database(server, "kept")
        getattr(server, how)()
        assert not services.postgresql_answers(url)
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_missing_program_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(services.Missing, match="apt-get install -y redis-server"), services.redis():
        pass
