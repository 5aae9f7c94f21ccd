"""What people changed on the way is read back from the events, as it was."""

from typing import Any

from sqlalchemy import select

from backend.spec.catalog import Catalog
from backend.spec.events import EventKind, NewEvent
from backend.spec.runs import RunState
from backend.store import runs, steering
from backend.store.runs import Lease
from backend.store.session import Store
from backend.store.tables import Run
from tests.backend.store.conftest import claimed, experiment


def said(kind: str, step: int, state: str = "obeyed", by: str = "ann", **more: Any) -> NewEvent:
    body = {"command": "c", "kind": kind, "by": by, "step": step, "state": state, **more}
    return NewEvent(kind=EventKind.COMMAND, body=body)


def turned(step: int, value: float, **more: Any) -> NewEvent:
    return said("set", step, path="optimizer.lr", old=0.0, new=value, **more)
