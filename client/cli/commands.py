"""Runs each command: asks the client, shows the answer, returns the exit code."""

import json
import sys
from argparse import Namespace
from pathlib import Path

from rich.text import Text

from client.cli import show, watching, words
from client.lathe import Lathe
from client.runs.run import Run
from client.tradeoffs import Tradeoffs
from client.wire.models import CatalogEntry, CommandRow, RunDetail, RunState, StudyRow, TradeoffPoint

OBEY_SECONDS = 3.0  # that a command waits to say what became of it

RUNS = ("run", "name", "seed", "state", "stage", "step", "accuracy", "created")
ARTIFACTS = ("artifact", "kind", "stage", "step", "bytes")
KNOBS = ("knob", "now", "planned", "bounds")


def submit(lathe: Lathe, asked: Namespace) -> int:
    made = lathe.submit(_spec(asked.spec), seeds=asked.seed, orders=asked.orders)
    for one in made.left_out:
        show.say(f"left out {one.name}: {one.reason}", stderr=True)
    return _queued(lathe, made.runs, asked.watch)


def fork(lathe: Lathe, asked: Namespace) -> int:
    spec = None if asked.spec is None else _spec(asked.spec)
    made = lathe.run(asked.run).fork(stage=asked.stage, checkpoint=asked.checkpoint, spec=spec)
    return _queued(lathe, [made], asked.watch)


def study(lathe: Lathe, asked: Namespace) -> int:
    """Prints the id of the study. Returns 0 when it finishes, 1 when it fails, 3 when it is stopped."""
    made = lathe.begin_study(_spec(asked.study))
    show.say(made.id)
    if not asked.watch:
        return 0
    try:
        for row in made.watch():
            show.say(_study_told(row), stderr=True)
    except KeyboardInterrupt:
        show.say("The study continues without you.", stderr=True)
        raise
    if row.best is not None:
        run = "" if row.best.run_id is None else f", run {row.best.run_id[:8]}"
        show.say(f"best: trial {row.best.number}{run}, {_values(row)}: {_json(row.best.assignment)}")
    return {"finished": 0, "stopped": watching.CODES[RunState.STOPPED]}.get(row.state, watching.CODES[RunState.FAILED])


def _study_told(row: StudyRow) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in sorted(row.counts.items()))
    best = f"; best {_values(row)}" if row.best else ""
    return f"{row.state}: {counts or 'no trial yet'}{best}" + (f". {row.error}" if row.error else "")


def _values(row: StudyRow) -> str:
    assert row.best is not None
    return ", ".join(f"{name} {value:.4g}" for name, value in zip(row.objectives, row.best.values, strict=True))


def studies(lathe: Lathe, asked: Namespace) -> int:
    found = lathe.studies()
    if not found:
        show.say("There are no studies yet.", stderr=True)
        return 0
    lines = ((row.id, row.name, _study_told(row), words.age(row.created_at)) for row in found)
    show.table(("study", "name", "state", "created"), lines)
    return 0


def _spec(named: str) -> str | Path:
    return sys.stdin.read() if named == "-" else Path(named)


def _queued(lathe: Lathe, runs: list[Run], watch: bool) -> int:
    """Prints the ids to the standard output, so that another command can read them."""
    for run in runs:
        show.say(run.id)
    return watching.follow(lathe, runs) if watch else 0


def runs(lathe: Lathe, asked: Namespace) -> int:
    found = lathe.runs(states=asked.state or (), search=asked.search, limit=asked.limit)
    if not found:
        show.say("There are no such runs." if asked.search or asked.state else "There are no runs yet.", stderr=True)
        return 0
    show.table(RUNS, map(_line, found), right=("seed", "step", "accuracy"))
    return 0


def _line(run: Run) -> tuple[str | Text, ...]:
    row = run.row
    accuracy = words.percent(row.latest.get("validation/accuracy", row.latest.get("train/accuracy")))
    progress = (show.state(row.state), words.stage(row), words.steps(row))
    return (row.id[:8], row.name, f"{row.seed}", *progress, accuracy, words.age(row.created_at))


def look(lathe: Lathe, asked: Namespace) -> int:
    run = lathe.run(asked.run)
    seen = run.look()
    if asked.json:
        show.say_json(seen.model_dump(mode="json"))
        return 0
    show.say(f"{seen.name}, seed {seen.seed}: {seen.state}")
    show.say(_course(seen))
    for relative in seen.relatives:
        show.say(f"{relative.relation} {relative.id[:8]} {relative.name}: {relative.state}")
    if seen.error:
        show.say(seen.error)
    show.say("")
    show.results(run)
    if seen.artifacts:
        show.say("")
        left = [
            (one.id, one.kind, f"{one.stage + 1}", f"{one.step:,}", words.size(one.bytes)) for one in seen.artifacts
        ]
        show.table(ARTIFACTS, left, right=ARTIFACTS[2:])
    return 0


def _course(seen: RunDetail) -> str:
    created = f"created {seen.created_at:%Y-%m-%d %H:%M} UTC"
    return f"run {seen.id}, stage {words.stage(seen)}, step {words.steps(seen)}, {words.times(seen)}, {created}"


