"""Copies the parent's history into a waiting fork when a worker claims it."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import update

from backend.domain.run.events import EventKind, NewEvent
from backend.store import files, forks, inheritance, run_dependencies, runs, steering
from backend.store.forks import Prefix, Unforkable
from backend.store.inheritance import InheritedFile
from backend.store.runs import Lease
from backend.store.session import Store, on_rollback
from backend.store.tables import Run


def accept(store: Store, data_dir: Path, lease: Lease) -> Run:
    """Write the past that run waits for into it. Where that is damaged or gone, it waits no more, and begins by itself.

    Returns the run as it is then. Raises LeaseLost. Whoever dies over it leaves files that nobody registered.
    """
    try:
        _accept(store, data_dir, lease)
    except (Unforkable, OSError) as error:
        text = f"The run starts from its first stage: {error}"
        event = NewEvent(kind=EventKind.LOG, body={"level": "warning", "text": text})
        with store.begin() as session:
            runs.write(session, lease, [event], waits_for=None, waits_stage=None)
    with store.read() as session:
        return session.get_one(Run, lease.run_id)


def seconds(store: Store, run_id: str) -> float:
    """Seconds of active training in the past that the run began with."""
    with store.read() as session:
        return forks.inherited_seconds(session, run_id)


def _accept(store: Store, data_dir: Path, lease: Lease) -> None:
    with store.read() as session:
        prefix = run_dependencies.find_prefix(session, session.get_one(Run, lease.run_id))
        steered = prefix is not None and steering.was_steered(session, prefix.run.id)
    if prefix is None:
        raise Unforkable("the files that it should start from are gone.")
    if steered:
        raise Unforkable("a person steered the run that it should start from, so that run differs from its spec.")
    if damage := files.examine(store, data_dir, prefix.checkpoint):
        raise Unforkable(f"the checkpoint that it should start from {damage}.")
    _write(store, lease, prefix, inheritance.take(store, data_dir, prefix, lease.run_id))


def _write(store: Store, lease: Lease, prefix: Prefix, taken: Sequence[InheritedFile]) -> None:
    with store.begin() as session:
        inheritance.hold(session, prefix, taken)
        runs.write(session, lease)
        changes = inheritance.inherit(session, prefix, taken, lease.run_id, lease.last_seq)
        session.execute(update(Run).where(Run.id == lease.run_id).values(**changes))
        before = lease.last_seq
        on_rollback(session, lambda: setattr(lease, "last_seq", before))
        lease.last_seq = changes["last_seq"]
