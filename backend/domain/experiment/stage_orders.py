"""Orders: one spec with some of its stages in every order, for runs that share their common start."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from backend.domain.catalog import Catalog
from backend.domain.experiment.compatibility import misfits
from backend.domain.experiment.experiment import Experiment, fill
from backend.domain.problems import Problem, SpecInvalid

MAX_RUNS = 64


class LeftOut(BaseModel):
    """An order that does not fit."""

    name: str = Field(description="The stages in that order, such as `quantize → prune`.")
    reason: str = Field(description="One sentence: what does not fit, and where.")


@dataclass(frozen=True)
class Explored:
    """Orders of the stages. Those that fit come in lexicographic order, so that neighbours share most."""

    specs: list[Experiment]
    left_out: list[LeftOut]


def explore(document: Any, stages: Sequence[int], catalog: Catalog, seeds: int = 1) -> Explored:
    """The spec with the stages at these indexes in every order, at the places where they stand.

    Stages keep what they inherit in the spec's own order, so that every order has the same stages. Raises SpecInvalid
    when there are too many orders, or when none fits.
    """
    canonical = fill(document, catalog)
    chosen = _chosen(canonical["stages"], stages)
    number = _count(chosen) * seeds
    if number > MAX_RUNS:
        raise _wrong(f"would be {number:,} runs; at most {MAX_RUNS} are allowed at once: name fewer stages or seeds.")
    specs, left_out = [], []
    for order in _orders(chosen):
        spec = _reordered(canonical, sorted(stages), order)
        problems = misfits(spec, catalog)
        if problems:
            reason = f"`{problems[0].path}` {problems[0].message}"
            left_out.append(LeftOut(name=title(order), reason=reason))
        else:
            specs.append(Experiment.model_validate(spec))
    if not specs:
        raise _wrong(f"has no valid order; {left_out[0].name}: {left_out[0].reason}")
    return Explored(specs, left_out)


def title(stages: Sequence[Mapping[str, Any]]) -> str:
    """`prune → fold → quantize`; with the method where two stages are of one kind."""
    several = {kind for kind, count in Counter(stage["kind"] for stage in stages).items() if count > 1}
    return " → ".join(_word(stage, stage["kind"] in several) for stage in stages)


def _word(stage: Mapping[str, Any], precisely: bool) -> str:
    method = stage.get("method")
    return f"{stage['kind']} ({method['kind']})" if precisely and isinstance(method, Mapping) else str(stage["kind"])


def find_shared(specs: Sequence[Experiment]) -> list[tuple[int, int] | None]:
    """For each spec the earlier one with which it has most first stages in common, and their number.

    None where the first stage is another one already. So each common beginning has one spec that is the first to have it.
    """
    pipelines = [[_text(stage) for stage in spec.stages] for spec in specs]
    found: list[tuple[int, int] | None] = []
    for index, pipeline in enumerate(pipelines):
        common = [_common(pipeline, other) for other in pipelines[:index]]
        most = max(common, default=0)
        found.append((common.index(most), most) if most else None)
    return found


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def _chosen(stages: Sequence[Mapping[str, Any]], indexes: Sequence[int]) -> list[Mapping[str, Any]]:
    if len(set(indexes)) < max(len(indexes), 2):
        raise _wrong("must name at least two different stages by their indexes, counted from 0.")
    if (beyond := max(indexes)) >= len(stages):
        raise _wrong(f"names stage {beyond}; the spec has the stages 0 to {len(stages) - 1}.")
    return [stages[index] for index in sorted(indexes)]


def _count(chosen: Sequence[Mapping[str, Any]]) -> int:
    """Number of orders; equal stages may change places without notice."""
    equal = Counter(map(_text, chosen))
    return math.factorial(len(chosen)) // math.prod(map(math.factorial, equal.values()))


def _orders(chosen: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Every order once, lexicographically by the place where a stage stood first."""
    if not chosen:
        yield []
    tried = set()
    for index, stage in enumerate(chosen):
        if (text := _text(stage)) not in tried:
            tried.add(text)
            for rest in _orders([*chosen[:index], *chosen[index + 1 :]]):
                yield [stage, *rest]


def _reordered(spec: Mapping[str, Any], places: Sequence[int], order: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    stages = list(spec["stages"])
    for place, stage in zip(places, order, strict=True):
        stages[place] = stage
    return {**spec, "stages": stages, "name": f"{spec['name']} · {title(order)}"[:200]}


def _text(stage: Mapping[str, Any]) -> str:
    return json.dumps(stage, sort_keys=True)


def _wrong(message: str) -> SpecInvalid:
    return SpecInvalid([Problem(path="orders", message=message)])
