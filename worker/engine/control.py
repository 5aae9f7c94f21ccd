"""What people and the supervisor ask of a live run, and how the engine is made to obey."""

from backend.spec.commands import CommandKind
from worker.link import Link
from worker.messages import Obeyed, Order, Release


class Stopped(Exception):
    """End training here, measure, keep what was learnt."""


class Cancelled(Exception):
    """End now; nothing more is measured."""


class Released(Exception):
    """The run was checkpointed and goes back to the queue."""


class Control:
    """Collects orders whenever it is polled. Cancelling takes effect at once, all else at the next step boundary."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.released = False
        self.stops: list[Order] = []

    def poll(self, step: int) -> None:
        """Read what was asked. Raises Cancelled; refuses what this engine does not know."""
        for order in self._link.orders():
            if isinstance(order, Release):
                self.released = True
            elif order.kind is CommandKind.STOP:
                self.stops.append(order)
            elif order.kind is CommandKind.CANCEL:
                self._link.send(Obeyed(order, step))
                raise Cancelled
            else:
                self._link.send(Obeyed(order, step, refused=True, note=f"This worker does not know `{order.kind}`."))

    def obey_stops(self, step: int) -> None:
        """Tell that every stop that was asked for has taken effect."""
        for order in self.stops:
            self._link.send(Obeyed(order, step))
        self.stops.clear()
