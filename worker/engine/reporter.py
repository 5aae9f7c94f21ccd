"""Tells the supervisor of every step without slowing the steps down.

Nothing is read back from the device while a step runs: losses and outputs are kept as tensors, reduced together and
fetched once per flush.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from backend.domain.run.events import EventKind
from backend.store.chunks import Chunk, Floats, Steps, encode
from worker.data.tensors import Task
from worker.engine.measurement.energy import Spending
from worker.pipe.link import Link
from worker.pipe.messages import Happened, Points, Progress, Summary

FLUSH_SECONDS = 0.1
MOST_STEPS = 1024  # kept between two flushes: bounds what is held in the device's memory

Record = tuple[float | Tensor, Tensor, Tensor, float, float]  # loss, outputs (or chosen classes), targets, rate, when
Entry = tuple[int, float, dict[str, float]]  # step, seconds, metrics


class Diverged(ValueError):
    """The loss is no longer a finite number."""


class Clock:
    """Seconds of active training: goes on where the checkpoint's `seconds` ended. `spending` counts the energy."""

    def __init__(self, seconds: float = 0.0, spending: Spending | None = None) -> None:
        self.origin = perf_counter() - seconds
        self.spending = spending or Spending()
        self._stopped: float | None = None  # where it stands still

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Time stands still for a while."""
        self._stopped = stopped = self.seconds()
        try:
            yield
        finally:
            self.origin, self._stopped = perf_counter() - stopped, None

    def seconds(self) -> float:
        return self._now() if self._stopped is None else self._stopped

    def rested_seconds(self) -> float:
        """Seconds for which it has stood still by now."""
        return self._now() - self.seconds()

    def _now(self) -> float:
        return perf_counter() - self.origin


class Reporter:
    """Turns steps into chunks of points. `due` says that it is time to flush (and to look for commands)."""

    def __init__(self, link: Link, clock: Clock, total_steps: int, task: Task = "classification") -> None:
        self._link = link
        self._clock = clock
        self._task = task
        self.total_steps = total_steps
        self.stage = 0
        self.step = 0  # the last one that was recorded
        self.due = True
        self._deadline = 0.0
        self._appointment: int | None = None
        self.go_on(0.0, 0)
        self._clear()

    def start(self, stage: int, step: int) -> None:
        """The next steps belong to `stage`; `step` of the run have been done."""
        self._send_points()
        self.stage, self.step = stage, step
        self.flush()

    def record(self, loss: Tensor, outputs: Tensor, targets: Tensor, rate: float) -> None:
        """One step was done; `outputs` are detached. Runs on the host alone, in less than a microsecond."""
        now = perf_counter()
        value = loss.item() if loss.is_cpu else loss.detach()  # `item` would wait for any other device
        self._recorded.append((value, outputs.argmax(2) if outputs.ndim == 3 else outputs, targets, rate, now))
        self.step = step = self.step + 1
        if now >= self._deadline or step == self._appointment or step >= self._full or self._link.has_commands:
            self.due = True

    def appoint(self, step: int | None) -> None:
        """It is due after `step` steps of the run, whatever the time."""
        self._appointment = step
        self.due = self.due or step == self.step

    def flush(self) -> None:
        """Send the points of every recorded step, and where the run is; it is due again after a while.

        Raises Diverged when a loss was not finite; the points up to and with that step are sent before.
        """
        self._catch_up()
        self.due = False

    def report_validation(self, metrics: dict[str, float]) -> None:
        """The model after the last recorded step was evaluated on the validation split; sent with the next flush."""
        named = {f"validation/{name}": value for name, value in metrics.items()}
        self._validated.append((self.step, self._clock.seconds(), named))

    def report_observation(self, metrics: dict[str, float]) -> None:
        """Something was seen inside the model in the step that is recorded next; sent with the next flush."""
        self._observed.append((self.step + 1, self._clock.seconds(), metrics))

    def judge(self, code: str, text: str, remedy: str, step: int) -> None:
        """A diagnostic about the training up to `step`; sent with the step's points."""
        body = {"code": code, "text": text, "remedy": remedy, "stage": self.stage, "step": step}
        self._said.append((step, Happened(EventKind.DIAGNOSTIC, body)))

    def show(self, kind: str, step: int, body: dict[str, Any]) -> None:
        """A summary of the training at `step`; sent with the step's points."""
        self._said.append((step, Summary(kind, self.stage, step, body)))

    def epoch_loss(self) -> float:
        """Mean loss of the steps since it was last asked for; NaN without any."""
        total, count = self.epoch_losses()
        self.go_on(0.0, 0)
        self._counted = len(self._recorded)
        return total / count if count else math.nan

    def epoch_losses(self) -> tuple[float, int]:
        """Sum of the losses that the next `epoch_loss` is the mean of, and their number."""
        return self._with(_losses(self._recorded))

    def go_on(self, total: float, count: int) -> None:
        """Begin an epoch's mean with these losses of steps that were done before."""
        self._sum, self._count = total, count

    def _with(self, losses: Floats) -> tuple[float, int]:
        """The epoch's sum and number of losses once those of the recorded steps [n] are in."""
        waiting = losses[self._counted :]
        return self._sum + float(waiting.sum()), self._count + len(waiting)

    def log(self, text: str) -> None:
        """A sentence for the run's log."""
        self._link.send(Happened(EventKind.LOG, {"level": "info", "text": text}))

    def stay_heard(self) -> None:
        """Send what there is when it is time, for long work between two steps. Commands still wait for the next step."""
        if perf_counter() >= self._deadline:
            self._catch_up()
            self.due = True

    def _catch_up(self) -> None:
        self._send_points()
        self._link.send(
            Progress(self.stage, self.step, self.total_steps, self._clock.seconds(), self._clock.spending.since())
        )
        self._deadline = perf_counter() + FLUSH_SECONDS

    def _send_points(self) -> None:
        recorded, sparse, said = self._recorded, (self._observed, self._validated), self._said
        losses = _losses(recorded)
        self._sum, self._count = self._with(losses)
        self._clear()
        try:
            if recorded:
                self._send_recorded(recorded, losses)
        finally:
            for entries in sparse:
                self._send_sparse([entry for entry in entries if entry[0] <= self.step])
            for step, message in said:
                if step <= self.step:
                    self._link.send(message)

    def _send_sparse(self, entries: list[Entry]) -> None:
        """Metrics that few steps have; those of the same names go together."""
        groups: dict[tuple[str, ...], list[Entry]] = {}
        for entry in entries:
            groups.setdefault(tuple(entry[2]), []).append(entry)
        for group in groups.values():
            steps, times, metrics = zip(*group, strict=True)
            columns = {name: np.array([entry[name] for entry in metrics]) for name in metrics[0]}
            self._send(np.array(steps), np.array(times), columns)

    def _send_recorded(self, recorded: list[Record], loss: Floats) -> None:
        _, outputs, targets, rates, times = zip(*recorded, strict=True)
        wrong = np.flatnonzero(~np.isfinite(loss))
        count = int(wrong[0]) + 1 if wrong.size else len(loss)
        first = self.step - len(loss) + 1
        columns = {"train/loss": loss}
        if self._task != "regression":
            columns["train/accuracy"] = accuracies(outputs, targets)
        columns["learning_rate"] = np.array(rates)
        columns["batch_size"] = np.array([batch.shape[0] for batch in targets], dtype=np.float64)  # `len` is slower
        self._send(
            np.arange(first, first + count),
            np.array(times[:count]) - self._clock.origin,
            {name: column[:count] for name, column in columns.items()},
        )
        if wrong.size:
            self.step = first + count - 1  # what came after it counts for nothing
            raise Diverged(_diverged(float(loss[count - 1]), self.step))

    def _send(self, steps: Steps, times: Floats, metrics: dict[str, Floats]) -> None:
        latest = {name: _last_finite(column) for name, column in metrics.items() if headline(name)}
        self._link.send(
            Points(
                encode(Chunk(self.stage, steps, times, metrics)),
                {name: value for name, value in latest.items() if value is not None},
            )
        )

    def _clear(self) -> None:
        self._recorded: list[Record] = []
        self._observed: list[Entry] = []
        self._validated: list[Entry] = []
        self._said: list[tuple[int, Happened | Summary]] = []
        self._full = self.step + MOST_STEPS  # the step after which no more are kept
        self._counted = 0  # recorded steps whose loss has gone into the mean of an epoch


