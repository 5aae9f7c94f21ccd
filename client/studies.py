"""Studies: begun, followed, steered."""

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

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

    def look(self) -> StudyRow:
        return StudyRow.model_validate(self._wire.get(self._path))

    @property
    def state(self) -> StudyState:
        return self.look().state

    @property
    def best(self) -> TrialRow | None:
        return self.look().best

    @property
    def document(self) -> dict[str, Any]:
        """The study as it stands, with every default."""
        study: dict[str, Any] = self._wire.get(self._path)["study"]
        return study

    def trials(self) -> list[TrialRow]:
        """All of them, by number."""
        found: list[TrialRow] = []
        while True:
            query = {"sort": "number", "descending": False, "offset": len(found), "limit": PAGE}
            page = TrialPage.model_validate(self._wire.get(f"{self._path}/trials", query))
            found += page.trials
            if len(page.trials) < PAGE:
                return found

    def run(self, trial: TrialRow) -> Run | None:
        """The run of a trial; None when it has not begun, or was deleted."""
        return None if trial.run_id is None else Run(self._wire, trial.run_id)

    def watch(self) -> Iterator[StudyRow]:
        """What is seen of it whenever that has changed; ends when it is over."""
        seen, pause = None, POLL[0]
        while True:
            row = self.look()
            if row != seen:
                yield row
                seen, pause = row, POLL[0]
            if row.state in OVER:
                return
            time.sleep(pause)
            pause = min(2 * pause, POLL[1])

    def wait(self) -> StudyRow:
        """Returns when it is over, however it ended."""
        *_, last = self.watch()
        return last

    def pause(self) -> StudyRow:
        return self._ask("pause")

    def resume(self) -> StudyRow:
        return self._ask("resume")

    def stop(self, *, cancel: bool = False) -> StudyRow:
        """Begin no trial any more; those that run come to their end, or with `cancel` end now."""
        return self._ask("stop", running="cancel" if cancel else "finish")

    def extend(self, *, trials: int = 0, hours: float = 0, joules: float = 0) -> StudyRow:
        """So much more of its budget, after its end too."""
        return self._ask("extend", trials=trials, hours=hours, joules=joules)

    def enqueue(self, values: Mapping[str, Any]) -> StudyRow:
        """Try these values next: field -> what it holds."""
        return self._ask("enqueue", values=dict(values))

    def narrow(self, space: Sequence[Mapping[str, Any]]) -> StudyRow:
        """Vary these fields within less from now on."""
        return self._ask("narrow", space=[dict(one) for one in space])

    def figure(self, chart: str = "history", **options: Any) -> "Figure":
        """`history`, `parallel`, `importance`, `contour`, `front` or `timeline`, as the browser draws it."""
        from plotly.graph_objects import Figure  # takes a while, which commands need not wait for

        drawn = self._wire.get(f"{self._path}/figures/{chart}", options)
        return Figure(data=drawn["data"], layout=drawn["layout"])

    def table(self) -> Table:
        """One row for each trial: what it tried and what came out, as columns."""
        trials, row = self.trials(), self.look()
        fields = list(dict.fromkeys(field for trial in trials for field in trial.assignment))
        columns: Table = {"trial": [one.number for one in trials], "state": [one.state for one in trials]}
        columns |= {field: [one.assignment.get(field) for one in trials] for field in fields}
        for index, objective in enumerate(row.objectives):
            columns[objective] = [one.values[index] if index < len(one.values) else None for one in trials]
        return columns

    def frame(self) -> Any:
        """`table` as a pandas DataFrame, by trial. Raises LatheError when pandas is not installed."""
        return frame(self.table(), index="trial")

    def _ask(self, kind: str, **body: Any) -> StudyRow:
        return StudyRow.model_validate(self._wire.post(f"{self._path}/commands", {"kind": kind, "body": body}))


def begin(wire: Wire, study: Spec, first: Sequence[Mapping[str, Any]], key: str | None) -> Study:
    body = {"study": document(study), "first": [dict(values) for values in first]}
    return Study(wire, wire.post("/api/studies", body, key or str(uuid.uuid4()))["id"])


def listed(wire: Wire) -> list[StudyRow]:
    return [StudyRow.model_validate(row) for row in wire.get("/api/studies")]
