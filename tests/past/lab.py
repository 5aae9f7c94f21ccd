"""An installation with real workers, and the API over it, through which everything is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from backend.domain.run.commands import CommandKind, CommandState
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from tests.backend.api.conftest import running
from tests.faults.farm import Farm, Worker, farm
from tests.past.served import get
from tests.patience import until

SECONDS = 240.0


@dataclass
class Lab:
    """Runs are known by their id."""

    farm: Farm
    client: TestClient

    def start(self, number: int = 1) -> list[Worker]:
        """Workers that compute the same bits whatever the number of cores."""
        return self.farm.start(number, threads=1)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        answer = self.client.post(path, json=body, **more)
        assert answer.status_code in (200, 201, 202), f"{path}: {answer.text}"
        return answer.json()

    def submit(self, spec: dict[str, Any]) -> str:
        return str(self.post("/api/experiments", {"spec": spec})["runs"][0]["id"])

    def fork(self, parent: str, spec: dict[str, Any], **place: Any) -> str:
        return str(self.post(f"/api/runs/{parent}/fork", {"spec": spec, **place})["runs"][0]["id"])

    def checkpoints(self, run_id: str) -> list[dict[str, Any]]:
        """The run's checkpoints, the oldest first."""
        files = get(self.client, f"/api/runs/{run_id}")["artifacts"]
        return [one for one in files if one["kind"] == "checkpoint"]

    def command(self, run_id: str, kind: CommandKind, **body: Any) -> None:
        """Ask it of the run and wait until it is obeyed."""
        requested = self.post(f"/api/runs/{run_id}/commands", {"kind": kind, "body": body, "why": "to be kept"})
        until(lambda: requested["id"] in self._obeyed(run_id), SECONDS, f"what became of `{kind}`", *self.logs)

    def _obeyed(self, run_id: str) -> list[str]:
        marks = self.farm.marks(run_id, EventKind.COMMAND)
        return [mark["command"] for mark in marks if mark["state"] == CommandState.OBEYED]

    def reach(self, run_id: str, state: RunState) -> None:
        until(lambda: self.farm.run(run_id).state is state, SECONDS, str(state), *self.logs)

    def finish(self, run_id: str, state: RunState = RunState.SUCCEEDED) -> str:
        """Wait for that end; returns the run's id."""
        ended = self.farm.finished(run_id, SECONDS)
        assert ended.state is state, ended.error
        return run_id

    @property
    def logs(self) -> list[Path]:
        return [worker.log for worker in self.farm.workers]


@contextmanager
def lab(data_dir: Path, url: str = "") -> Iterator[Lab]:
    """An installation over the database at `url`, brought to the newest schema; its workers end with the block."""
    with farm(data_dir, url) as made, running(made.settings.database_url, data_dir) as api:
        yield Lab(made, api.client)
