"""Finds the studies that nobody leads, and leads them."""

import logging
import uuid
from threading import Event
from time import monotonic

from sqlalchemy.orm import Session

from backend.domain.settings import Settings
from backend.domain.study.study import Study
from backend.store import studies, tables
from backend.store.session import UNAVAILABLE, Store
from backend.store.trouble import trouble
from worker.process.timer import Timer
from worker.studies.leader import Leader, Superseded
from worker.studies.memory import Memory, open_storage
from worker.studies.watch import Watch

log = logging.getLogger("lathe.studies")

TICK_SECONDS = 0.2
LONELY_SECONDS = 30.0  # without a study to lead it ends; a worker starts another one when there is one
RETRY_SECONDS = 1.0


class StudyConductor:
    """Leads every study whose counter it moves. One that stands still for a whole lease is taken over."""

    def __init__(self, settings: Settings) -> None:
        self.id = str(uuid.uuid4())
        self._store = Store.open(settings.database_url)
        self._storage = open_storage(self._store)
        self._watch = Watch(settings.lease_seconds)
        self._leaders: dict[str, Leader] = {}
        self._pulse = Timer(settings.lease_seconds / 5)
        self._stopping = Event()

    def stop(self) -> None:
        """Asks the conductor to release all studies soon; takes no lock (signal handlers)."""
        self._stopping.set()

    def work(self) -> None:
        """Until `stop`, or until there has been nothing to lead for a while."""
        busy = monotonic()
        while not self._stopping.is_set() and monotonic() - busy < LONELY_SECONDS:
            try:
                if self._tick():
                    busy = monotonic()
            except UNAVAILABLE as error:
                log.warning("The database %s, trying again: %s", trouble(error), " ".join(str(error).split())[:200])
                self._watch.forget()
                self._stopping.wait(RETRY_SECONDS)
            self._stopping.wait(TICK_SECONDS)
        self._let_go()
        self.close()

    def close(self) -> None:
        self._storage.remove_session()
        self._store.close()

    def _tick(self) -> bool:
        """One turn of every study that is its own. Returns whether there is any study to lead, by whomever."""
        with self._store.read() as session:
            rows = studies.leading(session)
        pulse, free = self._pulse.due(), self._watch.free(rows)
        for row in rows:
            if self._leads(row, pulse, row.id in free):
                self._lead(row)
        for gone in self._leaders.keys() - {row.id for row in rows}:
            del self._leaders[gone]
        return bool(rows)

    def _leads(self, row: tables.Study, pulse: bool, free: bool) -> bool:
        if row.holder == self.id:
            self._leader(row)
            return not pulse or self._beat(row)
        self._leaders.pop(row.id, None)
        return free and self._beat(row)

    def _beat(self, row: tables.Study) -> bool:
        with self._store.begin() as session:
            mine = studies.beat(session, row.id, self.id, row.beat)
        if mine:
            self._leader(row)
        return mine

    def _leader(self, row: tables.Study) -> None:
        if row.id not in self._leaders:
            self._leaders[row.id] = Leader(self._store, row.id, self.id, self._remember)

    def _remember(self, row: tables.Study, study: Study) -> Memory:
        return Memory(self._storage, row, study)

    def _lead(self, row: tables.Study) -> None:
        try:
            self._leaders[row.id].turn()
        except Superseded:
            del self._leaders[row.id]
        except UNAVAILABLE:
            raise
        except Exception:
            log.exception("Study %s cannot be led.", row.id)
            with self._store.begin() as session:
                self._fail(session, row.id)

    def _fail(self, session: Session, study_id: str) -> None:
        row = studies.lock(session, study_id)
        if row is not None and row.holder == self.id:
            studies.give_up(session, row, "The study could not continue: the worker's log says why.")

    def _let_go(self) -> None:
        """Releases the studies, so that another conductor can take them at once."""
        try:
            with self._store.begin() as session:
                studies.release(session, self.id)
        except UNAVAILABLE:
            log.warning("The database cannot be reached: the studies are taken over later.")
