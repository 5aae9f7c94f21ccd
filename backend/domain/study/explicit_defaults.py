"""Writes out those defaults of a spec that a study varies."""

import copy
from collections.abc import Mapping
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.experiment import experiment
from backend.domain.experiment.variants import PART
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
        _spell(written, known, [int(index) if index else name for index, name in PART.findall(one.field)])
    return written


def _spell(written: Any, known: Any, keys: list[int | str]) -> None:
    """Write the outermost part on the way to a field that is not there, as it is by default."""
    for key in keys[:-1]:
        if not _holds(known, key):
            return
        known = known[key]
        if not _holds(written, key):
            if isinstance(written, dict) and isinstance(known, dict | list):
                written[key] = copy.deepcopy(known)
            return
        if isinstance(written[key], str) and isinstance(known, Mapping):
            written[key] = {"kind": written[key]}  # a component in short
        written = written[key]


def _holds(place: Any, key: int | str) -> bool:
    if isinstance(place, list):
        return isinstance(key, int) and key < len(place)
    return isinstance(place, Mapping) and key in place
