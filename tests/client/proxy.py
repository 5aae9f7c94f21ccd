"""A way to a server that can be cut anywhere, closed for a while, or damaged: bytes in, bytes out."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType

Allowed = Callable[[int], float]  # number of the connection -> bytes of the answer that come through


class Proxy:
    """Forwards connections to a port of this machine. `allow` says how much of each answer arrives before the
    connection is cut; `spoil` changes what does; while it is `closed` it hangs up at once."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.allow: Allowed = lambda number: float("inf")
        self.spoil: Callable[[bytes], bytes] = lambda piece: piece
        self.closed = False
        self.connections = self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut whatever is open now."""
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.closed:
                near.close()
                continue
            self.connections += 1
            far = socket.create_connection(("127.0.0.1", self.target))
            self._open |= {near, far}
            threading.Thread(target=self._ask, args=(near, far), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near, self.allow(self.connections)), daemon=True).start()

    def _ask(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := near.recv(65536):
                far.sendall(piece)
            far.shutdown(socket.SHUT_WR)

    def _answer(self, far: socket.socket, near: socket.socket, left: float) -> None:
        with contextlib.suppress(OSError):
            while piece := far.recv(65536):
                passed = piece if len(piece) <= left else piece[: int(left)]
                near.sendall(self.spoil(passed))
                left -= len(piece)
                if left < 0:
                    self.cuts += 1
                    break
        for end in (near, far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)
