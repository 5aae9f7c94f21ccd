"""A database with many measured artifacts, written through the store as workers write; for the benchmarks."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from numpy.random import Generator

from backend.domain.experiment.experiment import Experiment
from backend.domain.run.events import EventKind, NewEvent
from backend.domain.run.results import ArtifactMeasure, Latency, StageResult
from backend.domain.run.states import RunState
from backend.store import experiments, results, runs, tables
from backend.store.session import Store

STAGES = ("train: adam", "prune: magnitude", "fold: batch norm", "quantize: static int8", "quantize: codebook")
FORMATS = ("onnx", "torch_export", "coded", "executorch", "openvino")
TOGETHER = 100  # runs in one transaction


def fill(store: Store, number: int, *, stages: int = len(STAGES), formats: int = len(FORMATS)) -> int:
    """`number` finished runs whose stages left a measured file of each format; returns how many files that is."""
    luck = np.random.default_rng(5)
    data, model = {"kind": "digits"}, {"kind": "mlp"}
    spec = Experiment(name="crowd", dataset=data, model=model, stages=[{"kind": "train"}] * stages)
    for first in range(0, number, TOGETHER):
        with store.begin() as session:
            made = min(TOGETHER, number - first)
            _, queued = experiments.create(session, spec, list(range(first, first + made)))
            for place, run in enumerate(queued):
                run.created_at += timedelta(milliseconds=first + place)
            session.flush()
            for _ in range(made):
                claimed = runs.claim(session, "crowd")
                assert claimed is not None
                lease = runs.Lease.of(claimed)
                for result in _results(luck, claimed, stages, formats):
                    body = {"stage": result.stage, "kind": result.kind, "label": result.label, "step": result.step}
                    runs.write(session, lease, [NewEvent(kind=EventKind.STAGE_ENDED, body=body)])
                    results.put(session, claimed.id, result)
                runs.finish(session, lease, RunState.SUCCEEDED)
    return number * stages * formats


def _results(luck: Generator, run: tables.Run, stages: int, formats: int) -> Iterator[StageResult]:
    """Each stage makes the model smaller, and mostly a little worse."""
    size, accuracy = float(np.exp(luck.uniform(10, 16))), float(luck.beta(30, 3))
    for stage in range(stages):
        size, accuracy = size * luck.uniform(0.3, 0.95), accuracy - luck.exponential(0.01)
        files = [_measure(luck, f"{run.id}-{stage}-{name}", name, size, accuracy) for name in FORMATS[:formats]]
        yield StageResult(
            stage=stage, kind=STAGES[stage].split(":")[0], label=STAGES[stage], step=100, seconds=2.0,
            parameters=int(size), nonzero=int(size / 2), flops=int(size * 40), weights_sha256="0" * 64, measures=files,
        )  # fmt: skip


def _measure(luck: Generator, artifact: str, name: str, size: float, accuracy: float) -> ArtifactMeasure:
    size, p50 = size * luck.uniform(0.8, 1.2), 1e-4 * size**0.6 * luck.uniform(0.5, 2)
    latency = [
        Latency(
            batch_size=batch, device="cpu", p50_ms=p50 * batch**0.7, p95_ms=p50 * batch**0.7 * 1.4, spread_ms=0.01,
            calls=50, samples_per_s=1000 * batch**0.3 / p50,
        )
        for batch in (1, 64)
    ]  # fmt: skip
    return ArtifactMeasure(
        exporter=name, artifact=artifact, bytes=int(size), gzip_bytes=int(size * 0.8), runtime=f"{name} 1.2, cpu",
        loss=0.5 - accuracy / 3, accuracy=max(0.1, accuracy + luck.normal(0, 0.002)), load_ms=3.0,
        peak_memory_bytes=int(size * 9), latency=latency, operators={"Gemm": 3},
    )  # fmt: skip
