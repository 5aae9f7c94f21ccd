"""Lists runs, and finds one by the start of its id."""

from collections.abc import Collection, Iterator

from client.errors import LatheError
from client.wire.connection import Wire
from client.wire.models import RunDetail, RunPage, RunRow

PAGE = 200
WHOLE = 36  # characters of an id


def detail(wire: Wire, run_id: str) -> RunDetail:
    return RunDetail.model_validate(wire.get(f"/api/runs/{run_id}"))


def listed(
    wire: Wire,
    states: Collection[str] = (),
    search: str = "",
    group: str = "",
    sort: str = "created_at",
    descending: bool = True,
    limit: int | None = None,
) -> Iterator[RunRow]:
    """Runs in order, fetched page by page; all of them without a limit."""
    left, cursor = limit, None
    while left is None or left > 0:
        query = {"state": list(states), "search": search, "group": group, "sort": sort, "descending": descending}
        size = PAGE if left is None else min(left, PAGE)
        page = RunPage.model_validate(wire.get("/api/runs", {**query, "cursor": cursor, "limit": size}))
        yield from page.runs
        left, cursor = None if left is None else left - len(page.runs), page.next
        if cursor is None:
            return


def found(wire: Wire, beginning: str) -> RunRow:
    """The only run whose id starts with this text. Raises LatheError when there is none, or more than one."""
    if len(beginning) >= WHOLE:
        return detail(wire, beginning)
    if not beginning or not all(letter in "0123456789abcdef-" for letter in beginning.lower()):
        raise LatheError("RunNotFound", f"There is no run `{beginning}`: write the first characters of an id.")
    rows = [row for row in listed(wire, search=beginning.lower()) if row.id.startswith(beginning.lower())]
    if not rows:
        raise LatheError("RunNotFound", f"There is no run whose id starts with `{beginning}`.")
    if len(rows) > 1:
        some = ", ".join(f"{row.id[:13]} ({row.name})" for row in rows[:5])
        raise LatheError(
            "RunAmbiguous", f"{len(rows)} ids start with `{beginning}`: {some}. Write more characters of the id."
        )
    return rows[0]
