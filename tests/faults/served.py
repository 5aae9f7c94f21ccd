"""The API beside a farm of workers, as a client sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.lathe import Lathe
from tests.faults.farm import Farm
from tests.patience import until
from tests.services import free_port

TOKEN = "t" * 43


@contextmanager
def served(farm: Farm, **more: str) -> Iterator[Lathe]:
    """The real API process on the farm's database and data folder."""
    port, settings = free_port(), farm.settings
    env = {
        "LATHE_DATA_DIR": str(settings.data_dir), "LATHE_DATABASE": settings.database_url, "LATHE_PORT": str(port),
        "LATHE_TOKEN": TOKEN, "LATHE_LEASE_SECONDS": str(settings.lease_seconds), **more,
    }  # fmt: skip
    lathe = Lathe(f"http://127.0.0.1:{port}", TOKEN, settings.data_dir, env, fresh=False)
    lathe.start("backend", ["backend", "serve"])
    try:
        lathe.wait_until_up()
        yield lathe
    finally:
        lathe.stop()


def lacking(lathe: Lathe) -> dict[str, Any]:
    """Sentences about failed checks, by the name of the check."""
    return {check["name"]: check["sentence"] for check in lathe.get("/readyz")["checks"] if not check["ok"]}


def until_lacking(lathe: Lathe, name: str, words: str, seconds: float = 60) -> None:
    """Wait until this check is not well and says these words."""
    until(lambda: words in lacking(lathe).get(name, ""), seconds, f"{name}: {words}")
