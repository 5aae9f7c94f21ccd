"""Probes the model while it trains: records layer statistics and reports diagnostics."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from backend.domain.experiment.experiment import Diagnosis as Plan
from worker.data.tensors import Data
from worker.engine.diagnostics import histograms
from worker.engine.diagnostics.checks import Diagnostic, Epoch, History
from worker.engine.diagnostics.layer_statistics import LayerProbe
from worker.engine.reporter import Reporter

NOISE_PROBES = 8  # looks from one at the gradient's noise to the next


class Diagnosis:
    """Looks at every so many steps of a run; in between it costs one comparison a step. `start` starts each phase."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._history = History(guess=math.inf)
        self._probe: LayerProbe | None = None

    @classmethod
    def off(cls) -> "Diagnosis":
        return cls(Plan(every=0))

    def start(self, module: nn.Module, data: Data) -> None:
        """Starts a training phase of `module` with an empty history."""
        self._probe = LayerProbe(module)
        self._history = History(guess(data))

    def due(self, step: int) -> bool:
        """Returns whether `step` of the run is probed."""
        return self._plan.every > 0 and step % self._plan.every == 0

    @contextmanager
    def watching(
        self, optimizer: torch.optim.Optimizer, reporter: Reporter, noise: Callable[[], float]
    ) -> Iterator[None]:
        """Look at the one step that the block takes; what is seen goes to `reporter`. `noise` tells the noise scale of the
        step's gradient before it, which costs as much as a step: it is asked at some looks. NaN tells nothing."""
        assert self._probe is not None
        if (reporter.step + 1) // self._plan.every % NOISE_PROBES == 1:
            scale = noise()
            if math.isfinite(scale):
                reporter.report_observation({"gradient_noise": scale})
        with self._probe.watching(optimizer) as statistics:
            yield
        metrics = statistics.metrics()
        reporter.report_observation(metrics)
        step = reporter.step + 1
        self._report(self._history.add_probe(metrics), step, reporter)
        if self._draws(step):
            body = histograms.histograms(self._probe.layers, statistics.gradients)
            reporter.show("histograms", step, body)

    def finish_epoch(self, validation: float, reporter: Reporter) -> None:
        """Records the end of an epoch with this validation loss."""
        epoch = Epoch(reporter.epoch_loss(), validation)
        self._report(self._history.add_epoch(epoch), reporter.step, reporter)

    def report_failure(self, sentence: str, reporter: Reporter) -> None:
        """Records that the loss is no longer a number; `sentence` is the error of the run."""
        text, _, remedy = sentence.partition(". ")
        self._report(self._history.fail(Diagnostic("divergence", text, remedy)), reporter.step, reporter)

    def state(self, reporter: Reporter) -> dict[str, Any]:
        """State of the phase's diagnosis, for a checkpoint."""
        return {**self._history.state(), "losses": reporter.epoch_losses()}

    def load(self, state: Mapping[str, Any], reporter: Reporter) -> None:
        self._history.load(state)
        reporter.go_on(*state["losses"])

    def _draws(self, step: int) -> bool:
        """Returns whether this probe shows histograms too: the first one, and then every so many."""
        every = self._plan.histograms
        number, rest = divmod(step // self._plan.every - 1, every) if every else (0, 1)
        return rest == 0 and histograms.due(number)

    def _report(self, diagnostics: Iterable[Diagnostic], step: int, reporter: Reporter) -> None:
        for diagnostic in diagnostics:
            reporter.judge(diagnostic.code, diagnostic.text, diagnostic.remedy, step)


def guess(data: Data) -> float:
    """The loss of a model that knows nothing: all classes alike, or the mean of standardized targets."""
    return 1.0 if data.task == "regression" else math.log(max(data.outputs, 2))
