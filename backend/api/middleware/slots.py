"""Turns at the database: as many requests at once as there are connections to it."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.middleware.gate import OPEN, is_upload
from backend.store.engine import CONNECTIONS

AT_ONCE = CONNECTIONS - 8  # the others are for the stream, uploads and what a request needs beside its own


class Slots:
    """Lets a request wait for its turn without a thread or a connection in its hands.

    A request takes a connection in one thread and gives it back in another. When all threads wait for connections whose
    holders wait for threads, nobody moves: 200 requests at the same moment were enough. A turn is over when the answer
    begins: its transaction has ended by then, and whoever reads slowly holds up nobody. Those who watch
    the server wait for none, since they ask just when all turns are taken.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN or is_upload(scope):
            await self.app(scope, receive, send)
            return
        free: asyncio.Semaphore = scope["app"].state.turns
        await free.acquire()
        held = True

        def release() -> None:
            nonlocal held
            if held:
                held = False
                free.release()

        async def answering(message: Message) -> None:
            release()
            await send(message)

        try:
            await self.app(scope, receive, answering)
        finally:
            release()
