"""The real thing for browser tests: the product's own processes on a free port, and a small REST client for them."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TERMINAL = {"succeeded", "failed", "stopped", "cancelled"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spawn(command: list[str], env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A process of the product in a session of its own, its output in `log`; it ends when the tests do, however."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare,
        )


def _prepare() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background inherit it ignored


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, seconds: float = 35) -> int:
    """End a process and wait for it; whatever is left of its session after `seconds` is killed."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


@dataclass
class Lathe:
    """A running server, however it was started."""

    url: str
    token: str
    data_dir: Path
    env: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def link(self) -> str:
        return f"{self.url}/?token={self.token}"

    def log(self, name: str) -> Path:
        return self.data_dir.parent / f"{name}.log"

    def start(self, name: str, command: list[str]) -> None:
        self.processes[name] = spawn(command, self.env, self.log(name))

    def stop(self) -> None:
        for process in reversed(list(self.processes.values())):
            end(process)

    def wait_until_up(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(
            "the server did not answer:\n" + "\n".join(self.log(n).read_text() for n in self.processes)
        )

    def wait_for_catalog(self, seconds: float = 90) -> None:
        """Until a worker has said what it can do."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status, body = self.call("GET", "/api/catalog")
            if status == 200 and body["entries"]:
                return
            time.sleep(0.1)
        raise AssertionError("no worker published a catalog")

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
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
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
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run(run_id)
            if run["state"] in wanted:
                return run
            assert run["state"] not in TERMINAL, f"{run['state']} instead of {wanted}: {run['error']}"
            time.sleep(0.1)
        raise AssertionError(f"run {run_id} is {run['state']} at step {run['step']}, not {wanted}, after {seconds} s")


def template(lathe: Lathe, identity: str) -> dict[str, Any]:
    """The spec of a template."""
    return next(entry["spec"] for entry in lathe.get("/api/templates") if entry["id"] == identity)  # type: ignore[no-any-return]
