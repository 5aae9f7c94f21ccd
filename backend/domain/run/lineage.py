"""Checks that a fork agrees with its parent on their common prefix, and applies the fork's changes to the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.domain.catalog import Catalog
from backend.domain.experiment.experiment import Experiment
from backend.domain.path import join, moved, within
from backend.domain.problems import Problem, SpecInvalid
from backend.domain.run.commands import PlannedCommand
from backend.domain.run.live_parameters import parameters_of, recipe, with_parameters

SHARED = ("dataset", "preparation", "distribution", "storage", "model")
MOST = 20
DIFFERENT = "differs from what the parent was trained with: only later stages may differ."


@dataclass(frozen=True)
class ForkOrigin:
    """Prefix of a fork: `spec` with this seed, up to `step`, through `ended` stages and into the next if `within`.

    `changed` are the live parameters of that stage that were set by then, path -> value; `trains` says whether it was
    training.
    """

    spec: Experiment
    seed: int
    step: int
    ended: int
    within: bool = False
    trains: bool = False
    changed: Mapping[str, Any] | None = None

    def effective(self) -> dict[str, Any]:
        """The spec as it stood at that step: with the live parameters as they had been set."""
        spec = self.spec.model_dump(mode="json")
        if self.within and self.changed:
            spec["stages"][self.ended] = with_parameters(spec["stages"][self.ended], self.changed)
        return spec

    def live(self, catalog: Catalog) -> dict[str, str]:
        """Live parameters that a fork may set at its start: path in the spec -> path in the recipe."""
        if not self.trains:
            return {}
        stage = self.spec.stages[self.ended]
        holder = join("stages", self.ended, *([name] if (name := recipe(stage)) else []))
        return {moved(parameter.path, "", holder): parameter.path for parameter in parameters_of(stage, catalog)}


def follow(spec: Experiment, origin: ForkOrigin, catalog: Catalog) -> Experiment:
    """`spec` as the fork executes it: its prefix is the parent's, and what it changes in the stage that was training
    becomes commands where it begins. Raises SpecInvalid with every field that cannot be changed any more.
    """
    mine, theirs, live = spec.model_dump(mode="json"), origin.effective(), origin.live(catalog)
    departed = list(_paths(mine, theirs, origin.ended + origin.within))
    problems = [_refused(path, origin, live) for path in departed if path not in live]
    problems += _unlike_seed(spec, origin)
    problems += [
        Problem(path=f"commands[{index}].step", message=f"is in the past: the fork starts at step {origin.step:,}.")
        for index, one in enumerate(spec.commands)
        if one.step < origin.step and one not in origin.spec.commands
    ]
    if problems:
        raise SpecInvalid(problems[:MOST])
    values = (
        {parameter.path: parameter.value for parameter in parameters_of(spec.stages[origin.ended], catalog)}
        if departed
        else {}
    )
    changed = [PlannedCommand(step=origin.step, path=live[path], value=values[live[path]]) for path in departed]
    return _joined(spec, origin, changed)


def _joined(spec: Experiment, origin: ForkOrigin, changed: Sequence[PlannedCommand]) -> Experiment:
    equal = origin.ended + origin.within
    old = [one for one in origin.spec.commands if one.step < origin.step]
    coming = [one for one in spec.commands if one.step >= origin.step]
    stages = [*origin.spec.stages[:equal], *spec.stages[equal:]]
    return spec.model_copy(update={"stages": stages, "commands": [*old, *changed, *coming]})


def _refused(path: str, origin: ForkOrigin, live: Mapping[str, str]) -> Problem:
    """Reason why the field cannot differ, and what to do instead."""
    if not (origin.within and within(path, join("stages", origin.ended))):
        return Problem(path=path, message=DIFFERENT)
    instead = f"fork from the end of stage {origin.ended}" if origin.ended else "submit this as a new run"
    if not origin.trains:
        return Problem(
            path=path, message=f"belongs to a stage that was not training at this checkpoint: to change it, {instead}."
        )
    listed = ", ".join(live) or "none"
    message = f"cannot be changed while its stage trains; {instead}. What can be changed there: {listed}."
    return Problem(path=path, message=message)


def _unlike_seed(spec: Experiment, origin: ForkOrigin) -> list[Problem]:
    if spec.seed in (origin.spec.seed, origin.seed):
        return []
    message = f"is {spec.seed}; a fork continues with its parent's random seed: write {origin.seed}, or leave it out."
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
