"""Models of answers: generated from the server's description, and lenient towards newer servers."""

import copy
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from backend.domain.run import events as server_events
from backend.domain.run.events import EventKind
from backend.domain.run.states import TERMINAL
from client import RunState, events
from client.wire import models
from client.wire.base import Reply
from client.wire.generate import DESCRIPTION, MODELS, generate

Schemas = dict[str, Any]


@pytest.fixture
def description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return found


def files(folder: Path = MODELS) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.glob("*.py")}


def test_the_package_is_what_the_generator_writes(description: dict[str, Any]) -> None:
    """`make client`"""
    assert generate(description) == files()


def _add(schemas: Schemas) -> None:
    schemas["RunRow"]["properties"]["mood"] = {"type": "string"}


def _rename(schemas: Schemas) -> None:
    schemas["Series"]["properties"]["numbers"] = schemas["Series"]["properties"].pop("values")


def _retype(schemas: Schemas) -> None:
    schemas["TrialRow"]["properties"]["steps"] = {"type": "number"}


def _grow(schemas: Schemas) -> None:
    schemas["RunState"]["enum"].append("asleep")


def _explain(schemas: Schemas) -> None:
    schemas["Latency"]["properties"]["calls"]["description"] = "Timed calls."


@pytest.mark.parametrize("change", [_add, _rename, _retype, _grow, _explain])
def test_a_changed_schema_is_noticed(description: dict[str, Any], change: Callable[[Schemas], None]) -> None:
    changed = copy.deepcopy(description)
    change(changed["components"]["schemas"])
    assert generate(changed) != files()


def test_a_schema_that_nobody_reads_changes_nothing(description: dict[str, Any]) -> None:
    description["components"]["schemas"]["Template"]["properties"]["mood"] = {"type": "string"}
    assert generate(description) == files()


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ({"$ref": "#/components/schemas/Nowhere"}, KeyError),
        ({"type": "sound"}, KeyError),
        ({"type": "object", "default": {"a": 1}}, ValueError),
    ],
)
def test_a_schema_without_an_annotation_is_refused(
    description: dict[str, Any], field: Schemas, error: type[Exception]
) -> None:
    description["components"]["schemas"]["RunRow"]["properties"]["mood"] = field
    with pytest.raises(error):
        generate(description)


@pytest.mark.usefixtures("processes")
def test_the_generator_needs_nothing_of_the_client(tmp_path: Path) -> None:
    """A copy writes the models of a checkout that has none."""
    script = tmp_path / "client" / "wire" / "generate.py"
    script.parent.mkdir(parents=True)
    (tmp_path / "frontend").mkdir()
    script.write_text(MODELS.with_name("generate.py").read_text())
    (tmp_path / "frontend" / "openapi.json").write_text(DESCRIPTION.read_text())
    subprocess.run([sys.executable, "-I", script], cwd=tmp_path, check=True, timeout=60)
    assert files(script.with_name("models")) == files()


def test_every_model_can_be_built() -> None:
    replies = [model for model in vars(models).values() if isinstance(model, type) and issubclass(model, Reply)]
    assert len(replies) > 20 and all(model.model_rebuild(force=True) for model in replies)


def test_the_states_that_end_a_run_are_the_servers() -> None:
    assert {str(state) for state in RunState if state.terminal} == set(map(str, TERMINAL))


def test_every_kind_of_event_has_a_class() -> None:
    assert set(events.KINDS) == set(map(str, EventKind))


def unwritten(kind: type[events.Event]) -> set[str]:
    """Fields of the class that the server's table of events does not name for its kind."""
    text, row = {"": ""}, ""
    for name, body in re.findall(r"^\| (\w*) +\| (.*) \|$", server_events.__doc__ or "", re.MULTILINE):
        row = name or row
        text[row] = f"{text.get(row, '')} {body}"
    own = {name: field for name, field in kind.model_fields.items() if name not in events.Event.model_fields}
    names = {"kind" if field.validation_alias == "body_kind" else name for name, field in own.items()}
    return names - set(re.findall(r"\w+", text[kind.KIND]))


@pytest.mark.parametrize("kind", sorted(set(events.KINDS) - {"points"}))
def test_every_field_of_an_event_is_one_that_the_server_writes(kind: str) -> None:
    assert unwritten(events.KINDS[kind]) == set()


def test_the_check_catches_what_the_server_does_not_write() -> None:
    class Mood(events.Rewound):
        mood: str
        command_kind: str = Field(validation_alias="body_kind")

    assert unwritten(Mood) == {"mood", "kind"}


def test_numbers_that_json_lacks_are_numbers() -> None:
    series = models.Series.model_validate(
        {"metric": "loss", "steps": [1, 2], "times": [0.1, 0.2], "values": ["NaN", "-Infinity"], "points": 2}
    )
    assert math.isnan(series.values[0]) and series.values[1] == -math.inf


def test_a_kind_of_tomorrow_is_an_event_with_its_body() -> None:
    data = {"run_id": "r", "seq": 1, "kind": "eclipse", "at": "2026-01-31T10:00:00Z", "body": {"sun": 0}, "new": 1}
    event = events.event(data)
    assert type(event) is events.Event and event.kind == "eclipse" and event.body == {"sun": 0}


def test_a_word_of_tomorrow_is_kept() -> None:
    created = models.RunCreated.model_validate({"id": "r", "state": "asleep", "new": [1]})
    assert created.state == "asleep" and isinstance(created.state, RunState) and not created.state.terminal
    assert created.model_dump(mode="json") == {"id": "r", "state": "asleep"}
    assert f"{created.state}" == "asleep" and "asleep" not in list(RunState)


def test_a_word_is_text() -> None:
    with pytest.raises(ValueError, match="state"):
        models.RunCreated.model_validate({"id": "r", "state": 7})
