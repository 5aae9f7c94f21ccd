"""Tells the supervisor of every step without slowing the steps down.

Nothing is read back from the device while a step runs: losses and outputs are kept as tensors, reduced together and
fetched once per flush.
"""

import math
from collections.abc import Sequence
from time import perf_counter
from typing import cast

import numpy as np
import torch
from torch import Tensor

from backend.store.chunks import Chunk, Floats, Steps, encode
from worker.link import Link
from worker.messages import Points, Progress

FLUSH_SECONDS = 0.1
MOST_STEPS = 1024  # kept between two flushes: bounds what is held in the device's memory

Record = tuple[float | Tensor, Tensor, Tensor, float, float]  # loss, outputs, targets, rate, when
Validation = tuple[int, float, dict[str, float]]  # step, seconds, metrics


class Diverged(ValueError):
    """The loss is no longer a finite number."""


class Clock:
    """Seconds of active training: goes on where the checkpoint's `seconds` ended."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.origin = perf_counter() - seconds

    def seconds(self) -> float:
        return perf_counter() - self.origin


class Reporter:
    """Turns steps into chunks of points. `due` says that it is time to flush (and to look for orders)."""

    def __init__(self, link: Link, clock: Clock, total_steps: int) -> None:
        self._link = link
        self._clock = clock
        self._total_steps = total_steps
        self.stage = 0
        self.step = 0  # the last one that was recorded
        self.due = True
        self._deadline = 0.0
        self._clear()

    def begin(self, stage: int, step: int) -> None:
        """The next steps belong to `stage`; `step` of the run have been done."""
        self._send_points()
        self.stage, self.step = stage, step
        self.flush()

    def record(self, loss: Tensor, outputs: Tensor, targets: Tensor, rate: float) -> None:
        """One step was done. Runs on the host alone, in about two microseconds."""
        now = perf_counter()
        value = loss.item() if loss.is_cpu else loss.detach()  # `item` would wait for any other device
        self._recorded.append((value, outputs.detach(), targets, rate, now))
        self.step += 1
        if now >= self._deadline or len(self._recorded) >= MOST_STEPS:
            self.due = True

    def flush(self) -> None:
        """Send the points of every recorded step, and where the run is; it is due again after a while.

        Raises Diverged when a loss was not finite; the points up to and with that step are sent before.
        """
        self._catch_up()
        self.due = False

    def validated(self, metrics: dict[str, float]) -> None:
        """The model after the last recorded step was evaluated on the validation split; sent with the next flush."""
        self._validated.append((self.step, self._clock.seconds(), metrics))

    def stay_heard(self) -> None:
        """Send what there is when it is time, for long work between two steps. Orders still wait for the next step."""
        if perf_counter() >= self._deadline:
            self._catch_up()
            self.due = True

    def _catch_up(self) -> None:
        self._send_points()
        self._link.send(Progress(self.stage, self.step, self._total_steps, self._clock.seconds()))
        self._deadline = perf_counter() + FLUSH_SECONDS

    def _send_points(self) -> None:
        recorded, validated = self._recorded, self._validated
        self._clear()
        try:
            if recorded:
                self._send_recorded(recorded)
        finally:
            self._send_validated([entry for entry in validated if entry[0] <= self.step])

    def _send_validated(self, validated: list[Validation]) -> None:
        if validated:
            steps, times, metrics = zip(*validated, strict=True)
            columns = {f"validation/{name}": np.array([entry[name] for entry in metrics]) for name in metrics[0]}
            self._send(np.array(steps), np.array(times), columns)

    def _send_recorded(self, recorded: list[Record]) -> None:
        losses, outputs, targets, rates, times = zip(*recorded, strict=True)
        loss = _fetched(losses)
        wrong = np.flatnonzero(~np.isfinite(loss))
        count = int(wrong[0]) + 1 if wrong.size else len(loss)
        first = self.step - len(loss) + 1
        columns = {
            "train/loss": loss,
            "train/accuracy": accuracies(outputs, targets),
            "learning_rate": np.array(rates),
        }
        self._send(
            np.arange(first, first + count),
            np.array(times[:count]) - self._clock.origin,
            {name: column[:count] for name, column in columns.items()},
        )
        if wrong.size:
            self.step = first + count - 1  # what came after it counts for nothing
            raise Diverged(_diverged(float(loss[count - 1]), self.step))

    def _send(self, steps: Steps, times: Floats, metrics: dict[str, Floats]) -> None:
        latest = {name: _last_finite(column) for name, column in metrics.items()}
        self._link.send(
            Points(
                encode(Chunk(self.stage, steps, times, metrics)),
                {name: value for name, value in latest.items() if value is not None},
            )
        )

    def _clear(self) -> None:
        self._recorded: list[Record] = []
        self._validated: list[Validation] = []


def accuracies(outputs: Sequence[Tensor], targets: Sequence[Tensor]) -> Floats:
    """Share of each batch that was classified correctly [n], rounded to float32.

    `outputs` are [batch, classes] each, `targets` [batch].
    """
    sizes = np.array([batch.numel() for batch in targets])
    chosen = torch.cat(tuple(outputs)).max(1).indices  # faster than argmax
    correct = chosen.eq(torch.cat(tuple(targets))).cpu().numpy()
    hits = np.add.reduceat(correct.astype(np.int64), np.cumsum(sizes) - sizes)
    shares: Floats = (hits / sizes).astype(np.float32).astype(np.float64)
    return shares


def _fetched(losses: Sequence[float | Tensor]) -> Floats:
    """The losses [n], those that still lie on a device brought here together."""
    if not isinstance(losses[0], Tensor):
        return np.array(losses)
    return torch.stack(cast(tuple[Tensor, ...], losses)).cpu().numpy().astype(np.float64)


def _last_finite(column: Floats) -> float | None:
    finite = column[np.isfinite(column)]
    return float(finite[-1]) if finite.size else None


def _diverged(loss: float, step: int) -> str:
    what = "not a number" if math.isnan(loss) else "infinite"
    return f"The loss became {what} at step {step:,}: training diverged. Try a lower learning rate or a warm-up."
