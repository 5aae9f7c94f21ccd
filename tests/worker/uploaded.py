"""Pictures of our own as somebody's upload, and the specs of runs on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backend.data.check import Options, check
from backend.domain.catalog import Catalog
from backend.domain.experiment.upload_dataset import adapt, find_request
from backend.domain.experiment.upload_facts import Facts
from tests.worker.engine.harness import assignment
from worker.data.array_files import write
from worker.data.sources import Array
from worker.pipe.messages import Assignment

ID = "00000000-0000-4000-8000-000000000000"
DATASET = {"kind": "upload", "id": ID}
CLASSES = 3


def upload(data_dir: Path, samples: int, side: int) -> Facts:
    """Pictures [samples, side, side, 3] of noise, brighter in one channel, which is their class; sent as two arrays."""
    folder = data_dir / "uploads" / ID
    folder.mkdir(parents=True)
    luck = np.random.default_rng(0)
    targets = np.arange(samples) % CLASSES

    def pictures() -> Iterator[Array]:
        for start in range(0, samples, 100):
            block = luck.integers(0, 192, (min(100, samples - start), side, side, 3), dtype=np.uint8)
            block[np.arange(len(block)), :, :, targets[start : start + 100]] += 63
            yield block

    with (folder / "inputs").open("wb", buffering=0) as file:
        write(file, pictures())
    with (folder / "targets").open("wb") as file:
        np.save(file, targets)
    return check(folder, Options())


def on_upload(spec: dict[str, Any], facts: Facts, catalog: Catalog, **more: Any) -> Assignment:
    """Task that a worker would get for `spec` with the upload as its data."""
    document = {"dataset": DATASET, **spec}
    request = find_request(document, catalog)
    assert request is not None
    return assignment(document, adapt(catalog, request, facts), **more)
