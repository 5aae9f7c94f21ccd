"""Entry point of the client: one server."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from client import figures, studies, submission, uploads
from client.catalog import Catalog, catalog
from client.deprecated import Renamed
from client.events import Event
from client.runs import artifacts, listing, stream
from client.runs.run import Run
from client.spec import Spec
from client.studies import Study
from client.submission import Submission, Variants
from client.tradeoffs import Tradeoffs, tradeoffs
from client.uploads import Data
from client.wire import access
from client.wire.connection import Wire
from client.wire.form import Progress
from client.wire.models import ChartRow, SpecChecked, StudyRow, UploadDetail, UploadRow

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class Lathe:
    """A server. URL and token default to LATHE_URL and LATHE_TOKEN, then to those that `lathe up` wrote into the data folder
    of this machine (`lathe.environment`). Raises LatheError when there is no token."""

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self.url = access.address(url)
        self._wire = Wire(self.url, access.token_for(self.url, token))

    def __repr__(self) -> str:
        return f"<Lathe at {self.url}>"

    def __enter__(self) -> "Lathe":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._wire.close()

    def submit(
        self,
        spec: Spec,
        *,
        seeds: Sequence[int] | None = None,
        variants: Variants | None = None,
        orders: Sequence[int] | None = None,
        key: str | None = None,
    ) -> Submission:
        """Queues runs of the spec: one for each seed, each variant, or each order of the stages with these indexes.

        If the connection is cut, the request is sent again with the same Idempotency-Key: no run is created twice.
        With your own `key` this also holds when you start your script again.
        """
        return submission.submit(self._wire, spec, seeds, variants, orders, key)

    def check(self, spec: Spec) -> SpecChecked:
        """Checks a spec without queueing anything: its `problems`, each with its field's path, and what it would cost."""
        return submission.check(self._wire, spec)

    def upload(
        self, data: Data, *, key: str | None = None, progress: Progress | None = None, **options: str
    ) -> UploadDetail:
        """Sends data of your own: a file, a folder of pictures (a folder for each class), several files, or a mapping such as
        `{"inputs": path, "targets": path}`. `options` are the form's fields: `name`, `target`, `task`, `side`, …

        `progress` receives the bytes sent so far and all bytes. As with `submit`, nothing is created twice.
        """
        return uploads.upload(self._wire, data, options, key, progress)

    def uploads(self) -> list[UploadRow]:
        """All data of your own, the newest first."""
        return uploads.listed(self._wire)

    def find_upload(self, named: str) -> UploadDetail:
        """Describes the data with this id or name. The first characters of an id are enough when no other id starts with them."""
        return uploads.found(self._wire, named)

    def delete_upload(self, named: str) -> UploadDetail:
        """Deletes these data and returns what they were. Data that a run still needs cannot be deleted."""
        return uploads.delete(self._wire, named)

    def start_study(self, study: Spec, *, first: Sequence[Mapping[str, Any]] = (), key: str | None = None) -> Study:
        """Starts a study. Its document may have any form that a spec may have; `first` holds the values of the first trials.
        As with `submit`, nothing is created twice."""
        return studies.start(self._wire, study, first, key)

    begin_study = Renamed("start_study")

    def around(self, run: Run, **changes: Any) -> Study:
        """Starts the study that the server proposes around a run's settings. `changes` replace parts of its document."""
        draft = self._wire.get(f"/api/runs/{run.id}/around")
        return self.start_study({**draft["study"], **changes}, first=draft["first"])

    def study(self, study_id: str) -> Study:
        return Study(self._wire, study_id)

    def studies(self) -> list[StudyRow]:
        """All studies, the newest first."""
        return studies.list_studies(self._wire)

    def run(self, run_id: str) -> Run:
        """The run with this id. The first characters are enough when no other id starts with them."""
        row = listing.found(self._wire, run_id)
        return Run(self._wire, row.id, row)

    def runs(
        self,
        *,
        states: Collection[str] = (),
        search: str = "",
        group: str = "",
        sort: str = "created_at",
        descending: bool = True,
        limit: int | None = 100,
    ) -> list[Run]:
        """Runs, the newest first. `search` is part of a name or the start of an id. `limit=None` returns all runs."""
        found = listing.listed(self._wire, states, search, group, sort, descending, limit)
        return [Run(self._wire, row.id, row) for row in found]

    def watch(self, *watched: Run) -> Iterator[Event]:
        """Yields each event of these runs (at most 100) as it happens, until all of them are over."""
        return stream.follow(self._wire, {run.id: 0 for run in watched})

    def tradeoffs(
        self,
        where: str = "",
        *,
        minimize: str = "bytes",
        dataset: str = "",
        machine: str = "",
        runs: Sequence[Run] = (),
        models: Sequence[str] = (),
        formats: Sequence[str] = (),
        devices: Sequence[str] = (),
    ) -> Tradeoffs:
        """Finds the measured models of a data set that meet a constraint, such as `accuracy >= 93% and p95 <= 2ms`.

        `dataset` is its kind, the id of an upload, or `any`, `machine` the name of one or `any`; by default those of the
        newest run, and any where the constraint names them (`dataset == leaves`). The constraint must bound the quality of
        a model. Otherwise there is no best model, and the answer proposes a bound.
        """
        ids = [run.id for run in runs]
        return tradeoffs(
            self._wire, where, minimize, dataset, machine, runs=ids, models=models, formats=formats, devices=devices
        )

    def charts(self) -> list[ChartRow]:
        """Names and titles of the charts that `figure` accepts."""
        return figures.charts(self._wire)

    def figure(self, chart: str, runs: Sequence[Run] = (), **options: Any) -> "Figure":
        """A chart of these runs as a Plotly figure; of the newest runs when none is given."""
        return figures.figure(self._wire, chart, [run.id for run in runs], options)

    def catalog(self) -> Catalog:
        """All components that a spec can name."""
        return catalog(self._wire)

    def download(self, artifact_id: str, to: Path | str = ".") -> Path:
        """Writes an artifact to a file or into a folder. The file appears only when it is complete and its SHA-256 is correct."""
        return artifacts.download(self._wire, artifact_id, to)
