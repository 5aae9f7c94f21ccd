"""Celery's only task: a hint that a run may be waiting. What there is to do is found in the database."""

from collections.abc import Callable

from celery import shared_task

_listeners: list[Callable[[], None]] = []


def on_wake(listener: Callable[[], None]) -> None:
    """Call `listener` on every hint."""
    _listeners.append(listener)


@shared_task(name="lathe.wake", ignore_result=True)  # type: ignore[untyped-decorator]
def wake() -> None:
    """Look for a run now instead of at the timer's next tick. Lost, doubled or late: no difference."""
    for listener in _listeners:
        listener()
