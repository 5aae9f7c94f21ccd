"""Live stream: yields every event exactly once and in order, even when the connection is cut."""

import json
import time
from collections.abc import Iterator, Mapping

import httpx2

from client.errors import UNREACHABLE, LatheError
from client.events import Event, StateChanged, event
from client.wire.connection import Wire, passing

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds before coming back
PATIENCE = 300.0  # seconds without an answer until a server that did answer before is given up


def follow(wire: Wire, cursors: Mapping[str, int]) -> Iterator[Event]:
    """Yields every event of these runs after their cursors, until all runs are over.

    Connects again after the last event when the connection is cut. Raises LatheError when a run does not exist, when
    no server answers at the start, or when none has answered for PATIENCE seconds.
    """
    going = set(cursors)
    query = {"runs": ",".join(cursors), "after": ",".join(map(str, cursors.values()))}
    last: str | None = None
    lost = _Lost()
    while going:
        try:
            with wire.events("/api/stream", query, last) as messages:
                lost.answered()
                for message in messages:
                    lost.heard()
                    if message.event == "gone":
                        raise _not_found(message)
                    if message.event == "run":
                        last = message.id
                        happened = event(json.loads(message.data))
                        if isinstance(happened, StateChanged) and happened.state.terminal:
                            going.discard(happened.run_id)
                        yield happened
                    if not going:
                        return
        except LatheError as error:
            lost.judge(error)
        lost.pause()


class _Lost:
    """Keeps the time since the server last answered."""

    def __init__(self) -> None:
        self._known = False
        self._since: float | None = None
        self._next = FIRST_PAUSE

    def answered(self) -> None:
        self._known, self._since = True, None

    def heard(self) -> None:
        self._next = FIRST_PAUSE

    def judge(self, error: LatheError) -> None:
        """Raises the error unless another attempt may succeed."""
        self._since = self._since or time.monotonic()
        self._known = self._known or error.error != UNREACHABLE
        if not (self._known and passing(error)) or time.monotonic() - self._since > PATIENCE:
            raise error

    def pause(self) -> None:
        time.sleep(self._next)
        self._next = min(2 * self._next, LONGEST_PAUSE)


def _not_found(message: httpx2.ServerSentEvent) -> LatheError:
    run_id = json.loads(message.data)["run_id"]
    return LatheError("RunNotFound", f"There is no run `{run_id}`.", status=404)
