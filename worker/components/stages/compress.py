"""Prune, recover, fold and quantize in one."""

import copy
from collections.abc import Sequence
from typing import Any, Self

from pydantic import model_validator

from backend.domain.constraint_tree import comparisons, shortfall
from backend.domain.constraints import ConstraintWrong, parse
from backend.domain.measures import field_of, format_value
from worker.compression.recovery import recovering
from worker.compression.target_search import STARTS, STEPS, Choice, Goal, PatternSearch, Tried
from worker.contracts.component import Mark, hyperparameter
from worker.contracts.families.fusions import Fusion
from worker.contracts.families.pruners import Pruner
from worker.contracts.families.quantizers import Quantizer
from worker.contracts.families.stages import Stage
from worker.contracts.phases import Phase, Transform, TrialContext
from worker.contracts.recovery import Recovery
from worker.contracts.subject import Subject

LONGEST = 24  # characters of a target on the timeline
QUALITY = ("accuracy", "loss", "r2", "mae")


class Compress(Stage):
    """Prunes, recovers, folds and quantizes in one; with a target it searches for the amount of pruning.

    Without a target everything is done once, in this order. With one the share that is pruned, and whether to quantize,
    are searched: each try compresses a copy, trains it by `recover`, writes the real file and measures it with its own
    runtime in a clean process, its quality on the validation split. Of the tries that meet the target the stage leaves
    the one with least of what is minimized; of equals the one with most zeros. When none meets it the model stays as it
    came, and the log tells the nearest miss. A pruner without a share is tried as it is. Masked
    weights shrink a file only under gzip: minimize `gzip_bytes`, or remove channels.

    A search whose target names no time is repeated exactly by a run that is killed and resumed; times vary. Training
    within tries is neither drawn nor counted as steps.
    """

    formula = "min cost(θ') subject to target(θ'), θ' = quantize(fold(recover(prune(θ, s)))) over s ∈ [0, 1)"
    reference = "Han, Mao, Dally: Deep Compression (2016), arXiv:1510.00149; Hooke, Jeeves: “Direct Search” (1961)"
    needs = ("float",)

    prune: Pruner | None = hyperparameter(
        {"kind": Pruner.default_kind},
        validate_default=True,
        description="Pruning method; null leaves pruning out. With a target its share is searched.",
    )
    recover: Recovery | None = hyperparameter(None, description="Training after the pruning; null leaves it out.")
    fold: list[Fusion] = hyperparameter([], max_length=8, description="Layers to merge, in this order.")
    quantize: Quantizer | None = hyperparameter(
        {"kind": Quantizer.default_kind},
        validate_default=True,
        description="Quantization method; null leaves quantization out. With a target it is left out where that is "
        "better.",
    )
    target: str = hyperparameter(
        "",
        max_length=500,
        marks=Mark.CONSTRAINT,
        description="Condition for the model, such as `accuracy >= 96% and p95_ms@1 <= 1ms`; empty: no search.",
    )
    minimize: str = hyperparameter(
        "bytes",
        max_length=60,
        marks=Mark.MEASURE,
        description="With a target: the measure that the best model has least of.",
    )
    budget: int = hyperparameter(
        20, ge=1, le=200, unit="tries", description="With a target: the largest number of models to make and measure."
    )

    @model_validator(mode="after")
    def _is_read(self) -> Self:
        try:
            parse(self.target)
        except ConstraintWrong as error:
            raise ValueError(f"`target` {error}") from error
        if field_of(self.minimize) is None:
            raise ValueError(f"`minimize` names `{self.minimize}`, which is not a measure.")
        return self

    def phases(self) -> Sequence[Phase]:
        if not self.target.strip():
            return self._steps(self.prune, self.quantize)
        return [Transform(self._search, self.recover)]

    def label(self) -> str:
        if target := self.target.strip():
            return f"compress: {target if len(target) <= LONGEST else f'{target[: LONGEST - 1]}…'}"
        parts = [part.label() for part in (self.prune, *self.fold, self.quantize) if part]
        return f"compress: {', '.join(parts)}" if parts else "compress"

    def _steps(self, pruner: Pruner | None, quantizer: Quantizer | None) -> list[Phase]:
        """Phases of the compression, in order."""
        pruning = list(pruner.phases()) if pruner else []
        folding = [Transform(folder.fold) for folder in self.fold]
        quantizing = [Transform(quantizer.quantize)] if quantizer else []
        along = quantizer.callback() if quantizer else None
        if along:  # what trains acts quantized
            return [*pruning, *folding, *recovering(quantizing, self.recover, along)]
        return [*recovering(pruning, self.recover), *folding, *quantizing]

    def _search(self, subject: Subject, context: TrialContext) -> Subject:
        target, minimize = parse(self.target), field_of(self.minimize)
        assert target is not None and minimize is not None
        tries = _Tries(self, Goal(target, minimize), subject, context)
        return tries.run()

    @property
    def share(self) -> str:
        """Name of the pruner's field that is searched; empty when there is none."""
        return self.prune.share_field if self.prune else ""

    def steps(self, choice: Choice) -> list[Phase]:
        """Phases of the compression at this choice, in order."""
        pruner = self.prune if choice.amount else None
        if pruner and self.share:
            pruner = pruner.at(choice.amount)
        return self._steps(pruner, self.quantize if choice.quantized else None)


