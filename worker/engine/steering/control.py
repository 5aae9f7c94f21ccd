"""Receives the commands of people and of the supervisor to a live run."""

from collections import deque

from backend.domain.run.commands import CommandKind
from worker.pipe.link import Link
from worker.pipe.messages import Command, Obeyed, Release


class Stopped(Exception):
    """Ends the run's training here; the model is measured and kept."""


class Skipped(Exception):
    """Ends this stage here; it is measured and the next one starts."""


class Cancelled(Exception):
    """Ends the run now; nothing more is measured."""


class Released(Exception):
    """The run was checkpointed and goes back to the queue."""


class Control:
    """Collects orders whenever it is polled. Cancelling takes effect at once, all else at the next step boundary."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.released = False
        self.stops: list[Command] = []
        self.waiting: deque[Command] = deque()  # those that steer, in the order in which they were asked

    def poll(self, step: int) -> None:
        """Reads the commands that have arrived. Raises Cancelled."""
        for order in self._link.commands():
            if isinstance(order, Release):
                self.released = True
            elif order.kind is CommandKind.STOP:
                self.stops.append(order)
            elif order.kind is CommandKind.CANCEL:
                self._link.send(Obeyed(order, step))
                raise Cancelled
            else:
                self.waiting.append(order)

    def obey_stops(self, step: int) -> None:
        """Confirms that all requested stops have taken effect."""
        for order in self.stops:
            self._link.send(Obeyed(order, step))
        self.stops.clear()
