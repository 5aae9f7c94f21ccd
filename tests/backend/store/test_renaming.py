"""The migration to the words of the field: what an older release stored is found under its new names, and back again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, text

from backend.domain.experiment.experiment import Experiment, fingerprint
from backend.store.engine import open_engine
from backend.store.migrate import config

NOON = "2026-01-01 12:00:00"
SPEC: dict[str, Any] = {
    "name": "old",
    "dataset": {"kind": "digits"},
    "preparation": {"kind": "none"},
    "model": {"kind": "mlp"},
    "stages": [{"kind": "train"}],
    "interventions": [{"kind": "set", "step": 3, "path": "optimizer.lr", "value": 0.1}],
    "alerts": [{"metric": "train/loss", "above": 3.0, "then": "tell"}],
}
CATALOG = {
    "families": [{"name": "folders"}],
    "entries": [{"family": "folders", "kind": "linear", "nature": ["open"], "parameters": {"x-family": "folders"}}],
}


@pytest.fixture
def old(database_url: str) -> Iterator[Engine]:
    """A database of 0.1 with something in every place that has an older word."""
    engine = open_engine(database_url, foreign_keys=False)
    with engine.begin() as connection:
        command.upgrade(config(connection), "0013")
        for table, row in ROWS:
            names = ", ".join(f'"{name}"' for name in row)
            connection.execute(
                text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})"),
                {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()},
            )
    yield engine
    engine.dispose()


RUN = {
    "experiment_id": "e", "seed": 0, "color": 0, "state": "queued", "epoch": 0, "heartbeat": 0, "attempts": 0, "last_seq": 0,
    "step": 0, "active_seconds": 0.0, "latest": {}, "created_at": NOON, "priority": 0,
}  # fmt: skip
TRIAL = {
    "study_id": "s", "number": 0, "state": "running", "assignment": {}, "generation": 0, "asked": 7, "told": True, "looks": 3,
    "values": [], "violation": 0.0, "steps": 0, "seconds": 0.0,
}  # fmt: skip
STUDY = {
    "id": "s", "name": "s", "document": {"name": "s", "spec": SPEC}, "state": "running", "trials": 1, "generation": 0,
    "importance": {}, "beat": 0, "created_at": NOON,
}  # fmt: skip
WORKER = {
    "id": "w", "name": "w", "device": {}, "catalog": CATALOG, "heartbeat": 0, "started_at": NOON, "heartbeat_at": NOON,
}  # fmt: skip
ROWS: list[tuple[str, dict[str, Any]]] = [
    ("lathe_studies", STUDY),
    ("experiments", {"id": "e", "name": "old", "spec": SPEC, "fingerprint": "f", "created_at": NOON}),
    ("runs", {"id": "r", **RUN}),
    ("runs", {"id": "c", **RUN, "ghost_of": "r", "ghost_seq": 4}),
    ("events", {"run_id": "r", "seq": 1, "kind": "exhibit", "at": NOON, "body": {"kind": "search"}}),
    ("events", {"run_id": "r", "seq": 2, "kind": "verdict", "at": NOON, "body": {"code": "dead_units"}}),
    ("events", {"run_id": "r", "seq": 3, "kind": "alert", "at": NOON, "body": {"then": "tell"}}),
    ("events", {"run_id": "r", "seq": 4, "kind": "points", "at": NOON, "body": {}}),
    ("exhibits", {"run_id": "r", "kind": "search", "stage": 0, "step": 9, "body": {"knob": "sparsity"}, "at": NOON}),
    ("lathe_trials", TRIAL),
    ("workers", WORKER),
]


def found(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        rows = connection.execute(text(query)).all()
    return [[json.loads(one) if isinstance(one, str) and one[:1] in "{[" else one for one in row] for row in rows]


def move(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        (command.upgrade if revision == "head" else command.downgrade)(config(connection), revision)


def test_what_was_stored_is_found_under_its_new_names(old: Engine) -> None:
    move(old, "head")
    assert found(old, "SELECT kind FROM events ORDER BY seq") == [["summary"], ["diagnostic"], ["alert"], ["points"]]
    assert found(old, "SELECT body FROM events WHERE kind = 'alert'") == [[{"then": "report"}]]
    assert found(old, "SELECT kind, step, body FROM summaries") == [["search", 9, {"parameter": "sparsity"}]]
    assert found(old, "SELECT id, counterfactual_seq FROM runs WHERE counterfactual_of = 'r'") == [["c", 4]]
    assert found(old, "SELECT optuna_number, reported, reported_values FROM lathe_trials") == [[7, True, 3]]
    [[catalog]] = found(old, "SELECT catalog FROM workers")
    assert catalog["families"] == [{"name": "fusions"}]
    assert catalog["entries"][0] == {
        "family": "fusions", "kind": "linear", "capabilities": ["open"], "parameters": {"x-family": "fusions"},
    }  # fmt: skip


def test_specs_are_rewritten_and_keep_a_fingerprint_of_their_own(old: Engine) -> None:
    move(old, "head")
    [[spec, stored]] = found(old, "SELECT spec, fingerprint FROM experiments")
    assert spec["commands"] == SPEC["interventions"] and spec["alerts"][0]["then"] == "report"
    assert "interventions" not in spec and list(spec) == [*list(SPEC)[:5], "commands", "alerts"]
    assert found(old, "SELECT document FROM lathe_studies") == [[{"name": "s", "spec": spec}]]
    whole = Experiment.model_validate(spec).model_dump(mode="json")
    with old.begin() as connection:  # as it is when every default is stored
        command.downgrade(config(connection), "0013")
        old_whole = {"interventions" if name == "commands" else name: value for name, value in whole.items()}
        connection.execute(text("UPDATE experiments SET spec = :spec"), {"spec": json.dumps(old_whole)})
        command.upgrade(config(connection), "head")
    assert found(old, "SELECT fingerprint FROM experiments") == [[fingerprint(Experiment.model_validate(whole))]]
    assert stored != "f"


def test_the_way_back_gives_the_older_words(old: Engine) -> None:
    move(old, "head")
    move(old, "0013")
    assert found(old, "SELECT kind FROM events ORDER BY seq") == [["exhibit"], ["verdict"], ["alert"], ["points"]]
    assert found(old, "SELECT body FROM exhibits") == [[{"knob": "sparsity"}]]
    assert found(old, "SELECT ghost_of, ghost_seq FROM runs WHERE id = 'c'") == [["r", 4]]
    assert found(old, "SELECT asked, told, looks FROM lathe_trials") == [[7, True, 3]]
    assert found(old, "SELECT spec FROM experiments") == [[SPEC]]
    assert found(old, "SELECT catalog FROM workers") == [[CATALOG]]
