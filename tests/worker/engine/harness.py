"""Runs executed in this process: a link in memory that can kill, and what a supervisor would make of it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import resolve
from backend.domain.run.commands import CommandKind
from backend.domain.run.events import EventKind
from backend.domain.settings import Settings
from backend.store import chunks
from worker.engine.execute import execute
from worker.pipe.link import decode, encode
from worker.pipe.messages import (
    Assignment,
    Checkpoint,
    Command,
    Finished,
    FromTrainer,
    Happened,
    Points,
    Release,
    StageDone,
)

MEASURED: dict[str, Any] = {
    "runtime": "none",
    "quality": {"test": {"accuracy": 0.5}},
    "golden": np.zeros((8, 1), np.float32),
    "load_ms": 1.0,
    "energy_meter": None,
    "peak_memory_bytes": 1,
    "timings": [],
    "operators": {},
}
"""Possible answer of a measuring process, for tests that do not check measurements: a real one takes a second a stage."""

Ask = Callable[["MemoryLink"], Sequence[Command | Release]]


class Killed(BaseException):
    """The process is gone: nothing in the engine may catch this."""


class MemoryLink:
    """Keeps every message, after it went through the wire's own coding. Dies instead of sending number `kill_at`.

    `ask` is called whenever the engine looks for commands: when it is time, or after every step of a link whose `has_commands`
    says that there are some.
    """

    def __init__(self, kill_at: int | None = None, ask: Ask = lambda link: (), requested: bool = False) -> None:
        self.sent: list[FromTrainer] = []
        self.has_commands = requested
        self._kill_at = kill_at
        self._ask = ask

    def send(self, message: FromTrainer) -> None:
        if len(self.sent) == self._kill_at:
            raise Killed
        self.sent.append(decode(encode(message)))  # type: ignore[arg-type]

    def commands(self) -> Sequence[Command | Release]:
        return self._ask(self)

    def all(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]

    @property
    def finished(self) -> Finished:
        return self.all(Finished)[-1]

    def happened(self, kind: EventKind) -> list[dict[str, Any]]:
        return [message.body for message in self.all(Happened) if message.kind is kind]

    def done(self) -> list[StageDone]:
        return self.all(StageDone)


def assignment(spec: dict[str, Any], catalog: Catalog, seed: int = 0, run_id: str = "run") -> Assignment:
    """Task that a worker would get for `spec`. Name and measurements of the spec may be left out."""
    cheap = {"name": "test", "measure": {"batch_sizes": [1], "repeats": 5, "formats": ["onnx", "safetensors"]}}
    canonical = resolve({**cheap, **spec}, catalog).model_dump(mode="json")
    return Assignment(run_id, epoch=1, seed=seed, spec=canonical, folder=f"runs/{run_id}")


def run(work: Assignment, settings: Settings, **link: Any) -> MemoryLink:
    """Execute; a kill ends it early."""
    memory = MemoryLink(**link)
    with suppress(Killed):
        execute(work, memory, settings)
    return memory


def once(when: Callable[[MemoryLink], bool], command: Command | Release) -> Ask:
    """Ask for `command` a single time, as soon as `when` holds."""
    waiting = [command]
    return lambda link: [waiting.pop()] if waiting and when(link) else []


def command(kind: CommandKind) -> Command:
    return Command(id=f"order-{kind}", kind=kind, body={}, by="somebody")


def steps_done(link: MemoryLink) -> int:
    """The last step whose points were sent."""
    steps = [int(chunks.decode(points.chunk).steps[-1]) for points in link.all(Points)]
    return max(steps, default=0)


class Ledger:
    """Messages of several attempts without the points after a checkpoint, which are withdrawn."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, int], float] = {}
        self.doubled: list[tuple[str, int]] = []
        self.hashes: dict[int, str] = {}  # stage -> weights_sha256
        self.models: dict[int, str] = {}  # stage -> path of the ONNX file that it left
        self.resume: Checkpoint | None = None

    def take(self, messages: Sequence[FromTrainer]) -> None:
        step = self.resume.step if self.resume else 0
        self.points = {key: value for key, value in self.points.items() if key[1] <= step}
        for message in messages:
            if isinstance(message, Points):
                self._add(chunks.decode(message.chunk))
            elif isinstance(message, StageDone):
                self.hashes[message.result.stage] = message.result.weights_sha256
                whole = (file.path for file in message.files if file.kind == "onnx")
                self.models[message.result.stage] = next(whole, "")
            elif isinstance(message, Checkpoint):
                self.resume = message

    def _add(self, chunk: chunks.Chunk) -> None:
        for name, column in chunk.metrics.items():
            for step, value in zip(chunk.steps.tolist(), column.tolist(), strict=True):
                if (name, step) in self.points:
                    self.doubled.append((name, step))
                self.points[name, step] = value


def settings_for(folder: Path, **changes: Any) -> Settings:
    return Settings(data_dir=folder, threads=1, **changes)
