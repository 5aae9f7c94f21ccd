"""The answer to a question about measured models of one data set, as a table and in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backend.api.schemas.tradeoffs import DatasetChoice, TradeoffPoint, Tradeoffs
from backend.charts.artifacts import Artifacts
from backend.charts.choice import Choice
from backend.charts.measures import UNKNOWN
from backend.charts.scope import ANY, Scope, names_of
from backend.domain.constraint_tree import Constraint, bounds, shortfall
from backend.domain.intervals import wilson
from backend.domain.measures import QUALITIES, format_value, measure_of
from backend.domain.run.results import Interval


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer to the question of `scope`, of which `choice` was made."""

    scope: Scope
    choice: Choice

    @property
    def found(self) -> Artifacts:
        return self.scope.found

    @property
    def constraint(self) -> Constraint | None:
        return self.scope.options.where

    def to_response(self) -> Tradeoffs:
        found, choice, files = self.found, self.choice, self.found.files
        places = self._best_first()
        shown, answers = set(places), self._bounded
        return Tradeoffs(
            points=[self._row(*one) for one in zip(places, found.values(places), strict=True)],
            total=len(choice.candidates),
            qualifying=[files[index].artifact for index in choice.meeting.tolist() if answers and index in shown],
            nearest=[files[index].artifact for index in choice.near.tolist() if answers],
            sentence=self._sentence(),
            dataset=self.scope.dataset,
            datasets=[DatasetChoice(key=key, title=title) for key, title in self.scope.titles],
            machine=self.scope.machine if self.scope.machines else "",
            machines=list(self.scope.machines),
            models=list(self.scope.models),
            samples=self.found.samples,
            note=self._note(),
            offer="" if answers or not len(choice.able) else self._bound,
            fields={name: measure_of(name).unit for name in sorted({*found.measured, choice.quality, "bytes"})},
            quality=choice.quality,
            qualities=[name for name in QUALITIES if name in found.measured] or [choice.quality],
            formats=found.formats,
            devices=found.devices,
        )

    def _best_first(self) -> list[int]:
        """Artifacts to show: the best of those whose goal was measured, then the others."""
        able = self.choice.able[np.isin(self.choice.able, self.choice.shown)]
        return [*able.tolist(), *np.setdiff1d(self.choice.shown, able).tolist()]

    def _row(self, index: int, values: dict[str, float]) -> TradeoffPoint:
        run, file = self.found.run(index), self.found.files[index]
        return TradeoffPoint(
            run_id=run.id,
            run_name=run.name,
            seed=run.seed,
            stage=file.stage,
            label=file.label,
            exporter=file.exporter,
            artifact=file.artifact,
            runtime=file.runtime,
            devices=list(file.devices),
            values=values,
            front=bool(self.choice.front[index]),
            samples=file.samples,
            interval=_interval(values.get("accuracy"), file.samples),
            preparation=run.preparation,
            machine=file.machine,
        )

    @cached_property
    def _bounded(self) -> bool:
        """Returns whether the question bounds the quality, or asks for the best quality."""
        constraint, goal = self.constraint, self.choice.goal
        return goal in QUALITIES or (
            constraint is not None
            and any(bounds(constraint, quality, measure_of(quality).larger_is_better) for quality in QUALITIES)
        )

    # ---- in words

    def _sentence(self) -> str:
        choice = self.choice
        if not len(choice.candidates):
            return "Nothing has been measured yet."
        if not len(choice.able):
            return f"{self._about} no model has a measured `{choice.goal}`."
        if not self._bounded:
            return self._question()
        if len(choice.meeting):
            return self._best()
        assert self.constraint is not None
        index = int(choice.near[0])
        (values,) = self.found.values([index])
        named = names_of(self.found, index, dict(self.scope.options.uploads))
        called = {field: names.__contains__ for field, names in named.items()}
        missed = f"{self._called(index)}: {shortfall(self.constraint, {**values, **called})}."
        return f"{self._about} none of {len(choice.able)} measured models meets it. The nearest is {missed}"

    @property
    def _about(self) -> str:
        """`On digits (test split, n = 360), timed on AMD EPYC, 2 cores:`"""
        sizes = " or ".join(f"{size:,}" for size in self.found.samples)
        data = {ANY: "every data set", **dict(self.scope.titles)}.get(self.scope.dataset, self.scope.dataset)
        timed = f", timed on {self.scope.machine}" if self.scope.machine not in (ANY, UNKNOWN) else ""
        return f"On {data} (test split, n {f'= {sizes}' if sizes else 'unknown'}){timed}:"

    def _question(self) -> str:
        """Sentence that asks for a bound on quality: without one, the smallest model may have learnt nothing."""
        able, quality = len(self.choice.able), self.choice.quality
        measured = "1 model was measured" if able == 1 else f"{able} models were measured"
        return (
            f"{self._about} {measured}. Which one is best depends on how good it must be: bound `{quality}`, such as "
            f"`{self._bound}`, {'a point' if measure_of(quality).unit == 'share' else 'a hundredth'} below the best."
        )

    def _best(self) -> str:
        choice, goal = self.choice, self.choice.goal
        index, number, total = int(choice.meeting[0]), len(choice.meeting), len(choice.able)
        meets = f"{number} of {total} measured models {'meets' if number == 1 else 'meet'} it"
        if self.constraint is None:
            meets = "1 model was measured" if number == 1 else f"{number} models were measured"
        most = "most" if measure_of(goal).larger_is_better else "least"
        (values,) = self.found.values([index])
        return (
            f"{self._about} {meets}. The one with {most} `{goal}` is {self._called(index)}: "
            f"{format_value(goal, values[goal])} at {self._quality(index, values)}."
        )

    def _quality(self, index: int, values: Mapping[str, float]) -> str:
        """`an accuracy of 97.22% (95% interval 94.96% to 98.49%)`"""
        quality, samples = self.choice.quality, self.found.files[index].samples
        text = f"{QUALITIES[quality]} of {format_value(quality, values[quality])}"
        if quality != "accuracy" or not samples:
            return f"{text} (its interval is unknown)"
        low, high = (format_value(quality, end) for end in wilson(values[quality], samples))
        return f"{text} (95% interval {low} to {high})"

    def _called(self, index: int) -> str:
        run, file = self.found.run(index), self.found.files[index]
        return f"“{run.name}”, seed {run.seed}, after {file.label} ({file.exporter.replace('_', ' ')})"

    @cached_property
    def _bound(self) -> str:
        """Proposed bound, a little below the best: by a point for shares, by a hundredth for others."""
        quality = self.choice.quality
        column = self.found.column(quality)[self.choice.candidates]
        if measure_of(quality).unit == "share":
            return f"{quality} >= {max(0, math.floor(1000 * (float(column.max()) - 0.01))) / 10:g}%"
        if measure_of(quality).larger_is_better:
            return f"{quality} >= {max(0.0, float(column.max()) - 0.01):.4g}"
        return f"{quality} <= {1.01 * float(column.min()):.4g}"

    def _note(self) -> str:
        """Preparations and sizes of the test split, where the models do not share them; and what another scope adds."""
        having = np.unique(self.found.owner).tolist()
        preparations = sorted({self.found.runs[place].preparation.replace("_", " ") for place in having})
        sentences = [f"prepared the data differently ({', '.join(preparations)})"] if len(preparations) > 1 else []
        if len(self.found.samples) > 1:
            sentences.append("were judged on test splits of different sizes")
        notes = [f"These models {' and '.join(sentences)}."] if sentences else []
        if number := self.scope.elsewhere:
            more = "1 more model was" if number == 1 else f"{number} more models were"
            notes.append(f"{more} timed on another machine: the machine `any` compares all.")
        return " ".join(notes)


def _interval(accuracy: float | None, samples: int | None) -> Interval | None:
    if accuracy is None or not samples:
        return None
    low, high = wilson(accuracy, samples)
    return Interval(low=low, high=high)
