"""The tables. One metadata for SQLite and PostgreSQL; every constraint has a name so that migrations can find it."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    text,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from backend.domain.run.commands import CommandState
from backend.domain.run.states import Place, RunState
from backend.domain.study.study import StudyState, TrialState
from backend.store.columns import Instant, Prose, Word, WriteNumber

MARK = text("kind != 'points'")  # as it stands in each query that is to use the index of what is no point


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, datetime: Instant}


def table(model: type[Table]) -> SqlTable:
    """The table under a model, for statements that are too frequent for what the ORM adds."""
    assert isinstance(model.__table__, SqlTable)
    return model.__table__


class Experiment(Table):
    """A spec that someone wants executed, in canonical form."""

    __tablename__ = "experiments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    spec: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64), index=True)
    group_id: Mapped[str | None] = mapped_column(String(36), index=True)  # the first of those submitted together
    study_id: Mapped[str | None] = mapped_column(ForeignKey("lathe_studies.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]


class Idempotency(Table):
    """The request that an Idempotency-Key stands for, so that a retried POST creates nothing twice."""

    __tablename__ = "idempotency"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request: Mapped[str] = mapped_column(String(64))  # SHA-256 of the body: the same key with another body is refused
    created: Mapped[str] = mapped_column(String(36))  # id of an experiment or group, of a study or of an upload
    created_at: Mapped[datetime]


class Run(Table):
    """One execution of an experiment. Its row is what every write of its owner is fenced by."""

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "state", "created_at"), Index(None, "experiment_id"), Index(None, "parent_id"),
        Index(None, "waits_for"), Index(None, "counterfactual_of"), Index(None, "changed"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    seed: Mapped[int] = mapped_column(BigInteger)
    color: Mapped[int] = mapped_column(Integer)  # place in the palette: one colour per run on every chart and page
    state: Mapped[RunState] = mapped_column(Word(RunState))
    error: Mapped[str | None] = mapped_column(Prose)
    note: Mapped[str | None] = mapped_column(Prose)  # what endangers it now, for as long as it does

    owner: Mapped[str | None] = mapped_column(String(36))  # the worker that holds the lease
    epoch: Mapped[int] = mapped_column(Integer, default=0)  # fencing: grows by one with each claim and each reaping
    heartbeat: Mapped[int] = mapped_column(BigInteger, default=0)  # a counter, never a clock
    attempts: Mapped[int] = mapped_column(Integer, default=0)  # claims since progress was last made
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0)

    stage: Mapped[int | None] = mapped_column(Integer)  # index of the stage it is in
    step: Mapped[int] = mapped_column(BigInteger, default=0)  # optimizer steps done, over all stages
    total_steps: Mapped[int | None] = mapped_column(BigInteger)
    active_seconds: Mapped[float] = mapped_column(
        Float, default=0.0
    )  # time spent running, pauses and queueing left out
    latest: Mapped[dict[str, Any]] = mapped_column(default=dict)  # metric -> its last finite value
    stages: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)  # instead of the spec's, since they were replaced

    parent_id: Mapped[str | None] = mapped_column(
        ForeignKey("runs.id", ondelete="SET NULL")
    )  # whose prefix it begins with
    fork_stage: Mapped[int | None] = mapped_column(Integer)  # stages that had ended there: the first that is its own
    fork_step: Mapped[int | None] = mapped_column(BigInteger)
    waits_for: Mapped[str | None] = mapped_column(
        ForeignKey("runs.id", ondelete="SET NULL")
    )  # to begin with its prefix
    waits_stage: Mapped[int | None] = mapped_column(Integer)  # index of the stage whose end it waits for

    priority: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # the greater is claimed first
    counterfactual_of: Mapped[str | None] = mapped_column(
        ForeignKey("runs.id", ondelete="SET NULL")
    )  # it shows that one without
    counterfactual_seq: Mapped[int | None] = mapped_column(BigInteger)  # the command that this event of it tells of

    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]  # shown to people; no decision rests on it
    changed: Mapped[int] = mapped_column(
        BigInteger, default=WriteNumber(), onupdate=WriteNumber(), server_default="0"
    )  # number of the write that left the row as it is

    experiment: Mapped[Experiment] = relationship(lazy="joined", innerjoin=True)  # always loaded with the run

    @property
    def spec(self) -> dict[str, Any]:
        """Spec that the run executes: its experiment's spec, with the stages that it has by now."""
        spec = self.experiment.spec
        return spec if self.stages is None else {**spec, "stages": self.stages}


