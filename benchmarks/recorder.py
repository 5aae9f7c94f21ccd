"""A process that stores what a trainer sends, with the supervisor's own writer; for the benchmarks."""

import subprocess
import sys
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment
from backend.domain.settings import Settings
from backend.store import experiments, runs, workers
from backend.store.session import Store, migrate
from worker.pipe.link import Unattended, decode, encode
from worker.pipe.messages import FromTrainer
from worker.supervisor.owned_run import OwnedRun

WAITING = 256  # messages that the supervisor takes at once
SPEC = Experiment(name="benchmark", dataset={"kind": "none"}, model={"kind": "none"}, stages=[{"kind": "none"}])


class RecorderLink(Unattended):
    """The trainer's end of a real pipe to a recorder process, whose database lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._connection, theirs = Pipe()
        arguments = [sys.executable, "-m", "benchmarks.recorder", str(theirs.fileno()), str(folder)]
        self._process = subprocess.Popen(arguments, pass_fds=[theirs.fileno()])
        theirs.close()
        self._connection.recv_bytes()  # it is ready

    def send(self, message: FromTrainer) -> None:
        self._connection.send_bytes(encode(message))

    def drain(self) -> None:
        """Waits until everything that was sent is committed."""
        self._connection.send_bytes(b"")
        self._connection.recv_bytes()

    def close(self) -> None:
        self._connection.close()
        if self._process.wait():
            raise RuntimeError("the recorder process failed")


def hold_run(folder: Path) -> tuple[Store, OwnedRun]:
    """A fresh database in `folder` with one run, claimed."""
    settings = Settings(data_dir=folder, database="")
    migrate(settings.database_url)
    store = Store.open(settings.database_url)
    with store.begin() as session:
        experiments.create(session, SPEC, [0])
        workers.announce(session, "bench", "bench", {}, Catalog())
    with store.begin() as session:
        run = runs.claim(session, "bench")
        assert run is not None
        held = OwnedRun(store, settings, run)
    return store, held


def received(connection: Connection) -> list[bytes]:
    """Waits for a frame and returns it with all others that have arrived. An empty frame asks for an answer. Raises EOFError."""
    frames = [connection.recv_bytes()]
    while len(frames) < WAITING and connection.poll():
        frames.append(connection.recv_bytes())
    return frames


def main() -> None:
    connection = Connection(int(sys.argv[1]))
    store, held = hold_run(Path(sys.argv[2]))
    connection.send_bytes(b"ready")
    with suppress(EOFError):
        while True:
            frames = received(connection)
            held.take([cast(FromTrainer, decode(frame)) for frame in frames if frame])
            held.flush()
            if b"" in frames:
                connection.send_bytes(b"stored")
    store.close()


if __name__ == "__main__":
    main()
