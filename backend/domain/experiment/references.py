"""Finds references to things outside of a spec: fields that the catalog marks, such as `x-run`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import outline
from backend.domain.fields import fields
from backend.domain.path import join

RUN = "x-run"
SAME_DATA = "x-same-data"
CONSTRAINT = "x-constraint"


@dataclass(frozen=True)
class Reference:
    """Another run's model: the one that its stage number `stage` left, counted from 0, or its last one."""

    run_id: str
    stage: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `run` or `run:stage`. Raises ValueError in one sentence."""
        run_id, colon, stage = text.strip().partition(":")
        if colon and not (stage.isascii() and stage.isdigit() and len(stage) < 5):
            raise ValueError(f"names the stage `{stage[:20]}`; write `run:stage`, with stages counted from 0.")
        return cls(run_id, int(stage) if colon else None)


def find_marked(spec: Mapping[str, Any], catalog: Catalog, mark: str) -> Iterator[tuple[str, str]]:
    """Path and text of every field with this mark, in components of any depth; a list gives each of its entries.

    An empty list gives one empty text. `spec` is resolved; a component that the catalog does not know is passed over.
    """
    for field in fields(spec, outline(), catalog):
        if field.schema.get(mark) and isinstance(field.value, list):
            entries = [(join(field.path, index), item) for index, item in enumerate(field.value)]
            yield from entries or [(field.path, "")]
        elif field.schema.get(mark):
            yield field.path, field.value
