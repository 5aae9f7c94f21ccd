"""A wide search for numbers that are not true: data of any kind through short pipelines, `DRAWS` of them."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.domain.catalog import Catalog
from backend.domain.experiment.upload_dataset import adapt, find_request
from backend.domain.experiment.upload_facts import Facts
from backend.domain.problems import SpecInvalid
from backend.domain.run.states import RunState
from backend.domain.settings import Settings
from tests.backend.data.making import checked
from tests.worker.components.registry import make
from tests.worker.engine.harness import MemoryLink, assignment, run, settings_for
from tests.worker.truth import recompute
from tests.worker.truth.draws import Sent, draw_data, draw_specs
from tests.worker.truth.recompute import Array, Rows
from worker.data.tensors import Samples
from worker.pipe.messages import Assignment, StageDone

pytestmark = pytest.mark.usefixtures("processes")

DRAWS = int(os.environ.get("DRAWS", "40"))
UPLOAD = "00000000-0000-4000-8000-000000000000"
MOST_REFUSED = 4  # specs of one draw: some quantizers refuse a model that is small, or whose loss is not a number
EXACT = 1e-5  # relative: the file's own outputs, summed in another order


@dataclass(frozen=True, eq=False)
class Executed:
    """A run, and the rows of its splits as they were sent."""

    title: str
    splits: dict[str, Rows]
    link: MemoryLink
    folder: Path

    def wrong(self) -> list[str]:
        """Each number that is shown of a stage and is not true of its file."""
        return [fault for done in self.link.done() for fault in self._wrong_of(done)]

    def _wrong_of(self, done: StageDone) -> Iterator[str]:
        file, measure = self.folder / done.files[0].path, done.result.measures[0]
        shown = {"test": measure.model_dump(), "validation": done.result.validation}
        for split, figures in shown.items():
            true = recompute.scores(file, self.splits[split], self.splits["train"])
            for name, value in true.items():
                if not _close(name, figures[name], value):
                    yield f"{done.result.kind}: {split}/{name} is {value}, shown is {figures[name]}"
        for name, size in recompute.sizes(file).items():
            if shown["test"][name] != size:
                yield f"{done.result.kind}: {name} is {size}, shown is {shown['test'][name]}"


def _close(name: str, shown: float, true: float) -> bool:
    """All but the mean error have no unit."""
    return bool(np.isclose(shown, true, rtol=EXACT, atol=0 if name == "mae" else EXACT))


def executed(number: int, catalog: Catalog, folder: Path) -> Executed:
    """The run of draw `number`, by files in `folder`."""
    sent = draw_data(number)
    facts = checked(folder / "uploads" / UPLOAD, sent.files)
    dataset = {"kind": "upload", "id": UPLOAD, "task": sent.task}
    work, link = succeeded(assignments(number, dataset, facts, catalog), settings_for(folder))
    corpus = make("datasets", **work.spec["dataset"]).load(folder / "datasets" / "upload", number)  # type: ignore[attr-defined]
    splits = {name: _rows(sent, getattr(corpus, name)) for name in ("train", "validation", "test")}
    title = f"{sent.inputs.dtype} {sent.inputs.shape}, {sent.task}, {json.dumps(work.spec)}"
    return Executed(title, splits, link, folder)


def assignments(number: int, dataset: dict[str, Any], facts: Facts, catalog: Catalog) -> Iterator[Assignment]:
    """Specs of draw `number` whose components suit each other and the data."""
    for spec in draw_specs(number, dataset, catalog):
        request = find_request(spec, catalog)
        assert request is not None
        with suppress(SpecInvalid):
            yield assignment(spec, adapt(catalog, request, facts), seed=number)


def succeeded(works: Iterator[Assignment], settings: Settings) -> tuple[Assignment, MemoryLink]:
    """The first of `works` that is not refused in a sentence; nearly all of them are carried out."""
    for work in islice(works, MOST_REFUSED):
        link = run(work, settings)
        if link.finished.state is RunState.SUCCEEDED:
            return work, link
        assert "nexpected" not in (link.finished.error or "nexpected"), f"{work.spec}: {link.finished.error}"
    raise AssertionError(f"{MOST_REFUSED} specs were refused one after the other")


def _rows(sent: Sent, samples: Samples) -> Rows:
    """The samples of a split as they were sent. KeyError when one was read as other numbers, in whatever order."""
    places = {_content(row): place for place, row in enumerate(sent.inputs)}
    assert len(places) == len(sent.inputs)
    rows = [places[_content(row)] for row in samples.inputs]
    targets = sent.targets if sent.task == "regression" else np.unique(sent.targets, return_inverse=True)[1]
    return Rows(sent.inputs[rows], targets[rows])


def _content(row: Array) -> bytes:
    """Numbers of a sample, whatever its layout and type."""
    return np.sort(row.ravel().astype(np.float64)).tobytes()


@pytest.mark.parametrize("number", range(DRAWS))
def test_every_number_is_that_of_the_file_on_the_rows_as_they_were_sent(
    number: int, catalog: Catalog, tmp_path: Path
) -> None:
    ran = executed(number, catalog, tmp_path)
    assert ran.link.done() and not (wrong := ran.wrong()), f"{ran.title}: {wrong}"
