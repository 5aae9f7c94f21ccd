"""Starts, follows and steers studies."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from client.deprecated import Renamed
from client.runs.points import Table, frame
from client.runs.run import POLL, Run
from client.spec import Spec, document
from client.wire.connection import Wire
from client.wire.models import StudyRow, StudyState, TrialPage, TrialRow

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PAGE = 500
OVER = frozenset({StudyState.FINISHED, StudyState.STOPPED, StudyState.FAILED})


class Study:
    """One study. Its properties ask the server each time."""

    def __init__(self, wire: Wire, study_id: str) -> None:
        self._wire, self.id = wire, study_id
        self._path = f"/api/studies/{study_id}"

    def __repr__(self) -> str:
        return f"<Study {self.id[:8]}>"

    def fetch(self) -> StudyRow:
        return StudyRow.model_validate(self._wire.get(self._path))

    look = Renamed("fetch")

    @property
    def state(self) -> StudyState:
        return self.fetch().state

    @property
    def best(self) -> TrialRow | None:
        return self.fetch().best

    @property
    def document(self) -> dict[str, Any]:
        """The current study with all defaults filled in."""
        study: dict[str, Any] = self._wire.get(self._path)["study"]
        return study

    def trials(self) -> list[TrialRow]:
        """All trials, ordered by number."""
        found: list[TrialRow] = []
        while True:
            query = {"sort": "number", "descending": False, "offset": len(found), "limit": PAGE}
            page = TrialPage.model_validate(self._wire.get(f"{self._path}/trials", query))
            found += page.trials
            if len(page.trials) < PAGE:
                return found

    def run(self, trial: TrialRow) -> Run | None:
        """The run of a trial; None when it has not started or was deleted."""
        return None if trial.run_id is None else Run(self._wire, trial.run_id)

    def watch(self) -> Iterator[StudyRow]:
        """Yields the study each time that it has changed, until it is over."""
        seen, pause = None, POLL[0]
        while True:
            row = self.fetch()
            if row != seen:
                yield row
                seen, pause = row, POLL[0]
            if row.state in OVER:
                return
            time.sleep(pause)
            pause = min(2 * pause, POLL[1])

    def wait(self) -> StudyRow:
        """Waits until the study is over: finished, stopped or failed."""
        *_, last = self.watch()
        return last

    def pause(self) -> StudyRow:
        return self._ask("pause")

    def resume(self) -> StudyRow:
        return self._ask("resume")

    def stop(self, *, cancel: bool = False) -> StudyRow:
        """Starts no further trials. Running trials finish; with `cancel` they end now."""
        return self._ask("stop", running="cancel" if cancel else "finish")

    def extend(self, *, trials: int = 0, hours: float = 0, joules: float = 0) -> StudyRow:
        """Adds to the budget. This also continues a study that has finished."""
        return self._ask("extend", trials=trials, hours=hours, joules=joules)

    def enqueue(self, values: Mapping[str, Any]) -> StudyRow:
        """Tries these values next: field -> value."""
        return self._ask("enqueue", values=dict(values))

    def narrow(self, space: Sequence[Mapping[str, Any]]) -> StudyRow:
        """Narrows the ranges of these fields for the following trials."""
        return self._ask("narrow", space=[dict(one) for one in space])

    def figure(self, chart: str = "history", **options: Any) -> "Figure":
        """Chart as the browser draws it: `history`, `parallel`, `importance`, `contour`, `front` or `timeline`."""
        from plotly.graph_objects import Figure  # takes a while, which commands need not wait for

        drawn = self._wire.get(f"{self._path}/figures/{chart}", options)
        return Figure(data=drawn["data"], layout=drawn["layout"])

    def table(self) -> Table:
        """Columns with a row for each trial: number, state, tried values and scores."""
        trials, row = self.trials(), self.fetch()
        fields = list(dict.fromkeys(field for trial in trials for field in trial.assignment))
        columns: Table = {"trial": [one.number for one in trials], "state": [one.state for one in trials]}
        columns |= {field: [one.assignment.get(field) for one in trials] for field in fields}
        for index, objective in enumerate(row.objectives):
            columns[objective] = [one.values[index] if index < len(one.values) else None for one in trials]
        return columns

    def frame(self) -> Any:
        """The same as a pandas DataFrame, indexed by trial. Raises LatheError when pandas is not installed."""
        return frame(self.table(), index="trial")

    def _ask(self, kind: str, **body: Any) -> StudyRow:
        return StudyRow.model_validate(self._wire.post(f"{self._path}/commands", {"kind": kind, "body": body}))


def start(wire: Wire, study: Spec, first: Sequence[Mapping[str, Any]], key: str | None) -> Study:
    body = {"study": document(study), "first": [dict(values) for values in first]}
    return Study(wire, wire.post("/api/studies", body, key or str(uuid.uuid4()))["id"])


def list_studies(wire: Wire) -> list[StudyRow]:
    return [StudyRow.model_validate(row) for row in wire.get("/api/studies")]
