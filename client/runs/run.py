"""Handle of a run: reads, follows, steers and forks it."""

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from client import events, figures
from client.deprecated import Renamed
from client.errors import LatheError
from client.events import Commanded, Event
from client.runs import artifacts, listing, points, stream
from client.runs.points import PIXELS
from client.runs.steering import Wheel
from client.spec import Spec, document
from client.wire.connection import Wire
from client.wire.models import (
    ArtifactRow,
    CommandRow,
    ExperimentCreated,
    RunDetail,
    RunRow,
    RunState,
    Series,
    StageResult,
)

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

POLL = 0.2, 1.0  # seconds between two looks of `wait`, at first and at most


class Run(Wheel):
    """One run. Its properties ask the server each time until the run is over; `row` is the last answer."""

    def __init__(self, wire: Wire, run_id: str, row: RunRow | None = None) -> None:
        self._wire, self.id, self._row = wire, run_id, row

    def __repr__(self) -> str:
        row = self._row
        if row is None:
            return f"<Run {self.id[:8]}>"
        steps = f"step {row.step:,}" + (f" of {row.total_steps:,}" if row.total_steps else "")
        return f"<Run {self.id[:8]} “{row.name}”, seed {row.seed}: {row.state}, {steps}>"

    @property
    def row(self) -> RunRow:
        """The last answer of the server about this run, without a new request."""
        return self._row or self.fetch()

    def fetch(self) -> RunDetail:
        """Asks the server for everything about the run except its points."""
        if not (isinstance(self._row, RunDetail) and self._row.state.terminal):
            self._row = listing.detail(self._wire, self.id)
        return self._row

    look = Renamed("fetch")

    @property
    def state(self) -> RunState:
        return self.fetch().state

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def spec(self) -> dict[str, Any]:
        """The spec with all defaults filled in, and with the current stages."""
        return self.fetch().spec

    @property
    def results(self) -> list[StageResult]:
        """Results of each finished stage."""
        return self.fetch().results

    @property
    def artifacts(self) -> list[ArtifactRow]:
        return self.fetch().artifacts

    def events(self, after: int = 0) -> list[Event]:
        """Events so far, after the one with this `seq`, without points."""
        return events.fetch(self._wire, self.id, after)

    def outcome(self, command: CommandRow, timeout: float = 10.0) -> Commanded | None:
        """Waits for the outcome of a command: the step at which the run obeyed it, or the reason why it refused. None when
        the run has not handled it within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events():
                if isinstance(event, Commanded) and event.command == command.id:
                    return event
            if time.monotonic() >= deadline:
                return None
            time.sleep(POLL[0])

    def watch(self, after: int = 0) -> Iterator[Event]:
        """Yields each event after the one with this `seq` as it happens, points included, until the run is over."""
        if after and (seen := self.fetch()).state.terminal and seen.last_seq <= after:
            return iter(())
        return stream.follow(self._wire, {self.id: after})

    def wait(self, timeout: float | None = None) -> "Run":
        """Waits until the run is over. Raises TimeoutError after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        pause, longest = POLL
        while not self.state.terminal:
            left = longest if deadline is None else deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{self!r} is not over after {timeout:g} s.")
            time.sleep(min(pause, left))
            pause = min(1.5 * pause, longest)
        return self

    def fork(
        self,
        *,
        stage: int | None = None,
        checkpoint: str | None = None,
        spec: Spec | None = None,
        key: str | None = None,
    ) -> "Run":
        """Starts a new run from a point of this one: its newest checkpoint, the end of a `stage` (counted from 0), or the
        `checkpoint` with this artifact id. A `spec` may have other stages after that point."""
        requested = {"stage": stage, "checkpoint": checkpoint, "spec": None if spec is None else document(spec)}
        body = {name: value for name, value in requested.items() if value is not None}
        made = self._wire.post(f"/api/runs/{self.id}/fork", body, key or str(uuid.uuid4()))
        return Run(self._wire, ExperimentCreated.model_validate(made).runs[0].id)

    def points(
        self, *metrics: str, first: int | None = None, last: int | None = None, pixels: int = PIXELS
    ) -> dict[str, Series]:
        """Curves of these metrics, or of all, between two steps. Points that a rewind withdrew are left out."""
        return points.points(self._wire, self.id, metrics, first, last, pixels)

    def frame(self, *metrics: str, first: int | None = None, last: int | None = None, pixels: int = PIXELS) -> Any:
        """The curves as a pandas DataFrame by step. Raises LatheError when pandas is not installed."""
        return points.frame(points.table(self.points(*metrics, first=first, last=last, pixels=pixels)), "step")

    def figure(self, chart: str, **options: Any) -> "Figure":
        """A chart as a Plotly figure, such as `loss`; the options are those of GET /api/figures/{chart}."""
        return figures.figure(self._wire, chart, [self.id], options)

    def download(self, kind: str, to: Path | str = ".", *, stage: int | None = None) -> Path:
        """Downloads the newest artifact of a kind, such as `onnx`, or that of one stage; see `Lathe.download`."""
        left = self.artifacts
        able = [one for one in left if one.kind == kind and stage in (None, one.stage)]
        if not able:
            known = ", ".join(sorted({f"{one.kind} of stage {one.stage}" for one in left})) or "none yet"
            raise LatheError(
                "ArtifactNotFound", f"Run {self.id[:8]} has no such artifact `{kind}`; it has: {known}.", "kind"
            )
        newest = max(able, key=lambda one: (one.stage, one.step, one.created_at))
        return artifacts.download(self._wire, newest.id, to)

    def delete(self) -> None:
        """Deletes the run and all its files. The run must be over."""
        self._wire.delete(f"/api/runs/{self.id}")
