"""Connections that end by themselves when a client keeps the server waiting."""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

PORTION = 16 * 1024  # bytes; half a kilobyte a second is enough to move one in half a minute
LINGER = 2.0  # seconds in which a client can fetch an answer that it has not waited for
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time
LOOKS = 4  # at a connection during the shortest time that it may take


@dataclass(frozen=True)
class Limits:
    """Time limits for a client, in seconds, and the most connections without a token."""

    head_seconds: float
    portion_seconds: float
    strangers: int


class Outlet:
    """A transport that counts what its client takes, and lets it read the last answer before it closes."""

    def __init__(self, transport: asyncio.Transport, unread: Callable[[], bool]) -> None:
        self._transport, self._unread = transport, unread
        self._written, self._closing = 0, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    @property
    def waiting(self) -> int:
        """Bytes that the client has yet to take."""
        return self._transport.get_write_buffer_size()

    @property
    def taken(self) -> int:
        return self._written - self.waiting

    def write(self, data: bytes) -> None:
        self._written += len(data)
        self._transport.write(data)

    def is_closing(self) -> bool:
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Close; a client that still sends is given time to look up, since a socket with unread input is reset at
        once, and the answer with it. Nothing more is read. Closing once more ends it at once."""
        if self._closing:
            self._transport.abort()
            return
        self._closing = True
        if not self._unread() or not self._transport.can_write_eof():
            self._transport.close()
            return
        self._transport.pause_reading()
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER, self._transport.abort)


class Connection(H11Protocol):
    """One client's connection. Whoever does his part is never cut off, however slow the server is.

    | the server waits for | at the longest |
    |---|---|
    | the rest of a request's head | `head_seconds` |
    | the next 16 KB of a body, or the client to read as much of an answer | `portion_seconds` |
    | another request | uvicorn's `timeout_keep_alive` |

    Of the connections that have shown no token the oldest gives way to a new one when there are too many.
    """

    limits: ClassVar[Limits]
    strangers: ClassVar[dict["Connection", None]]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "admitted": self.admit}, _loop)
        self._received = 0
        self._sign: object = None  # changes whenever the client has done its part
        self._since = self.loop.time()
        self._next: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._outlet = Outlet(transport, lambda: self.conn.their_state in (h11.SEND_BODY, h11.ERROR))
        super().connection_made(cast(asyncio.Transport, self._outlet))
        self.strangers[self] = None
        while len(self.strangers) > self.limits.strangers:
            oldest, _ = next(iter(self.strangers.items()))
            oldest.cut()
        self._look()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.strangers.pop(self, None)
        if self._next is not None:
            self._next.cancel()
        super().connection_lost(exc)

    def admit(self) -> None:
        """The client has shown a token: it is no stranger any longer."""
        self.strangers.pop(self, None)

    def cut(self) -> None:
        """End it now: the kernel, too, forgets what the client has not taken."""
        self.strangers.pop(self, None)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def _look(self) -> None:
        """Cut the client off, or look again soon."""
        now, (seconds, sign) = self.loop.time(), self._waits()
        if sign != self._sign:
            self._sign, self._since = sign, now
        if sign is not None and now - self._since >= seconds:
            self.cut()
        else:
            shortest = min(self.limits.head_seconds, self.limits.portion_seconds)
            self._next = self.loop.call_later(shortest / LOOKS, self._look)

    def _waits(self) -> tuple[float, object]:
        """Seconds that the client may leave things as they are, and a sign of how they are; None when it is the
        server's turn."""
        if self._outlet.waiting:
            return self.limits.portion_seconds, ("reads", self._outlet.taken // PORTION)
        if self.conn.their_state is h11.SEND_BODY and not self.flow.read_paused:
            return self.limits.portion_seconds, ("sends", self._received // PORTION)
        if self.conn.their_state is h11.IDLE and self.timeout_keep_alive_task is None:
            return self.limits.head_seconds, ("begins", self.cycle)
        return 0.0, None


def limit(limits: Limits) -> type[Connection]:
    """The connections of one server."""
    return type("LimitedConnection", (Connection,), {"limits": limits, "strangers": {}})
