"""Viewers come, lag, leave and come back in any order that Hypothesis finds, while runs are written, end and are
deleted. The real hub serves them from a real database, which tells what each of them must have seen."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from backend.api.live import broadcaster, tails
from backend.domain.run.events import EventKind
from backend.domain.run.states import RunState
from backend.store import experiments, runs
from backend.store.session import Store
from backend.store.tables import Event, Experiment, Run
from tests.backend.api.making import event
from tests.backend.store.conftest import SPEC, points, rewind

QUICK = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
UNTIL_FOUND = settings(QUICK, max_examples=300)
MOST_RUNS, MOST_VIEWERS = 6, 4
PATIENCE = 10  # seconds after which a hub that says nothing is taken for dead

T = TypeVar("T")
Seen = tuple[int, str, Any]
RUNS = st.sets(st.integers(0, MOST_RUNS - 1))
ANY = st.integers(0, 1000)


@dataclass
class Viewer:
    """State of a browser's page: the events of its runs, and a row of each run with a mark that all of it has arrived."""

    events: dict[str, list[Seen]]
    rows: bool
    table: dict[str, Any] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    link: AsyncGenerator[bytes] | None = None

    def cursors(self) -> dict[str, int]:
        return {run_id: seen[-1][0] if seen else 0 for run_id, seen in self.events.items()}

    def take(self, block: bytes) -> None:
        for part in block.decode().split("\n\n"):
            fields = dict(line.partition(": ")[::2] for line in part.split("\n"))
            if "data" in fields:
                self._hear(fields["event"], json.loads(fields["data"]))

    def _hear(self, what: str, data: Any) -> None:
        if what == "run":
            self.events[data["run_id"]].append((data["seq"], data["kind"], data["body"]))
        elif what == "row":
            self.table[data["id"]] = (data["state"], data["last_seq"])
        else:
            self.gone.append(data["run_id"])


