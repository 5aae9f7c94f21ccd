"""Makes the past of this release: `python -m tests.past.make [FOLDER]`, once, from the commit that is released.

An installation on each database lives through everything that one can do to a run, by real workers and through the real
API. What is left is packed, with what the API served of it. Of the runs that were left in the middle it is kept how they
end, undisturbed, on the machine on which this was made.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend.app import routes
from backend.store import workers
from tests import services
from tests.faults.farm import Farm
from tests.past.lab import lab
from tests.past.living import leave, live
from tests.past.packing import pack
from tests.past.served import ending, plain, served
from tests.past.specs import RESUMABLE
from tests.processes.forking import ROOT

HERE = Path(__file__).parent
LARGEST = 700_000  # bytes of an archive


def make(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    reported: dict[str, Any] = {"release": routes().version, "commit": _commit(), "endings": _endings()}
    for name in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as place, _database(name) as url:
            reported[name] = _installation(Path(place), url, folder / f"{name}.tar.xz")
    (folder / "manifest.json").write_text(json.dumps(reported, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


@contextmanager
def _database(name: str) -> Iterator[str]:
    """The URL of an empty one; of SQLite it is the data folder's own."""
    if name == "sqlite":
        yield ""
        return
    with services.postgresql() as server:
        yield services.create_database(server, "past")


def _endings() -> dict[str, Any]:
    """End of each resumable run without a disturbance."""
    with tempfile.TemporaryDirectory() as place, lab(Path(place)) as undisturbed:
        undisturbed.start()
        ids = {spec["name"]: undisturbed.submit(spec) for spec in RESUMABLE}
        return {name: ending(undisturbed.client, undisturbed.finish(run_id)) for name, run_id in ids.items()}


def _installation(data_dir: Path, url: str, archive: Path) -> dict[str, Any]:
    with lab(data_dir, url) as made:
        live(made)
        leave(made)
        _anonymize(made.farm)
        facts = plain(served(made.client))
        address = made.farm.settings.database_url
    pack(data_dir, address, archive)
    _check(data_dir)
    assert archive.stat().st_size <= LARGEST
    return facts


def _anonymize(farm: Farm) -> None:
    """Forget what the machine is called."""
    with farm.store.begin() as session:
        for worker in workers.all(session):
            worker.name = "worker"


def _check(data_dir: Path) -> None:
    """Nothing that is packed may name a folder of this machine."""
    names = [str(place).encode() for place in (ROOT, data_dir, Path.home())]
    packed = [path for path in data_dir.rglob("*") if path.is_file() and path.suffix not in (".log", ".py")]
    for path in packed:
        content = path.read_bytes()
        assert not any(name in content for name in names), path


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    release = f"v{routes().version.replace('.', '_')}"
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / release)
