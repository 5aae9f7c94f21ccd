"""Writes out those defaults of a spec that a study varies."""

import copy
from collections.abc import Mapping
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.experiment import experiment
from backend.domain.path import leads, parents, read, write
from backend.domain.problems import SpecInvalid
from backend.domain.study.space import Space


def spelled_out(spec: Mapping[str, Any], space: Space, catalog: Catalog) -> dict[str, Any]:
    """The same spec, in which each part is written that a field of the space belongs to.

    A batch policy that is left out has a size by default; a trial that says the size alone would leave it without its kind.
    """
    written = copy.deepcopy(dict(spec))
    try:
        known = experiment.fill({"name": "a trial", **written}, catalog)
    except SpecInvalid:
        return written  # what is wrong is told where the ends of each field are tried
    for one in space:
        _spell(written, known, one.field)
    return written


def _spell(written: dict[str, Any], known: Mapping[str, Any], field: str) -> None:
    """Write the outermost part on the way to a field that is not there, as it is by default."""
    left_out = next((outer for outer in parents(field) if not leads(written, outer)), None)
    if left_out is not None and leads(known, left_out) and isinstance(read(known, left_out), dict | list):
        write(written, left_out, copy.deepcopy(read(known, left_out)))
