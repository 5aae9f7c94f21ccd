"""The real thing for browser tests: the product's own processes on a free port, and a small REST client for them."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.patience import granted, until
from tests.processes.start import Process, start

TERMINAL = {"succeeded", "failed", "stopped", "cancelled"}


@dataclass
class Lathe:
    """A running server, however it was started."""

    url: str
    token: str
    data_dir: Path
    env: dict[str, str]
    fresh: bool = True
    """Its processes are fresh interpreters, not forked ones."""
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def link(self) -> str:
        return f"{self.url}/?token={self.token}"

    def log(self, name: str) -> Path:
        return self.data_dir.parent / f"{name}.log"

    def start(self, name: str, command: list[str]) -> None:
        self.processes[name] = start(command, self.env, self.log(name), self.fresh)

    def stop(self) -> None:
        for process in reversed(list(self.processes.values())):
            process.end()

    def wait_until_up(self) -> None:
        until(self._answers, 60, "the server's answer", *map(self.log, self.processes))

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/healthz", timeout=granted(2)).close()
        except OSError:
            return False
        return True

    def wait_for_catalog(self) -> None:
        """Until a worker has said what it can do."""
        until(self._published, 90, "a worker's catalog", *map(self.log, self.processes))

    def _published(self) -> bool:
        status, body = self.call("GET", "/api/catalog")
        return status == 200 and bool(body["entries"])

    def get(self, path: str) -> Any:
        return self.call("GET", path)[1]

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and decoded JSON of one REST call with the bearer token."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=granted(10)) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def submit(self, spec: Mapping[str, Any] | str, seeds: list[int] | None = None) -> list[str]:
        """Ids of the runs that a spec creates."""
        status, body = self.call("POST", "/api/experiments", {"spec": spec, "seeds": seeds})
        assert status == 201, body
        return [run["id"] for run in body["runs"]]

    def run(self, run_id: str) -> Any:
        return self.get(f"/api/runs/{run_id}")

    def wait_for(self, run_id: str, *states: str, seconds: float = 180) -> Any:
        """The run, once it is in one of `states` (any terminal state when none is named)."""
        wanted = set(states) or TERMINAL
        logs = map(self.log, self.processes)
        return until(lambda: self._found(run_id, wanted), seconds, f"run {run_id} as {' or '.join(wanted)}", *logs)

    def _found(self, run_id: str, states: set[str]) -> Any:
        """The run, if it is in one of these states; it must not have ended in another one."""
        run = self.run(run_id)
        if run["state"] in states:
            return run
        assert run["state"] not in TERMINAL, f"{run['state']} instead of {states}: {run['error']}"
        return None


def template(lathe: Lathe, identity: str) -> dict[str, Any]:
    """The spec of a template."""
    return next(entry["spec"] for entry in lathe.get("/api/templates") if entry["id"] == identity)  # type: ignore[no-any-return]
