"""The models of other runs that a run is given with its assignment."""

from collections.abc import Mapping
from typing import Any

from backend.spec.references import RUN, marked
from backend.store import sources, workers
from backend.store.session import Store
from worker.messages import Checkpoint, Source


def of(store: Store, spec: Mapping[str, Any]) -> dict[str, Source]:
    """Every model that the spec names, by the name that it gives it.

    Raises SourceMissing in one sentence when one is gone since the spec was checked.
    """
    with store.read() as session:
        named = list(marked(spec, workers.catalog(session), RUN))
        try:
            return {text: _source(sources.find(session, text)) for _, text in named}
        except sources.SourceMissing as error:
            raise sources.SourceMissing(f"The spec {error}") from error


def _source(found: sources.Found) -> Source:
    file, run = found.checkpoint, found.run
    checkpoint = Checkpoint(file.id, file.path, file.sha256, file.bytes, file.stage, file.step, 0.0)
    spec = run.spec
    return Source(checkpoint, run.experiment.name, run.seed, spec["dataset"], spec["preparation"])
