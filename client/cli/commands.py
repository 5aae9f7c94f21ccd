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
LIVE_PARAMETERS = ("parameter", "now", "planned", "bounds")


def submit(lathe: Lathe, options: Namespace) -> int:
    made = lathe.submit(_spec(options.spec), seeds=options.seed, orders=options.orders)
    for note in made.notes:
        show.say(note, stderr=True)
    for one in made.left_out:
        show.say(f"left out {one.name}: {one.reason}", stderr=True)
    return _queued(lathe, made.runs, options.watch)


def check(lathe: Lathe, options: Namespace) -> int:
    """Prints each problem with its field's path. Returns 1 when there is one."""
    checked = lathe.check(_spec(options.spec))
    for note in checked.notes:
        show.say(note, stderr=True)
    for problem in checked.problems:
        show.say(f"{problem.path}: {problem.message}" if problem.path else problem.message)
    if not checked.problems:
        show.say("The spec is right.")
    return int(bool(checked.problems))


def fork(lathe: Lathe, options: Namespace) -> int:
    spec = None if options.spec is None else _spec(options.spec)
    made = lathe.run(options.run).fork(stage=options.stage, checkpoint=options.checkpoint, spec=spec)
    return _queued(lathe, [made], options.watch)


def study(lathe: Lathe, options: Namespace) -> int:
    """Prints the id of the study. Returns 0 when it finishes, 1 when it fails, 3 when it is stopped."""
    made = lathe.start_study(_spec(options.study))
    show.say(made.id)
    if not options.watch:
        return 0
    try:
        for row in made.watch():
            show.say(_describe_study(row), stderr=True)
    except KeyboardInterrupt:
        show.say("The study continues without you.", stderr=True)
        raise
    if row.best is not None:
        run = "" if row.best.run_id is None else f", run {row.best.run_id[:8]}"
        show.say(f"best: trial {row.best.number}{run}, {_values(row)}: {_json(row.best.assignment)}")
    return {"finished": 0, "stopped": watching.CODES[RunState.STOPPED]}.get(row.state, watching.CODES[RunState.FAILED])


def _describe_study(row: StudyRow) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in sorted(row.counts.items()))
    best = f"; best {_values(row)}" if row.best else ""
    return f"{row.state}: {counts or 'no trial yet'}{best}" + (f". {row.error}" if row.error else "")


def _values(row: StudyRow) -> str:
    assert row.best is not None
    return ", ".join(f"{name} {value:.4g}" for name, value in zip(row.objectives, row.best.values, strict=True))


def studies(lathe: Lathe, options: Namespace) -> int:
    found = lathe.studies()
    if not found:
        show.say("There are no studies yet.", stderr=True)
        return 0
    lines = ((row.id, row.name, _describe_study(row), words.age(row.created_at)) for row in found)
    show.table(("study", "name", "state", "created"), lines)
    return 0


def _spec(named: str) -> str | Path:
    return sys.stdin.read() if named == "-" else Path(named)


def _queued(lathe: Lathe, runs: list[Run], watch: bool) -> int:
    """Prints the ids to the standard output, so that another command can read them."""
    for run in runs:
        show.say(run.id)
    return watching.follow(lathe, runs) if watch else 0


def runs(lathe: Lathe, options: Namespace) -> int:
    found = lathe.runs(states=options.state or (), search=options.search, limit=options.limit)
    if not found:
        show.say(
            "There are no such runs." if options.search or options.state else "There are no runs yet.", stderr=True
        )
        return 0
    show.table(RUNS, map(_line, found), right=("seed", "step", "accuracy"))
    return 0


def _line(run: Run) -> tuple[str | Text, ...]:
    row = run.row
    accuracy = words.percent(row.latest.get("validation/accuracy", row.latest.get("train/accuracy")))
    progress = (show.state(row.state), words.stage(row), words.steps(row))
    return (row.id[:8], row.name, f"{row.seed}", *progress, accuracy, words.age(row.created_at))


def show_run(lathe: Lathe, options: Namespace) -> int:
    run = lathe.run(options.run)
    seen = run.fetch()
    if options.json:
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


