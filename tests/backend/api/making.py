"""Makes runs the way a worker does, through the store."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment, resolve
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from backend.domain.run.states import RunState
from backend.domain.study import check as studying
from backend.store import artifacts, experiments, results, runs, studies
from backend.store.chunks import Chunk, encode
from backend.store.clock import new_id
from backend.store.session import Store

SPEC: dict[str, Any] = {
    "name": "A run",
    "dataset": {"kind": "digits"},
    "model": {"kind": "mlp"},
    "stages": [{"kind": "train", "epochs": 2}, {"kind": "quantize", "method": {"kind": "dynamic_int8"}}],
}


def queued(store: Store, catalog: Catalog, name: str = "A run", seeds: int = 1) -> list[str]:
    with store.begin() as session:
        _, made = experiments.create(session, spec(catalog, name), range(seeds))
        return [run.id for run in made]


def trials_of(store: Store, catalog: Catalog, count: int) -> tuple[str, list[str]]:
    """A study with so many trials under way: its id, and their runs."""
    document = {
        "name": "A study",
        "spec": SPEC,
        "space": [{"field": "stages[0].epochs", "low": 1, "high": 9}],
        "objectives": [{"measure": "validation/accuracy"}],
        "budget": {"trials": 9},
    }
    study = studying.resolve(document, catalog)
    with store.begin() as session:
        row = studies.create(session, study, [({"stages[0].epochs": 1 + number}, "me") for number in range(count)])
        made = [studies.start(session, trial, spec(catalog)) for trial in studies.trials(session, row.id)]
        return row.id, [run.id for run in made]


def spec(catalog: Catalog, name: str = "A run") -> Experiment:
    return resolve({**SPEC, "name": name}, catalog)


def claimed(store: Store) -> runs.Lease:
    with store.begin() as session:
        run = runs.claim(session, "worker-1")
        assert run is not None
        return runs.Lease.of(run)


def write(store: Store, lease: runs.Lease, *events: NewEvent, **changes: Any) -> None:
    with store.begin() as session:
        runs.write(session, lease, list(events), **changes)


def points(first: int, last: int, stage: int = 0, **metrics: Any) -> NewEvent:
    """A chunk of the steps first … last; `loss=…` is `train/loss`, `rate=…` `learning_rate`: a number or an array."""
    steps = np.arange(first, last + 1)
    columns = {
        "learning_rate" if name == "rate" else f"train/{name}": np.broadcast_to(value, len(steps)).astype(float)
        for name, value in metrics.items()
    }
    return NewEvent(kind=EventKind.POINTS, chunk=encode(Chunk(stage, steps, steps / 100, columns)))


def event(what: EventKind, **body: Any) -> NewEvent:
    return NewEvent(kind=what, body=body)


def stage(index: int, label: str, step: int, kind: EventKind = EventKind.STAGE_BEGAN) -> NewEvent:
    return event(kind, stage=index, kind=label.split(":")[0], label=label, step=step)


def result(
    index: int, label: str, artifact: str, *, accuracy: float, size: int, p50: float, machine: str = "", **timing: Any
) -> StageResult:
    """A measured stage; `timing` are facts of its latencies."""
    latency = [
        Latency.model_validate({
            "batch_size": batch, "device": "cpu", "p50_ms": p50 * batch**0.5, "p95_ms": p50 * batch**0.5 * 1.3,
            "spread_ms": 0.1, "calls": 50, "samples_per_s": 1000 * batch**0.5 / p50, **timing,
        })
        for batch in (1, 64)
    ]  # fmt: skip
    weights = ArtifactMeasure(exporter="safetensors", artifact=f"{artifact}-w", bytes=size * 2, gzip_bytes=size)
    measured = ArtifactMeasure(
        exporter="onnx", artifact=artifact, bytes=size, gzip_bytes=size // 2, runtime="onnxruntime", loss=0.2,
        machine=machine or None, accuracy=accuracy, peak_memory_bytes=10**7, latency=latency, operators={"Gemm": 3},
    )  # fmt: skip
    return StageResult(
        stage=index, kind=label.split(":")[0], label=label, step=24, seconds=1.5, parameters=20_000, test_samples=360,
        nonzero=20_000 // (index + 1), weights_sha256="0" * 64, measures=[weights, measured],
    )  # fmt: skip


def finished(
    store: Store, catalog: Catalog, name: str = "A run", state: RunState = RunState.SUCCEEDED, **measured: Any
) -> str:
    """A run that went through both stages, with curves, results and an artifact row for each; `measured` as in `result`."""
    (run_id,) = queued(store, catalog, name)
    lease = claimed(store)
    write(store, lease, stage(0, "train: adam", 0), stage=0, total_steps=24)
    for first in (1, 13):
        loss = 2.0 / np.arange(first, first + 12)
        write(store, lease, points(first, first + 11, loss=loss, accuracy=1 - loss / 2, rate=0.1), step=first + 11)
    left = [(0, "train: adam", 0.95, 80_000, 0.05), (1, "quantize: dynamic int8", 0.94, 22_000, 0.04)]
    for index, label, accuracy, size, p50 in left:
        artifact = register(store, lease, index)
        with store.begin() as session:
            made = result(index, label, artifact, accuracy=accuracy, size=size, p50=p50, **measured)
            results.put(session, run_id, made)
            runs.write(session, lease, [stage(index, label, 24, EventKind.STAGE_ENDED)], stage=index)
    with store.begin() as session:
        runs.write(session, lease, active_seconds=3.0, latest={"train/loss": 2 / 24})
        runs.finish(session, lease, state, error="It diverged." if state is RunState.FAILED else None)
    return run_id


def register(store: Store, lease: runs.Lease, index: int, file: Path | None = None, path: str | None = None) -> str:
    """An artifact row; its hash and size are those of `file` when there is one."""
    content = file.read_bytes() if file else b""
    artifact_id = new_id()
    with store.begin() as session:
        runs.write(session, lease)
        artifacts.register(
            session, lease.run_id, id=artifact_id, kind="onnx", stage=index, step=24, bytes=len(content),
            path=path or f"runs/{lease.run_id}/artifacts/{artifact_id}.onnx",
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
    return artifact_id