class Observed(broadcaster.Broadcaster):
    """The hub, which says when it has looked."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.looked = asyncio.Event()

    def _take(self, news: broadcaster.News, watched: list[str]) -> None:
        super()._take(news, watched)
        self.looked.set()


class Machine(RuleBasedStateMachine):
    """All that may happen between viewers and runs."""

    def __init__(self, store: Store, served_by: type[Observed]) -> None:
        super().__init__()
        self.store = store
        self.thread = ThreadPoolExecutor(1)  # the main one may belong to a browser's own event loop
        self.loop = asyncio.Runner()
        self.hub = served_by(store)
        self.viewers: list[Viewer] = []
        self.leases: dict[str, runs.Lease] = {}
        self.written: dict[str, list[Seen]] = {}  # also of runs that are deleted
        self.deleted: set[str] = set()
        with store.begin() as session:
            session.execute(delete(Experiment))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.thread.submit(self.loop.run, work).result()

    # ---- runs

    @precondition(lambda self: len(self.written) < MOST_RUNS)
    @rule(count=st.integers(1, 2))
    def submit(self, count: int) -> None:
        with self.store.begin() as session:
            _, made = experiments.create(session, SPEC, range(count))
        self.written |= {run.id: [] for run in made}

    @rule()
    def claim(self) -> None:
        with self.store.begin() as session:
            if run := runs.claim(session, "worker"):
                self.leases[run.id] = runs.Lease.of(run)
        self._remember()

    @precondition(lambda self: self.leases)
    @rule(which=ANY, count=st.sampled_from([0, 1, 3, tails.TAIL + 1]), back=st.booleans())
    def write(self, which: int, count: int, back: bool) -> None:
        lease = self._pick(self.leases, which)
        first = lease.last_seq
        some = [event(EventKind.LOG, level="info", text=f"{first + number}") for number in range(count)]
        with self.store.begin() as session:
            runs.write(session, lease, [*some, *([rewind(1), points(2, 4)] if back else [])], step=first)
        self._remember()

    @precondition(lambda self: self.leases)
    @rule(which=ANY, state=st.sampled_from([RunState.SUCCEEDED, RunState.FAILED]))
    def finish(self, which: int, state: RunState) -> None:
        lease = self._pick(self.leases, which)
        with self.store.begin() as session:
            runs.finish(session, lease, state, "Because.")
        del self.leases[lease.run_id]
        self._remember()

    @precondition(lambda self: self.leases)
    @rule(which=ANY)
    def release(self, which: int) -> None:
        lease = self._pick(self.leases, which)
        with self.store.begin() as session:
            runs.release(session, lease, "Shutting down.")
        del self.leases[lease.run_id]
        self._remember()

    @rule(which=ANY, cancel=st.booleans())
    def cancel_or_delete(self, which: int, cancel: bool) -> None:
        if not (there := [run_id for run_id in self.written if run_id not in self.deleted]):
            return
        run_id = there[which % len(there)]
        with self.store.begin() as session:
            if cancel:
                runs.cancel_queued(session, run_id)
            elif runs.delete_terminal(session, run_id):
                self.deleted.add(run_id)
        self._remember()

    # ---- viewers

    @precondition(lambda self: len(self.viewers) < MOST_VIEWERS)
    @rule(which=RUNS, rows=st.booleans())
    def come(self, which: set[int], rows: bool) -> None:
        names = [run_id for number, run_id in enumerate(self.written) if number in which]
        viewer = Viewer({run_id: [] for run_id in names}, rows)
        viewer.table = self._rows()
        self.viewers.append(viewer)
        self.come_back(len(self.viewers) - 1)

    @precondition(lambda self: self.viewers)
    @rule(which=ANY)
    def come_back(self, which: int) -> None:
        viewer = self.viewers[which % len(self.viewers)]
        if viewer.link is None:
            viewer.gone.clear()
            viewer.link = self.hub.follow(viewer.cursors(), viewer.rows)
            self._run(self._pull(viewer))

    @precondition(lambda self: self.viewers)
    @rule(which=ANY, pieces=st.integers(1, 4))
    def read(self, which: int, pieces: int) -> None:
        viewer = self.viewers[which % len(self.viewers)]
        for _ in range(pieces if viewer.link else 0):
            self._run(self._pull(viewer))

    @precondition(lambda self: self.viewers)
    @rule(which=ANY, losing=st.booleans(), waiting=st.booleans())
    def leave(self, which: int, losing: bool, waiting: bool) -> None:
        """`losing` what was on its way; `waiting` for the next piece, not between two."""
        viewer = self.viewers[which % len(self.viewers)]
        if viewer.link is not None:
            self._run(self._hang_up(viewer.link, losing, waiting))
            viewer.link = None

    @precondition(lambda self: any(viewer.link for viewer in self.viewers))
    @rule()
    def everybody_reads(self) -> None:
        """Whoever is there gets all that there is; whoever lagged catches up."""
        self._run(self._settle())
        rows = self._rows()
        for viewer in (viewer for viewer in self.viewers if viewer.link):
            for run_id, seen in viewer.events.items():
                there = run_id not in self.deleted
                assert seen == self.written[run_id] if there else self._begins(seen, run_id), "an event is missing"
            assert sorted(viewer.gone) == sorted(viewer.events.keys() & self.deleted)
            assert not viewer.rows or rows.items() <= viewer.table.items(), "a row is out of date"

    @invariant()
    def nobody_sees_anything_else(self) -> None:
        assert all(self._begins(seen, run_id) for viewer in self.viewers for run_id, seen in viewer.events.items())

    def teardown(self) -> None:
        try:
            if any(viewer.link for viewer in self.viewers):
                self.everybody_reads()
        finally:
            self._run(self._close())
            self.thread.submit(self.loop.close).result()
            self.thread.shutdown()

    # ---- how

    def _begins(self, seen: Sequence[Seen], run_id: str) -> bool:
        """True when `seen` are the first events of the run: none missing, doubled, or out of order."""
        return seen == self.written[run_id][: len(seen)]

    def _pick(self, leases: dict[str, runs.Lease], which: int) -> runs.Lease:
        return list(leases.values())[which % len(leases)]

    def _remember(self) -> None:
        """Note what the database holds by now."""
        with self.store.read() as session:
            query = select(Event.run_id, Event.seq, Event.kind, Event.body).order_by(Event.run_id, Event.seq)
            found: dict[str, list[Seen]] = {}
            for run_id, *seen in session.execute(query):
                found.setdefault(run_id, []).append((seen[0], seen[1], seen[2]))
        self.written |= found

    def _rows(self) -> dict[str, Any]:
        with self.store.read() as session:
            query = select(Run.id, Run.state, Run.last_seq)
            return {run_id: (state.value, last_seq) for run_id, state, last_seq in session.execute(query)}

    async def _pull(self, viewer: Viewer) -> bool:
        """Read one piece; False when there was none to read."""
        assert viewer.link is not None
        async with asyncio.timeout(PATIENCE):
            block = await anext(viewer.link)
        viewer.take(block)
        return block != b": alive\n\n"

    async def _settle(self) -> None:
        async with asyncio.timeout(PATIENCE):
            for _ in range(2):  # the look that is under way may have begun before the last write
                self.hub.looked.clear()
                await self.hub.looked.wait()
            for viewer in self.viewers:
                while viewer.link is not None and await self._pull(viewer):
                    pass

    async def _hang_up(self, link: AsyncGenerator[bytes], losing: bool, waiting: bool) -> None:
        if losing:
            await anext(link)
        if waiting:
            piece = asyncio.ensure_future(anext(link))
            await asyncio.sleep(0)
            piece.cancel()
            await asyncio.wait([piece])
        await link.aclose()

    async def _close(self) -> None:
        for viewer in self.viewers:
            if viewer.link is not None:
                await viewer.link.aclose()
        await self.hub.close()


class CountsNumbers(Observed):
    """Adds up how far viewers have come, not how many there are."""

    async def follow(self, cursors: dict[str, int], rows: bool) -> AsyncGenerator[bytes]:
        async with aclosing(super().follow(cursors, rows)) as link:
            self._add(cursors, 1)
            try:
                async for piece in link:
                    yield piece
            finally:
                self._add(cursors, -1)

    def _add(self, cursors: dict[str, int], sign: int) -> None:
        for run_id, seq in cursors.items():
            self._watched[run_id] += sign * (seq - 1)  # the one is what the hub itself adds


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcaster, "INTERVAL", 0.002)
    monkeypatch.setattr(broadcaster, "KEEP_ALIVE", 0.01)


def test_each_viewer_sees_every_event_of_its_runs(store: Store) -> None:
    run_state_machine_as_test(lambda: Machine(store, Observed), settings=QUICK)


def test_a_hub_that_counts_numbers_instead_of_viewers_is_found(store: Store) -> None:
    """Negative control: the same machine against the fault."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(lambda: Machine(store, CountsNumbers), settings=UNTIL_FOUND)
