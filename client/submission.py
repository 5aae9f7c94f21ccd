"""Submits a spec; holds the runs that were created from it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from client.errors import LatheError
from client.runs.run import Run
from client.spec import Spec, document
from client.wire.connection import Wire
from client.wire.models import ExperimentCreated, LeftOut, SpecChecked

Variants = Mapping[str, Mapping[str, Any]]
"""Name -> path of a field -> its new value: `{"SGD": {"stages[0].optimizer": {"kind": "sgd"}}}`."""


@dataclass(frozen=True)
class Submission:
    """Runs that were created from a spec, in order: `for run in submission: …`. `id` names the experiment or the group."""

    id: str
    runs: list[Run]
    left_out: list[LeftOut]
    notes: list[str]  # on older words of the spec

    @property
    def run(self) -> Run:
        """The only run. Raises LatheError when there are several."""
        if len(self.runs) != 1:
            raise LatheError("SeveralRuns", f"The spec created {len(self.runs)} runs: use `runs`.")
        return self.runs[0]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)


def check(wire: Wire, spec: Spec) -> SpecChecked:
    return SpecChecked.model_validate(wire.post("/api/specs/check", {"spec": document(spec)}))


def submit(
    wire: Wire,
    spec: Spec,
    seeds: Sequence[int] | None,
    variants: Variants | None,
    orders: Sequence[int] | None,
    key: str | None,
) -> Submission:
    body: dict[str, Any] = {"spec": document(spec)}
    if seeds is not None:
        body["seeds"] = list(seeds)
    if variants is not None:
        body["variants"] = [{"name": name, "changes": dict(changes)} for name, changes in variants.items()]
    if orders is not None:
        body["orders"] = list(orders)
    made = ExperimentCreated.model_validate(wire.post("/api/experiments", body, key or str(uuid.uuid4())))
    return Submission(made.id, [Run(wire, run.id) for run in made.runs], made.left_out, made.notes)