def watch(lathe: Lathe, options: Namespace) -> int:
    return watching.follow(lathe, [lathe.run(name) for name in dict.fromkeys(options.run)])


def steer(lathe: Lathe, options: Namespace) -> int:
    return max([_steer(lathe.run(name), options.kind, options.why) for name in dict.fromkeys(options.run)])


def _steer(run: Run, kind: str, why: str | None) -> int:
    commands = {
        "pause": run.pause, "resume": run.resume, "stop": run.stop,
        "cancel": run.cancel, "checkpoint": run.checkpoint, "next": run.next,
    }  # fmt: skip
    return _obeyed(run, commands[kind](why=why))


def set_parameter(lathe: Lathe, options: Namespace) -> int:
    run = lathe.run(options.run)
    return _obeyed(run, run.set(options.path, options.value, why=options.why))


def _obeyed(run: Run, command: CommandRow) -> int:
    """Prints the outcome of the command. Returns 1 when the run refused it."""
    event = run.outcome(command, OBEY_SECONDS)
    if event is None:
        show.say(f"{command.kind}: accepted; the run will obey it between two steps.")
        return 0
    show.say(watching.describe(event))
    return int(event.state == "refused")


def live_parameters(lathe: Lathe, options: Namespace) -> int:
    found = lathe.run(options.run).live_parameters()
    if not found:
        show.say("The current stage has no live parameters.", stderr=True)
        return 0
    lines = ((one.path, _json(one.value), _json(one.planned), _bounds(one.bounds)) for one in found)
    show.table(LIVE_PARAMETERS, lines, right=("now", "planned"))
    return 0


def _bounds(schema: dict[str, object]) -> str:
    """Bounds in short: `≥ 0, < 1`."""
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return ", ".join(f"{sign} {_json(schema[name])}" for name, sign in signs.items() if name in schema)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def replay(lathe: Lathe, options: Namespace) -> int:
    show.say_raw(lathe.run(options.run).replay())
    return 0


def download(lathe: Lathe, options: Namespace) -> int:
    show.say(str(lathe.run(options.run).download(options.kind, options.to, stage=options.stage)))
    return 0


def tradeoffs(lathe: Lathe, options: Namespace) -> int:
    """Returns 0 when a model meets the constraint, else 1."""
    answer = lathe.tradeoffs(
        options.where,
        minimize=options.minimize,
        dataset=options.dataset,
        machine=options.machine,
        runs=[lathe.run(name) for name in options.run],
        models=options.model,
        formats=options.format,
        devices=options.device,
    )
    for sentence in filter(None, (answer.sentence, answer.note)):
        show.say(sentence)
    shown = (answer.meeting or answer.missing_least)[: options.limit]
    if shown:
        names = _measures(answer, options.minimize, options.where)
        columns = ("run", "name", "seed", "stage", "format", *names, "95 % interval", "n")
        show.table(columns, (_candidate(one, names) for one in shown), right=("seed", *names, "n"))
    return int(not answer.meeting)


def _measures(answer: Tradeoffs, minimize: str, where: str) -> list[str]:
    """The default measures, then the others that the question names."""
    default = ["accuracy", "bytes", "p50_ms@1"]
    named = [name for name in answer.fields if name.removesuffix("_ms@1") in f"{minimize} {where}"]
    return [name for name in dict.fromkeys([*default, *named]) if name in answer.fields]


def _candidate(one: TradeoffPoint, names: list[str]) -> tuple[str, ...]:
    values = (words.measure(name, one.values.get(name)) for name in names)
    sure = f"{words.percent(one.interval.low)} to {words.percent(one.interval.high)}" if one.interval else "unknown"
    count = words.DASH if one.samples is None else f"{one.samples:,}"
    stage = f"{one.stage + 1} {one.label}"
    return (one.run_id[:8], one.run_name, f"{one.seed}", stage, one.exporter, *values, sure, count)


def catalog(lathe: Lathe, options: Namespace) -> int:
    found = lathe.catalog()
    if options.kind:
        _component(found.find(options.family, options.kind))
    elif options.family:
        lines = ((one.kind, one.unavailable or one.summary) for one in found.family(options.family))
        show.table((options.family, "what it is"), lines)
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
