"""One watcher of the database for all viewers of this process.

The hub asks the database what changed, some twenty times a second while somebody looks, and keeps the last
events of each watched run as ready-made bytes. Each viewer has its own place in each run's sequence and pulls
what comes after it, from the hub's tail or, when it is further behind, from the database. So nothing is queued
for a viewer: one that reads slowly gets larger pieces, and one that stopped holds nothing but its socket.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.api.live.sse import event_frame, gone_frame, row_frame
from backend.api.live.tails import Tail
from backend.api.views.runs import run_rows
from backend.domain.run.states import RunState
from backend.store import changes, events, run_listing, tables
from backend.store.session import UNAVAILABLE, Store

log = logging.getLogger(__name__)

INTERVAL = 0.05  # seconds between two looks
KEEP_ALIVE = 10.0  # seconds after which a silent stream says that it is alive
RETRY = 1.0  # seconds until the next try while the database cannot be reached
BATCH = 50  # events that a viewer who is behind gets at once
MAX_ROWS = 5000  # changes that are kept; a viewer who has missed more is cut off
ROWS_AT_ONCE = 200

T = TypeVar("T")
Found = tuple[str, int, bytes]


@dataclass(frozen=True)
class News:
    """Changes found by one look at the database."""

    heads: Mapping[str, int]
    frames: list[Found]
    poll: changes.Poll | None
    rows: list[tuple[str, bytes]]


class Broadcaster:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="stream")
        self._watched: Counter[str] = Counter()
        self._tails: dict[str, Tail] = {}
        self._gone: set[str] = set()
        self._last_poll: changes.Poll | None = None
        self._rows: OrderedDict[str, tuple[int, bytes]] = OrderedDict()  # the last change of each run, oldest first
        self._serial = self._dropped = 0
        self._row_viewers = self._viewers = 0
        self._changed = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    async def follow(self, cursors: dict[str, int], rows: bool) -> AsyncGenerator[bytes]:
        """Yields to a viewer every event of each run after its cursor, exactly once and in order; with `rows`
        also the row of any run whenever it changed. `cursors` is the viewer's own and moves on with it."""
        watched = list(cursors)
        self._enter(watched, rows)
        try:
            yield b"retry: 1000\n\n"
            serial = await self._polling_rows() if rows else 0
            if rows:
                yield b"".join(await self._in_thread(self._all_rows))
            while cursors and not self._closed and (missed := await self._missed(cursors)):
                yield missed
            reported: set[str] = set()
            while not self._closed:
                changed = self._changed
                block = await self._events(cursors) + self._leavings(cursors, reported)
                if rows and serial < self._dropped:
                    return  # it comes back and asks for its table again
                if rows:
                    fresh, serial = self._rows_after(serial)
                    block += fresh
                if block:
                    yield block
                elif not await _within(changed.wait(), KEEP_ALIVE):
                    yield b": alive\n\n"
        except UNAVAILABLE as error:
            log.warning("a stream ends, since the database cannot be reached: %s", str(error).splitlines()[0])
        finally:
            self._leave(watched, rows)

    def end_streams(self) -> None:
        """End every stream; viewers reconnect to whoever serves next."""
        self._closed = True
        self._announce()

    async def close(self) -> None:
        """End every stream; returns when no look at the database is under way."""
        self.end_streams()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    # ---- what a viewer pulls

    async def _missed(self, cursors: dict[str, int]) -> bytes:
        """The next events of any run that are in the database already; the cursors move on."""
        return _stamped(await self._in_thread(lambda: self._load(dict(cursors))), cursors)

    async def _events(self, cursors: dict[str, int]) -> bytes:
        """Events in memory after the cursors, at least one step of the way; the cursors move on."""
        parts: list[bytes] = []
        for run_id, seq in list(cursors.items()):
            tail = self._tails.get(run_id)
            if tail is None or tail.head <= seq:
                continue
            fresh = tail.after(seq)
            if fresh is None:
                return b"".join(parts) + await self._missed(cursors)
            parts.append(_stamped(((run_id, *item) for item in fresh), cursors))
        return b"".join(parts)

    async def _polling_rows(self) -> int:
        """Wait until no change of a row can be missed any more; the serial number of the last one that was found."""
        while self._last_poll is None and not self._closed:
            await self._changed.wait()
        return self._serial

    def _rows_after(self, serial: int) -> tuple[bytes, int]:
        fresh: list[bytes] = []
        for number, frame in reversed(self._rows.values()):
            if number <= serial:
                break
            fresh.append(frame)
        return b"".join(reversed(fresh)), self._serial

    def _leavings(self, cursors: Collection[str], reported: set[str]) -> bytes:
        """Reports once for each run that it does not exist (any more)."""
        left = [run_id for run_id in cursors if run_id in self._gone and run_id not in reported]
        reported.update(left)
        return b"".join(gone_frame(run_id) for run_id in left)

    def _enter(self, watched: Sequence[str], rows: bool) -> None:
        self._watched.update(watched)
        self._row_viewers += rows
        self._viewers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())

    def _leave(self, watched: Sequence[str], rows: bool) -> None:
        self._watched.subtract(watched)
        self._row_viewers -= rows
        self._viewers -= 1
        if not self._row_viewers:
            self._last_poll = None
            self._rows.clear()
        for run_id in [run_id for run_id, viewers in self._watched.items() if viewers <= 0]:
            del self._watched[run_id]
            self._tails.pop(run_id, None)
            self._gone.discard(run_id)

    # ---- looking at the database

    async def _watch(self) -> None:
        """Look again and again while somebody is there."""
        while self._viewers and not self._closed:
            began = time.monotonic()
            heads = {run_id: tail.head for run_id, tail in self._tails.items()}
            watched, rows = list(self._watched), self._row_viewers > 0
            try:
                news = await self._in_thread(lambda: self._poll(watched, heads, rows))  # noqa: B023
            except UNAVAILABLE as error:
                log.warning("the stream waits for the database: %s", str(error).splitlines()[0])
                await asyncio.sleep(RETRY)
                continue
            except Exception:
                log.exception("the stream could not look at the database")
                await asyncio.sleep(RETRY)
                continue
            self._take(news, watched)
            await asyncio.sleep(max(INTERVAL - (time.monotonic() - began), INTERVAL / 5))

    def _poll(self, watched: list[str], known: Mapping[str, int], rows: bool) -> News:
        with self._store.read() as session:
            heads = events.heads(session, watched)
            behind = {run_id: head for run_id, head in known.items() if heads.get(run_id, 0) > head}
            fresh = events.after(session, behind, limit=200) if behind else []
            frames = [(event.run_id, event.seq, event_frame(event)) for event in fresh]
            poll, changed = self._changes(session) if rows else (None, [])
            return News(heads, frames, poll, list(_row_frames(session, changed[-MAX_ROWS:])))

    def _changes(self, session: Session) -> tuple[changes.Poll, list[str]]:
        last = self._last_poll
        return (changes.first(session), []) if last is None else changes.since(session, last)

    def _take(self, news: News, watched: list[str]) -> None:
        different = bool(news.frames or news.rows) or (self._last_poll is None and news.poll is not None)
        for run_id, seq, frame in news.frames:
            # Whoever watched it may have left since; a later tail begins where it is made.
            if run_id in self._tails:
                self._tails[run_id].append(seq, frame)
        for run_id in watched:
            different |= run_id in self._watched and self._begin(run_id, news)
        if self._row_viewers:
            self._last_poll = news.poll
            self._keep(news.rows)
        if different:
            self._announce()

    def _keep(self, rows: list[tuple[str, bytes]]) -> None:
        for run_id, frame in rows:
            self._serial += 1
            self._rows[run_id] = (self._serial, frame)
            self._rows.move_to_end(run_id)
        while len(self._rows) > MAX_ROWS:
            self._dropped = self._rows.popitem(last=False)[1][0]

    def _begin(self, run_id: str, news: News) -> bool:
        """Start the tail of a run that is watched since lately, or note that there is no such run; False when neither
        is new."""
        if run_id not in news.heads:
            new = run_id not in self._gone
            self._gone.add(run_id)
        elif new := run_id not in self._tails:
            head = news.heads[run_id]
            self._tails[run_id] = Tail(head, head)
        return new

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _load(self, cursors: Mapping[str, int]) -> list[Found]:
        with self._store.read() as session:
            fresh = events.after(session, cursors, BATCH)
            return [(event.run_id, event.seq, event_frame(event)) for event in fresh]

    def _all_rows(self) -> list[bytes]:
        """The rows of all runs that are not over and of those that ended last: what a viewer may have missed
        between fetching its table and opening the stream."""
        active = [state for state in RunState if not state.terminal]
        with self._store.read() as session:
            found = run_listing.page(session, states=active, limit=500)[0]
            found += run_listing.page(session, sort="finished_at", limit=50)[0]
            return [row_frame(row) for row in run_rows(session, found)]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _row_frames(session: Session, run_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The rows of these runs; a few at a time, since each run brings its whole spec along."""
    for start in range(0, len(run_ids), ROWS_AT_ONCE):
        query = select(tables.Run).where(tables.Run.id.in_(run_ids[start : start + ROWS_AT_ONCE]))
        for row in run_rows(session, list(session.scalars(query))):
            yield row.id, row_frame(row)
        session.expunge_all()


def _stamped(found: Iterable[Found], cursors: dict[str, int]) -> bytes:
    """The frames, each with the cursor that the viewer has after it; the cursors move on."""
    parts: list[bytes] = []
    for run_id, seq, frame in found:
        cursors[run_id] = seq
        parts += (b"id: ", cursor_text(cursors).encode(), b"\n", frame)
    return b"".join(parts)


async def _within(waiting: Awaitable[object], seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await waiting
    except TimeoutError:
        return False
    return True


def cursor_text(cursors: Mapping[str, int]) -> str:
    """`a:3,b:5`: run and last event of it, for each run."""
    return ",".join(f"{run_id}:{seq}" for run_id, seq in cursors.items())