def watch(lathe: Lathe, asked: Namespace) -> int:
    return watching.follow(lathe, [lathe.run(name) for name in dict.fromkeys(asked.run)])


def steer(lathe: Lathe, asked: Namespace) -> int:
    return max([_steer(lathe.run(name), asked.kind, asked.why) for name in dict.fromkeys(asked.run)])


def _steer(run: Run, kind: str, why: str | None) -> int:
    commands = {
        "pause": run.pause, "resume": run.resume, "stop": run.stop,
        "cancel": run.cancel, "checkpoint": run.checkpoint, "next": run.next,
    }  # fmt: skip
    return _obeyed(run, commands[kind](why=why))


def turn(lathe: Lathe, asked: Namespace) -> int:
    run = lathe.run(asked.run)
    return _obeyed(run, run.set(asked.path, asked.value, why=asked.why))


def _obeyed(run: Run, command: CommandRow) -> int:
    """Prints the outcome of the command. Returns 1 when the run refused it."""
    event = run.outcome(command, OBEY_SECONDS)
    if event is None:
        show.say(f"{command.kind}: accepted; the run will obey it between two steps.")
        return 0
    show.say(watching.told(event))
    return int(event.state == "refused")


def knobs(lathe: Lathe, asked: Namespace) -> int:
    found = lathe.run(asked.run).knobs()
    if not found:
        show.say("The current stage has no live parameters.", stderr=True)
        return 0
    lines = ((one.path, _json(one.value), _json(one.planned), _bounds(one.bounds)) for one in found)
    show.table(KNOBS, lines, right=("now", "planned"))
    return 0


def _bounds(schema: dict[str, object]) -> str:
    """Bounds in short: `≥ 0, < 1`."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return ", ".join(f"{sign} {_json(schema[name])}" for name, sign in signs.items() if name in schema)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def replay(lathe: Lathe, asked: Namespace) -> int:
    show.say_raw(lathe.run(asked.run).replay())
    return 0


def download(lathe: Lathe, asked: Namespace) -> int:
    show.say(str(lathe.run(asked.run).download(asked.kind, asked.to, stage=asked.stage)))
    return 0


def tradeoffs(lathe: Lathe, asked: Namespace) -> int:
    """Returns 0 when a model meets the constraint, else 1."""
    answer = lathe.tradeoffs(asked.where, minimize=asked.minimize, dataset=asked.dataset)
    for sentence in filter(None, (answer.sentence, answer.note)):
        show.say(sentence)
    shown = (answer.meeting or answer.missing_least)[: asked.limit]
    if shown:
        names = _measures(answer, asked.minimize, asked.where)
        columns = ("run", "name", "seed", "stage", "format", *names, "95 % interval", "n")
        show.table(columns, (_candidate(one, names) for one in shown), right=("seed", *names, "n"))
    return int(not answer.meeting)


def _measures(answer: Tradeoffs, minimize: str, where: str) -> list[str]:
    """The usual measures, then the others that the question names."""
    usual = ["accuracy", "bytes", "p50_ms@1"]
    asked = [name for name in answer.fields if name.removesuffix("_ms@1") in f"{minimize} {where}"]
    return [name for name in dict.fromkeys([*usual, *asked]) if name in answer.fields]


def _candidate(one: TradeoffPoint, names: list[str]) -> tuple[str, ...]:
    values = (words.measure(name, one.values.get(name)) for name in names)
    sure = f"{words.percent(one.interval.low)} to {words.percent(one.interval.high)}" if one.interval else "unknown"
    count = words.DASH if one.samples is None else f"{one.samples:,}"
    stage = f"{one.stage + 1} {one.label}"
    return (one.run_id[:8], one.run_name, f"{one.seed}", stage, one.exporter, *values, sure, count)


def catalog(lathe: Lathe, asked: Namespace) -> int:
    found = lathe.catalog()
    if asked.kind:
        _component(found.find(asked.family, asked.kind))
    elif asked.family:
        lines = ((one.kind, one.unavailable or one.summary) for one in found.family(asked.family))
        show.table((asked.family, "what it is"), lines)
    else:
        counts = {one.name: sum(entry.family == one.name for entry in found.entries) for one in found.families}
        families = ((one.name, f"{counts[one.name]}", one.summary) for one in found.families)
        show.table(("family", "kinds", "purpose"), families, right=("kinds",))
    return 0


def _component(one: CatalogEntry) -> None:
    for text in filter(None, (one.description, one.formula, one.reference, one.unavailable)):
        show.say_raw(f"{text.strip()}\n\n")
    fields = {name: field for name, field in one.parameters.get("properties", {}).items() if name != "kind"}
    required = one.parameters.get("required", [])
    defaults = {name: "required" if name in required else _json(field.get("default")) for name, field in fields.items()}
    lines = [(name, defaults[name], _bounds(field), field.get("description", "")) for name, field in fields.items()]
    show.table(("field", "default", "bounds", "what it is"), lines)