class Event(Table):
    """Anything that happened to a run. `seq` counts 1, 2, 3… per run."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "run_id", "kind", "seq", sqlite_where=MARK, postgresql_where=MARK),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    body: Mapped[dict[str, Any]]
    chunk: Mapped[bytes | None] = mapped_column(LargeBinary)  # the columns of a `points` event


class Command(Table):
    """A command of a person to a run."""

    __tablename__ = "commands"
    __table_args__ = (Index(None, "run_id", "state"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    body: Mapped[dict[str, Any]]
    by: Mapped[str] = mapped_column(String(100))
    why: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[CommandState] = mapped_column(Word(CommandState), default=CommandState.PENDING)
    note: Mapped[str | None] = mapped_column(Prose)
    created_at: Mapped[datetime]


class Result(Table):
    """Result of a finished stage: quality and cost, measured on the artifact that was written and loaded again."""

    __tablename__ = "results"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    stage: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(64))
    label: Mapped[str] = mapped_column(String(200))
    step: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[dict[str, Any]]  # a `backend.domain.run.results.StageResult`
    at: Mapped[datetime]


class Summary(Table):
    """Something that a run shows beside its curves; one of each kind, stage and step."""

    __tablename__ = "summaries"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    stage: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Artifact(Table):
    """A registered file that a run left under the data folder."""

    __tablename__ = "artifacts"
    __table_args__ = (Index(None, "run_id", "kind"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))  # checkpoint, or an exporter's kind
    stage: Mapped[int] = mapped_column(Integer)
    step: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[Place | None] = mapped_column(Word(Place))  # of a checkpoint; None of one by an earlier version
    path: Mapped[str] = mapped_column(String(500))  # relative to the data folder; made by the worker, never by a user
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Study(Table):
    """A search over an experiment's fields. The plain names, `studies` and `trials`, are those of Optuna's own tables."""

    __tablename__ = "lathe_studies"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    document: Mapped[dict[str, Any]]  # a `backend.domain.study.study.Study`, as it stands after what people changed
    state: Mapped[StudyState] = mapped_column(Word(StudyState))
    error: Mapped[str | None] = mapped_column(Prose)
    trials: Mapped[int] = mapped_column(Integer, default=0)  # numbers that have been given
    generation: Mapped[int] = mapped_column(Integer, default=0)  # grows when the space is narrowed
    importance: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # field -> how much it matters, as the conductor sees it
    holder: Mapped[str | None] = mapped_column(String(36))  # the conductor that leads it
    beat: Mapped[int] = mapped_column(BigInteger, default=0)  # a counter, never a clock
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Trial(Table):
    """One attempt of a study: what it tries, the run that tries it, and what came out."""

    __tablename__ = "lathe_trials"
    __table_args__ = (Index(None, "study_id", "reported"), Index(None, "run_id"))

    study_id: Mapped[str] = mapped_column(ForeignKey("lathe_studies.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[TrialState] = mapped_column(Word(TrialState))
    assignment: Mapped[dict[str, Any]]  # field -> what it holds
    by: Mapped[str | None] = mapped_column(String(100))  # the person who asked for it; None where the sampler chose
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    generation: Mapped[int] = mapped_column(Integer, default=0)
    optuna_number: Mapped[int | None] = mapped_column(
        Integer
    )  # Optuna's number of it, in the storage of its generation
    reported: Mapped[bool] = mapped_column(Boolean, default=False)  # whether Optuna knows how it ended
    reported_values: Mapped[int] = mapped_column(Integer, default=0)  # values on the way that Optuna knows
    values: Mapped[list[Any]] = mapped_column(JSON, default=list)  # one for each objective, once it is complete
    violation: Mapped[float] = mapped_column(Float, default=0.0)  # by how much it misses the constraint
    steps: Mapped[int] = mapped_column(BigInteger, default=0)  # optimizer steps that it took
    seconds: Mapped[float] = mapped_column(Float, default=0.0)
    joules: Mapped[float | None] = mapped_column(Float)
    error: Mapped[str | None] = mapped_column(Prose)
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Upload(Table):
    """A person's own data, checked; its files lie under the data folder in `uploads/<id>/`."""

    __tablename__ = "uploads"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    bytes: Mapped[int] = mapped_column(BigInteger)  # of what was sent
    sha256: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]  # a `backend.domain.experiment.upload_facts.Facts`
    created_at: Mapped[datetime]


class Worker(Table):
    """A worker process, what it can do and whether it is still heard of."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    device: Mapped[dict[str, Any]]
    catalog: Mapped[dict[str, Any]]
    heartbeat: Mapped[int] = mapped_column(BigInteger, default=0)
    run_id: Mapped[str | None] = mapped_column(String(36))
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