class _Tries:
    """The search of one stage: what is tried, and what is told of it."""

    def __init__(self, stage: Compress, goal: Goal, subject: Subject, context: TrialContext) -> None:
        self.stage, self.goal, self.subject, self.context = stage, goal, subject, context
        self.tried: list[Tried] = []
        self.best: Tried | None = None
        self.compressed = subject  # by the best

    def run(self) -> Subject:
        """The best model that meets the target, or the one that came in."""
        best = PatternSearch(self._try, self.stage.budget).run(*self._space())
        if best.refusal:
            raise ValueError(f"None of {len(self.tried)} models could be made: {best.refusal}")
        self._show(best if best.meets else None)
        self._log(best)
        return self.compressed if best.meets else self.subject

    def _space(self) -> tuple[list[Choice], Sequence[float], Sequence[bool]]:
        """Search space: the starting points, the steps, and the choices of quantizing."""
        amounts: Sequence[float]
        steps: Sequence[float]
        quantized = [True, False] if self.stage.quantize else [False]
        if self.stage.share:
            amounts, steps = STARTS, STEPS
        else:
            amounts, steps = (0.0, 1.0) if self.stage.prune else (0.0,), (0.0,)
        return [Choice(amount, quantized[0]) for amount in amounts], steps, quantized

    def _try(self, choice: Choice) -> Tried:
        candidate = copy.deepcopy(self.subject)
        try:
            candidate = self._applied(self.stage.steps(choice), candidate)
            tried = self.goal.judge(choice, self.context.measure(candidate, self.goal.fields()))
        except ValueError as refusal:
            tried = self.goal.judge(choice, {}, str(refusal))
        self.tried.append(tried)
        if self.best is None or tried.rank < self.best.rank:
            self.best, self.compressed = tried, candidate
        self._show(None)
        return tried

    def _applied(self, phases: Sequence[Phase], candidate: Subject) -> Subject:
        aside = self.context.aside()
        for phase in phases:
            if isinstance(phase, Transform):
                candidate = phase.apply(candidate, aside)
            else:
                aside.train(candidate, phase)
        return candidate

    def _show(self, chosen: Tried | None) -> None:
        """Shows the values tried so far, against the first comparison of the target."""
        first = next(comparisons(self.goal.target))
        words = first.field.replace("_", " ")
        body = {
            "parameter": self.stage.share or "pruned",
            "unit": "",
            "measured": f"{words} on the validation split" if first.field in QUALITY else words,
            "bound": first.target,
            "evaluations": [self._shown(tried, first.field, chosen) for tried in self.tried],
            "chosen": chosen.choice.amount if chosen else None,
            "budget": self.stage.budget,
        }
        self.context.show("search", body)

    def _shown(self, tried: Tried, field: str, chosen: Tried | None) -> dict[str, Any]:
        return {
            "value": tried.choice.amount,
            "measured": tried.values.get(field),
            "meets": tried.meets,
            "note": self._called(tried.choice) + (", busy machine" if self.goal.disturbed(tried) else ""),
            "kept": tried is chosen,
        }

    def _called(self, choice: Choice) -> str:
        """The choice in words: `sparsity 0.875, static int8`."""
        pruner, share = self.stage.prune, self.stage.share
        pruned = "unpruned" if not choice.amount else f"{share} {choice.amount:.4g}" if share else ""
        if not pruned and pruner:
            pruned = pruner.label()
        quantized = self.stage.quantize.label() if self.stage.quantize and choice.quantized else "not quantized"
        return f"{pruned}, {quantized}"

    def _log(self, best: Tried) -> None:
        met, number = sum(tried.meets for tried in self.tried), len(self.tried)
        spent = f"{number} of at most {self.stage.budget} models were tried"
        if disturbed := sum(map(self.goal.disturbed, self.tried)):
            spent += f", {disturbed} of them timed while the machine was busy with other work"
        if best.meets:
            least = best.values.get(self.goal.minimize)
            minimized = "was not measured" if least is None else f"is {format_value(self.goal.minimize, least)}"
            self.context.log(
                f"{spent}; {met} of them meet the target. The stage keeps the one with {self._called(best.choice)}: its "
                f"{self.goal.minimize} {minimized}."
            )
        else:
            missed = shortfall(self.goal.target, best.values).replace("`", "")
            self.context.log(
                f"{spent}; none meets the target, so the model stays unchanged. The nearest is the one with "
                f"{self._called(best.choice)}: {missed}.",
                "warning",
            )