def headline(metric: str) -> bool:
    """Returns whether a run's row shows the metric's last value; single layers, `gradient_norm/fc1`, would flood it."""
    head, _, layer = metric.partition("/")
    return not layer or head in ("train", "validation")


def accuracies(outputs: Sequence[Tensor], targets: Sequence[Tensor]) -> Floats:
    """Share of each batch that was classified correctly [n], rounded to float32.

    `outputs` are logits [batch, classes] each, or of texts the tokens that were chosen [batch, length]; `targets` have
    the classes [batch], or shares of them [batch, classes] of which the largest counts, or the tokens.
    """
    if outputs[0].is_floating_point():
        chosen = torch.cat(list(outputs)).max(1).indices  # faster than argmax
        goals = [batch.argmax(1) if batch.ndim == 2 else batch for batch in targets]
    else:
        chosen = torch.cat([batch.flatten() for batch in outputs])
        goals = [batch.flatten() for batch in targets]
    sizes = np.array([goal.numel() for goal in goals])
    correct = chosen.eq(torch.cat(goals)).cpu().numpy()
    hits = np.add.reduceat(correct, np.cumsum(sizes) - sizes, dtype=np.int64)
    shares: Floats = (hits / sizes).astype(np.float32).astype(np.float64)
    return shares


def _losses(recorded: Sequence[Record]) -> Floats:
    """The steps' losses [n], those that still lie on a device brought here together."""
    losses = [record[0] for record in recorded]
    if losses and isinstance(losses[0], Tensor):
        return torch.stack(cast(list[Tensor], losses)).cpu().numpy().astype(np.float64)
    return np.array(losses)


def _last_finite(column: Floats) -> float | None:
    finite = column[np.isfinite(column)]
    return float(finite[-1]) if finite.size else None


def _diverged(loss: float, step: int) -> str:
    what = "not a number" if math.isnan(loss) else "infinite"
    return f"The loss became {what} at step {step:,}: training diverged. Try a lower learning rate or a warm-up."
