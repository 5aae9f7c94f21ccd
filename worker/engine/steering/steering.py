"""Obeys commands to a live run between two steps, reports them, and makes them repeatable."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from backend.domain.run.commands import THE_SPEC, CommandKind, ParameterChange, Stages
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store.crash_points import Point, passing
from worker.engine.environment import RunEnvironment
from worker.pipe.messages import Command, Happened, Obeyed

REST_SECONDS = 0.02  # between two looks for orders while paused
HEARD_SECONDS = 1.0  # between two signs of life while paused
NOTHING_TRAINS = "No training runs at this moment: wait for the next one to start."


class Steerable(Protocol):
    """A training whose live parameters can be set."""

    def set_parameter(self, path: str, value: Any) -> tuple[Any, str | None]:
        """From the next step on. What the live parameter was, and what is to be said about when it takes effect."""


class Steering:
    """Obeys in order. What was answered is what was done: a run that goes on from an earlier checkpoint does it again.

    `checkpoint` writes one that stays, and says whether that worked. `restage` puts other stages in the place of those
    that have not begun, and answers with the change, for the event; it raises ValueError.
    """

    def __init__(
        self,
        environment: RunEnvironment,
        checkpoint: Callable[[], bool],
        restage: Callable[[list[dict[str, Any]]], dict[str, list[dict[str, Any]]]],
    ) -> None:
        self._control, self._link = environment.control, environment.link
        self._clock, self._reporter = environment.clock, environment.reporter
        self._checkpoint, self._hold, self._restage = checkpoint, environment.saving.hold, restage
        self._scheduled = deque(sorted(environment.assignment.scheduled, key=lambda one: one.made.step))
        self._began = -1  # the step before the first of this training, in the process that took it
        self.paused = False
        self._skipping = False  # the training is to end where it is

    def start(self, paused: bool) -> None:
        """A run that was paused when its last trainer ended is paused again."""
        self.paused = paused
        if paused:
            self._move(RunState.PAUSED, "It was paused before it went back to the queue.")

    def expect(self, resumed: bool) -> None:
        """A training begins, or goes on: forget what was planned for those before it, await what is planned for it."""
        now = self._reporter.step
        self._began = -1 if resumed else now
        planned = [one for one in self._scheduled if one.made.step >= now]
        if not resumed:  # the one before it has done what it was to do up to the order that ended it here
            ends = [place for place, one in enumerate(planned, 1) if (one.made.kind, one.made.step) == ("next", now)]
            planned = planned[max(ends, default=0) :]
        self._scheduled = deque(planned)
        self._appoint()

    def _appoint(self) -> None:
        """Have the reporter fall due where there is something to do."""
        steps = [one.made.step for one in self._scheduled] + ([self._began + 1] if self._control.waiting else [])
        self._reporter.appoint(min(steps, default=None))

    def obey(self, trainer: Steerable | None) -> None:
        """All that was asked up to now; returns when the run is not, or no longer, paused. Raises Cancelled."""
        self._follow_plan(trainer)
        self._obey_waiting(trainer)
        if self.paused and not self._called_away:
            with self._clock.resting():
                for _ in self._resting():
                    self._obey_waiting(trainer)
        if self.paused and self._control.stops:
            self._go_on()

    def skips(self) -> bool:
        """Returns whether somebody ended the training here; says so once."""
        skips, self._skipping = self._skipping, False
        return skips

    @property
    def _called_away(self) -> bool:
        return bool(self._control.stops) or self._control.released

    def _resting(self) -> Iterator[None]:
        heard = time.monotonic()
        while self.paused and not self._called_away:
            time.sleep(REST_SECONDS)
            self._control.poll(self._reporter.step)
            if time.monotonic() - heard > HEARD_SECONDS:
                self._reporter.flush()
                heard = time.monotonic()
            passing(Point.RESTING)
            yield

    def _follow_plan(self, trainer: Steerable | None) -> None:
        if trainer is None:
            return
        while self._scheduled and self._scheduled[0].made.step <= self._reporter.step and not self._skipping:
            one = self._scheduled.popleft()
            order = Command("", CommandKind(one.made.kind), one.made.model_dump(include={"path", "value"}), THE_SPEC)
            note, effect = self._carry_out(order, trainer, again=one.known)
            if not one.known:
                self._answer(Obeyed(order, one.made.step, note=note, effect=effect))
        self._appoint()

    def _obey_waiting(self, trainer: Steerable | None) -> None:
        early: list[Command] = []
        while self._control.waiting:
            order = self._control.waiting.popleft()
            if self._is_early(order, trainer):
                early.append(order)
                continue
            try:
                note, effect = self._carry_out(order, trainer)
            except ValueError as error:
                self._answer(Obeyed(order, self._reporter.step, refused=True, note=str(error)))
            else:
                self._answer(Obeyed(order, self._reporter.step, note=note, effect=effect))
        if early:
            self._control.waiting.extend(early)
            self._appoint()

    def _is_early(self, order: Command, trainer: Steerable | None) -> bool:
        """Returns whether it is for later. A command that ends a training is reported, and replayed, at that training's
        last step; commands after it are for the next training."""
        if self._skipping:
            return order.kind in (CommandKind.NEXT, CommandKind.SET)
        return order.kind is CommandKind.NEXT and trainer is not None and self._reporter.step == self._began

    def _answer(self, answer: Obeyed) -> None:
        passing(Point.OBEYED)
        self._link.send(answer)

    def _carry_out(
        self, order: Command, trainer: Steerable | None, again: bool = False
    ) -> tuple[str | None, dict[str, Any]]:
        """Obeys the command. Returns a note on it, and its effect. Raises ValueError with the reason if it cannot."""
        match order.kind:
            case CommandKind.PAUSE:
                self._rest()
            case CommandKind.RESUME:
                self._go_on()
            case CommandKind.CHECKPOINT:
                if not self._checkpoint():
                    raise ValueError("The checkpoint could not be written.")
            case CommandKind.SET:
                setting = ParameterChange.model_validate(order.body)
                old, note = self._trained(trainer).set_parameter(setting.path, setting.value)
                if not again:
                    self._hold()
                return note, {"path": setting.path, "old": old, "new": setting.value}
            case CommandKind.NEXT:
                self._trained(trainer)
                if not again:
                    self._hold()
                self._skipping = True
            case CommandKind.STAGES:
                return None, self._restage(Stages.model_validate(order.body).stages)
            case _:
                raise ValueError(f"This worker does not know `{order.kind}`.")
        return None, {}

    def _trained(self, trainer: Steerable | None) -> Steerable:
        if trainer is None:
            raise ValueError(NOTHING_TRAINS)
        return trainer

    def _rest(self) -> None:
        if self.paused:
            raise ValueError("The run is paused already.")
        if not self._checkpoint():
            raise ValueError("The run continues, because its checkpoint could not be written.")
        self.paused = True
        self._move(RunState.PAUSED)

    def _go_on(self) -> None:
        if not self.paused:
            raise ValueError("The run is not paused.")
        self.paused = False
        self._move(RunState.RUNNING)

    def _move(self, state: RunState, reason: str | None = None) -> None:
        self._link.send(Happened(EventKind.STATE, {"state": state, **({"reason": reason} if reason else {})}))
