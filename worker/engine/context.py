"""The context of a phase, as stages see it."""

import copy
import hashlib
import io
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from backend.domain.run.events import EventKind
from worker.contracts.families.losses import Loss
from worker.contracts.families.models import Model
from worker.contracts.phases import Training
from worker.contracts.subject import Origin, Subject
from worker.engine import seed
from worker.engine.checkpoints.checkpoint import load_model
from worker.engine.environment import RunEnvironment
from worker.engine.evaluate import evaluate
from worker.engine.training.mean import recalibrate
from worker.engine.trial import Trials
from worker.pipe.messages import Happened, Source

Show = Callable[[Mapping[str, dict[str, Any]]], None]


class RunContext:
    """A `worker.contracts.phases.TrialContext` of `run`, whose model is of `origin` by now. `show` sends summaries; the tick of
    `trials` is called while evaluating."""

    def __init__(self, run: RunEnvironment, origin: Origin, loss: Loss, show: Show, trials: Trials) -> None:
        self._run, self._origin, self._loss = run, origin, loss
        self._show, self._trials = show, trials
        self._tick, self._heard = trials.tick, True

    def source(self, name: str, same_data: bool = False) -> Subject:
        source = self._run.assignment.sources.get(name)
        if source is None:
            raise ValueError(f"No run called `{name}` was found when this one started: name an existing run.")
        if same_data:
            self._check_data(source)
        self._warn_of_a_leak(source)
        return open_model(source, self._run.settings.data_dir, self._run.device)

    def fresh(self) -> nn.Module:
        return self._run.build(self._origin).module.to(self._run.device)

    def reinitialize(self, model: Model | None = None) -> Subject:
        spec = self._origin.model if model is None else model.model_dump(mode="json")
        subject = self._run.build(replace(self._origin, model=spec, stage=self._run.reporter.stage))
        subject.module.to(self._run.device)
        return subject

    def generator(self, stream: str) -> torch.Generator:
        return seed.generator(self._run.seed, stream, self._run.reporter.stage)

    def batches(self, count: int, size: int = 128) -> Iterator[tuple[Tensor, Tensor]]:
        train = self._run.data.train
        chosen = torch.linspace(0, len(train) - 1, min(len(train), count * size)).long()
        for index in torch.split(chosen, size):
            self._tick()
            yield train.batch(index)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self._loss.loss(outputs, targets)

    def validate(self, module: nn.Module) -> Mapping[str, float]:
        return evaluate(module, self._run.data.validation, self._loss, self._run.data, self._tick)

    def quality(self, module: nn.Module) -> float:
        found = self.validate(module)
        return found["accuracy"] if "accuracy" in found else found["r2"]

    def recalibrate(self, module: nn.Module) -> None:
        recalibrate(module, self._run.data.train)

    def train(self, subject: Subject, training: Training) -> None:
        if training.callback:
            training.callback.start(subject, self.aside())
        self._trials.train(subject, training)

    def measure(self, subject: Subject, fields: Collection[str]) -> Mapping[str, float]:
        return self._trials.measure(subject, fields)

    def aside(self) -> "RunContext":
        other = copy.copy(self)
        other._heard = False
        return other

    def observe(self, metrics: Mapping[str, float]) -> None:
        if self._heard:
            self._run.reporter.report_observation(dict(metrics))

    def log(self, text: str, level: str = "info") -> None:
        if self._heard:
            self._run.link.send(Happened(EventKind.LOG, {"level": level, "text": text}))

    def show(self, kind: str, body: dict[str, Any]) -> None:
        if self._heard:
            self._show({kind: body})

    def _check_data(self, source: Source) -> None:
        for what, theirs in (("dataset", source.dataset), ("preparation", source.preparation)):
            if theirs != self._run.assignment.spec[what]:
                raise ValueError(
                    f"“{source.name}” was trained with another {what} ({_words(theirs)}) than this run's "
                    f"({_words(self._run.assignment.spec[what])}): name a run that was trained with the same."
                )

    def _warn_of_a_leak(self, source: Source) -> None:
        """Warns of a leak: splits depend on the run's seed, so another seed may have trained on this run's test samples."""
        if source.dataset == self._run.assignment.spec["dataset"] and source.seed != self._run.seed:
            self.log(
                f"“{source.name}” split the same data with seed {source.seed}, this run with {self._run.seed}: "
                "it may have trained on samples that this run is tested on. Use equal seeds to make the figures comparable.",
                "warning",
            )


def _words(component: Mapping[str, Any]) -> str:
    """`digits`, with what was said of it: `upload, id: 7`."""
    kind, *rest = component.items()
    return ", ".join([str(kind[1]), *(f"{name}: {value}" for name, value in rest)])


def open_model(source: Source, data_dir: Path, device: str) -> Subject:
    """The model of a checkpoint whose bytes are those that were registered. Otherwise raises ValueError in one sentence."""
    written = source.checkpoint
    model = f"The model of “{source.name}” after stage {written.stage}"
    try:
        content = (data_dir / written.path).read_bytes()
    except OSError as error:
        raise ValueError(f"{model} cannot be read ({error.strerror}): run it again, or name another run.") from error
    if hashlib.sha256(content).hexdigest() != written.sha256:
        raise ValueError(f"{model} is damaged, its hash differs from the registered one: run it again.")
    try:
        return load_model(io.BytesIO(content), device)
    except ValueError as error:
        raise ValueError(f"{model} cannot be opened: {str(error).rstrip('.')}. Run it again.") from error
