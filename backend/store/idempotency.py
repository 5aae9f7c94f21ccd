"""Creates once for each Idempotency-Key: a repeated request gets the answer of the first, another one is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.store.clock import now
from backend.store.session import Store
from backend.store.tables import Idempotency

T = TypeVar("T")
Find = Callable[[Session, str], T | None]
"""The answer about what was created under an id; None when it is there no more."""


class KeyReused(Exception):
    """An Idempotency-Key came again with another request."""


@dataclass(frozen=True)
class Creation:
    """A request that creates something: its Idempotency-Key, if any, and the SHA-256 of what it asks for."""

    key: str | None
    sha256: str


def known(store: Store, creation: Creation, find: Find[T]) -> T | None:
    """Answer to an earlier request with the same key; None without one. Raises KeyReused."""
    if creation.key is None:
        return None
    with store.read() as session:
        return _answer(session, creation, _memory(session, creation), find)


def once(store: Store, creation: Creation, find: Find[T], create: Callable[[Session], str]) -> T:
    """Answer about what `create` makes in one transaction, or what an earlier request with the same key made.

    `create` returns the id of what it made. Raises KeyReused, and whatever `create` raises.
    """
    try:
        with store.begin() as session:
            memory = _memory(session, creation)
            earlier = _answer(session, creation, memory, find)
            return earlier or _created(session, creation, memory, find, create)
    except IntegrityError:  # the same key arrived twice at once, and the other one was first
        earlier = known(store, creation, find)
        if earlier is None:
            raise
        return earlier


def _memory(session: Session, creation: Creation) -> Idempotency | None:
    return session.get(Idempotency, creation.key) if creation.key is not None else None


def _answer(session: Session, creation: Creation, memory: Idempotency | None, find: Find[T]) -> T | None:
    found = find(session, memory.created) if memory else None
    if memory and found is not None and memory.request != creation.sha256:
        raise KeyReused(f"The Idempotency-Key {creation.key!r} was used for another request: send a new key.")
    return found


def _created(
    session: Session, creation: Creation, memory: Idempotency | None, find: Find[T], create: Callable[[Session], str]
) -> T:
    """`memory` is of what has been deleted since. Raises IntegrityError when the key was remembered meanwhile."""
    made = create(session)
    if memory is not None:
        session.execute(delete(Idempotency).where(Idempotency.key == memory.key, Idempotency.created == memory.created))
    if creation.key is not None:
        session.add(Idempotency(key=creation.key, request=creation.sha256, created=made, created_at=now()))
        session.flush()
    found = find(session, made)
    assert found is not None
    return found
