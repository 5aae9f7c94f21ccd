"""The words of the field for what had names of its own: tables, columns, kinds of events, fields of specs.

Tables and columns are renamed in place. JSON is rewritten where it holds an older word, a few hundred rows at a time; events
are found by the index that leaves points out.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

KINDS = {"exhibit": "summary", "verdict": "diagnostic"}
FIELDS = {"interventions": "commands"}
ACTIONS = {"tell": "report"}
TRIALS = {"asked": "optuna_number", "told": "reported", "looks": "reported_values"}
BATCH = 500

Words = Mapping[str, str]
Json = dict[str, Any]


def upgrade() -> None:
    _rename_summaries("exhibits", "summaries")
    _rename_run_columns("ghost", "counterfactual")
    _rename_trial_columns(TRIALS)
    _rename_kinds(KINDS)
    _rewrite(FIELDS, ACTIONS, {"knob": "parameter"}, {"nature": "capabilities"}, {"folders": "fusions"})


def downgrade() -> None:
    _rewrite(*map(_back, (FIELDS, ACTIONS, {"knob": "parameter"}, {"nature": "capabilities"}, {"folders": "fusions"})))
    _rename_kinds(_back(KINDS))
    _rename_trial_columns(_back(TRIALS))
    _rename_run_columns("counterfactual", "ghost")
    _rename_summaries("summaries", "exhibits")


def _back(words: Words) -> Words:
    return {new: old for old, new in words.items()}


def _rename_summaries(old: str, new: str) -> None:
    """On SQLite a constraint keeps its name until its table is made again."""
    if op.get_bind().dialect.name == "postgresql":
        op.rename_table(old, new)
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT fk_{old}_run_id TO fk_{new}_run_id")
        return
    op.create_table(
        new,
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=f"fk_{new}_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "kind", "stage", "step", name=f"pk_{new}"),
    )
    op.execute(f"INSERT INTO {new} SELECT run_id, kind, stage, step, body, at FROM {old}")
    op.drop_table(old)


def _rename_run_columns(old: str, new: str) -> None:
    with op.batch_alter_table("runs") as runs:
        runs.drop_index(f"ix_runs_{old}_of")
        runs.drop_constraint(f"fk_runs_{old}_of", type_="foreignkey")
        runs.alter_column(f"{old}_of", new_column_name=f"{new}_of")
        runs.alter_column(f"{old}_seq", new_column_name=f"{new}_seq")
    with op.batch_alter_table("runs") as runs:
        runs.create_foreign_key(f"fk_runs_{new}_of", "runs", [f"{new}_of"], ["id"], ondelete="SET NULL")
        runs.create_index(f"ix_runs_{new}_of", [f"{new}_of"])


def _rename_trial_columns(words: Words) -> None:
    old, new = next((old, new) for old, new in words.items() if {old, new} == {"told", "reported"})
    op.drop_index(f"ix_lathe_trials_study_id_{old}", "lathe_trials")
    for before, after in words.items():
        op.execute(f"ALTER TABLE lathe_trials RENAME COLUMN {before} TO {after}")
    op.create_index(f"ix_lathe_trials_study_id_{new}", "lathe_trials", ["study_id", new])


def _rename_kinds(words: Words) -> None:
    """Points are most of the events, and are not looked at: the index holds all others."""
    for old, new in words.items():
        op.execute(f"UPDATE events SET kind = '{new}' WHERE kind != 'points' AND kind = '{old}'")


def _rewrite(fields: Words, actions: Words, search: Words, entry: Words, families: Words) -> None:
    def spec(document: Json) -> Json:
        renamed = _renamed(document, fields)
        alerts = [{**one, "then": actions.get(one["then"], one["then"])} for one in renamed.get("alerts") or []]
        return {**renamed, "alerts": alerts} if alerts else renamed

    _each("experiments", ["id"], "spec", "1 = 1", spec, fingerprint=True)
    _each("lathe_studies", ["id"], "document", "1 = 1", lambda study: {**study, "spec": spec(study["spec"])})
    is_alert = "kind != 'points' AND kind = 'alert'"
    _each(
        "events",
        ["run_id", "seq"],
        "body",
        is_alert,
        lambda alert: {**alert, "then": actions.get(alert["then"], alert["then"])},
    )
    table = "summaries" if sa.inspect(op.get_bind()).has_table("summaries") else "exhibits"
    _each(table, ["run_id", "kind", "stage", "step"], "body", "kind = 'search'", lambda body: _renamed(body, search))
    _each("workers", ["id"], "catalog", "1 = 1", lambda catalog: _with_families(catalog, entry, families))


def _each(
    table: str, key: list[str], column: str, where: str, change: Callable[[Json], Json], fingerprint: bool = False
) -> None:
    """Rewrite a JSON column where `change` changes it; `fingerprint` has that of the experiment follow."""
    connection = op.get_bind()
    document = sa.column(column, sa.JSON())
    rows = sa.table(table, *map(sa.column, [*key, "fingerprint"]), document)
    condition = sa.and_(*(rows.c[name] == sa.bindparam(f"key_{name}") for name in key))
    keys = connection.execute(sa.select(*(rows.c[name] for name in key)).where(sa.text(where))).all()
    for first in range(0, len(keys), BATCH):
        values = []
        for place in keys[first : first + BATCH]:
            named = {f"key_{name}": value for name, value in zip(key, place, strict=True)}
            old: Any = connection.execute(sa.select(document).select_from(rows).where(condition), named).scalar_one()
            if (new := change(old)) != old:
                values.append({**named, "new": new, **({"new_fingerprint": _fingerprint(new)} if fingerprint else {})})
        if values:
            changed: dict[Any, Any] = {document: sa.bindparam("new", type_=sa.JSON())}
            if fingerprint:
                changed[rows.c.fingerprint] = sa.bindparam("new_fingerprint")
            connection.execute(sa.update(rows).where(condition).values(changed), values)


def _renamed(document: Json, words: Words) -> Json:
    return {words.get(name, name): value for name, value in document.items()}


def _with_families(node: Any, entry: Words, families: Words) -> Any:
    """A catalog with other names of an entry's fields and of families, wherever a schema refers to one."""
    if isinstance(node, list):
        return [_with_families(one, entry, families) for one in node]
    if not isinstance(node, dict):
        return node
    new = {name: _with_families(value, entry, families) for name, value in _renamed(node, entry).items()}
    for name in ("family", "name", "x-family"):
        if isinstance(new.get(name), str):
            new[name] = families.get(new[name], new[name])
    return new


def _fingerprint(spec: Json) -> str:
    """As `backend.domain.experiment.experiment.fingerprint` made it when this migration was written."""
    return hashlib.sha256(json.dumps(spec, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
