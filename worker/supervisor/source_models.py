"""Finds the models of other runs for a run's assignment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.domain.experiment.references import RUN, find_marked
from backend.store import files, sources, workers
from backend.store.session import Store
from worker.pipe.messages import Checkpoint, Source


def of(store: Store, data_dir: Path, spec: Mapping[str, Any]) -> dict[str, Source]:
    """Every model that the spec names, by the name that it gives it.

    Raises SourceMissing in one sentence when one is gone or damaged since the spec was checked.
    """
    with store.read() as session:
        named = list(find_marked(spec, workers.catalog(session), RUN))
        try:
            found = {text: sources.find(session, text) for _, text in named}
        except sources.SourceMissing as error:
            raise sources.SourceMissing(f"The spec {error}") from error
    for one in found.values():
        if damage := files.examine(store, data_dir, one.checkpoint):
            model = f"The model of “{one.run.experiment.name}” after stage {one.checkpoint.stage}"
            raise sources.SourceMissing(f"{model} {damage}. Run it again, or name another run.")
    return {text: _source(one) for text, one in found.items()}


def _source(found: sources.Found) -> Source:
    file, run = found.checkpoint, found.run
    checkpoint = Checkpoint(file.id, file.path, file.sha256, file.bytes, file.stage, file.step, 0.0)
    spec = run.spec
    return Source(checkpoint, run.experiment.name, run.seed, spec["dataset"], spec["preparation"])
