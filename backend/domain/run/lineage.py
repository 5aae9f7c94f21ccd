"""Checks that a fork agrees with its parent on their common prefix, and applies the fork's changes to the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment
from backend.domain.path import join, moved, within
from backend.domain.problems import Problem, SpecInvalid
from backend.domain.run.commands import Intervention
from backend.domain.run.live_parameters import knobs, recipe, with_knobs

SHARED = ("dataset", "preparation", "distribution", "storage", "model")
MOST = 20
PAST = "differs from what the parent was trained with: only later stages may differ."


@dataclass(frozen=True)
class Past:
    """Prefix of a fork: `spec` with this seed, up to `step`, through `ended` stages and into the next if `within`.

    `turned` are the live parameters of that stage that were set by then, path -> value; `trains` says whether it was
    training.
    """

    spec: Experiment
    seed: int
    step: int
    ended: int
    within: bool = False
    trains: bool = False
    turned: Mapping[str, Any] | None = None

    def effective(self) -> dict[str, Any]:
        """The spec as it stood at that step: with the knobs where they had been turned to."""
        spec = self.spec.model_dump(mode="json")
        if self.within and self.turned:
            spec["stages"][self.ended] = with_knobs(spec["stages"][self.ended], self.turned)
        return spec

    def live(self, catalog: Catalog) -> dict[str, str]:
        """Live parameters that a fork may set at its start: path in the spec -> path in the recipe."""
        if not self.trains:
            return {}
        stage = self.spec.stages[self.ended]
        holder = join("stages", self.ended, *([name] if (name := recipe(stage)) else []))
        return {moved(knob.path, "", holder): knob.path for knob in knobs(stage, catalog)}


def follow(spec: Experiment, past: Past, catalog: Catalog) -> Experiment:
    """`spec` as the fork executes it: its past is the parent's, and what it changes in the stage that was training
    becomes interventions where it begins. Raises SpecInvalid with every field that cannot be changed any more.
    """
    mine, theirs, live = spec.model_dump(mode="json"), past.effective(), past.live(catalog)
    departed = list(_paths(mine, theirs, past.ended + past.within))
    problems = [_refused(path, past, live) for path in departed if path not in live]
    problems += _unlike_seed(spec, past)
    problems += [
        Problem(path=f"interventions[{index}].step", message=f"is in the past: the fork starts at step {past.step:,}.")
        for index, one in enumerate(spec.interventions)
        if one.step < past.step and one not in past.spec.interventions
    ]
    if problems:
        raise SpecInvalid(problems[:MOST])
    values = {knob.path: knob.value for knob in knobs(spec.stages[past.ended], catalog)} if departed else {}
    turned = [Intervention(step=past.step, path=live[path], value=values[live[path]]) for path in departed]
    return _joined(spec, past, turned)


def _joined(spec: Experiment, past: Past, turned: Sequence[Intervention]) -> Experiment:
    equal = past.ended + past.within
    old = [one for one in past.spec.interventions if one.step < past.step]
    coming = [one for one in spec.interventions if one.step >= past.step]
    stages = [*past.spec.stages[:equal], *spec.stages[equal:]]
    return spec.model_copy(update={"stages": stages, "interventions": [*old, *turned, *coming]})


def _refused(path: str, past: Past, live: Mapping[str, str]) -> Problem:
    """Reason why the field cannot differ, and what to do instead."""
    if not (past.within and within(path, join("stages", past.ended))):
        return Problem(path=path, message=PAST)
    instead = f"fork from the end of stage {past.ended}" if past.ended else "submit this as a new run"
    if not past.trains:
        return Problem(
            path=path, message=f"belongs to a stage that was not training at this checkpoint: to change it, {instead}."
        )
    listed = ", ".join(live) or "none"
    message = f"cannot be changed while its stage trains; {instead}. What can be changed there: {listed}."
    return Problem(path=path, message=message)


def _unlike_seed(spec: Experiment, past: Past) -> list[Problem]:
    if spec.seed in (past.spec.seed, past.seed):
        return []
    message = f"is {spec.seed}; a fork continues with its parent's random seed: write {past.seed}, or leave it out."
    return [Problem(path="seed", message=message)]


def _paths(mine: Mapping[str, Any], theirs: Mapping[str, Any], stages: int) -> Iterator[str]:
    for name in SHARED:
        yield from _differing(mine[name], theirs[name], name)
    if len(mine["stages"]) < stages:
        yield "stages"
        return
    for index in range(stages):
        yield from _differing(mine["stages"][index], theirs["stages"][index], join("stages", index))


def _differing(mine: Any, theirs: Any, path: str) -> Iterator[str]:
    """The fields below `path` that differ; of two components of different kinds only the kind."""
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        if mine.get("kind") != theirs.get("kind"):
            yield join(path, "kind")
            return
        for name in dict.fromkeys([*mine, *theirs]):
            yield from _differing(mine.get(name), theirs.get(name), join(path, name))
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            yield from _differing(one, other, join(path, index))
    elif mine != theirs:
        yield path
