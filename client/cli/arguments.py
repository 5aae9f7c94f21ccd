"""Arguments of the client's commands."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from client.cli import commands, data
from client.lathe import Lathe
from client.wire.models import RunState

Do = Callable[[Lathe, Namespace], int]
Make = Callable[[str, Do, str], ArgumentParser]


def add(root: ArgumentParser, made: Any) -> None:
    """Add the client's commands to `made`, the subparsers of `root`."""
    root.add_argument("--url", metavar="URL", help="the server, instead of LATHE_URL")

    def command(name: str, do: Do, summary: str) -> ArgumentParser:
        described = f"{summary[:1].upper()}{summary[1:]}."
        one: ArgumentParser = made.add_parser(name, help=summary, description=described)
        one.set_defaults(do=do)
        return one

    def about_run(name: str, do: Do, summary: str) -> ArgumentParser:
        one = command(name, do, summary)
        one.add_argument("run", metavar="RUN")
        return one

    _submitting(command)
    _sending(command)
    _looking(command, about_run)
    _steering(command, about_run)


def _submitting(command: Make) -> None:
    run = command("run", commands.submit, "queue the runs of a spec")
    run.add_argument("spec", metavar="SPEC", help="a YAML or JSON file; - reads from standard input")
    run.add_argument(
        "--seed", type=int, action="append", metavar="N", help="seed of a run; may be repeated, with a run for each"
    )
    run.add_argument(
        "--orders", type=_indexes, metavar="I,J,…", help="indexes of stages, from 0: a run for every order of them"
    )
    run.add_argument("--watch", action="store_true", help="follow the runs until they are over, then show the results")
    check = command("check", commands.check, "check a spec without queueing anything")
    check.add_argument("spec", metavar="SPEC", help="a YAML or JSON file; - reads from standard input")
    study = command("study", commands.study, "start the study of a file")
    study.add_argument("study", metavar="STUDY", help="a YAML or JSON file; - reads from standard input")
    study.add_argument("--watch", action="store_true", help="follow it until it is over, then show the best trial")


def _sending(command: Make) -> None:
    upload = command("upload", data.upload, "send data of your own")
    upload.add_argument(
        "file",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a file, a folder of pictures, or an NPY file of inputs and one of targets",
    )
    for name, summary in data.OPTIONS.items():
        upload.add_argument(f"--{name}", metavar=name.upper(), help=summary)
    upload.add_argument(
        "--ignore", action="append", metavar="COLUMN", help="a column that is left out; may be repeated"
    )
    sent = command("data", data.data, "list data of your own, or describe one of them")
    sent.add_argument("data", nargs="?", metavar="DATA", help="an id, the start of one, or a name")
    sent.add_argument("--delete", action="store_true", help="delete it")


def _looking(command: Make, about_run: Make) -> None:
    runs = command("runs", commands.runs, "list runs, the newest first")
    runs.add_argument("search", nargs="?", default="", metavar="TEXT", help="part of a name, or the start of an id")
    runs.add_argument(
        "--state", action="append", choices=list(map(str, RunState)), help="only runs in this state; may be repeated"
    )
    runs.add_argument("--limit", type=int, default=20, metavar="N", help="largest number of rows (20)")
    command("studies", commands.studies, "list studies, the newest first")
    show = about_run("show", commands.show_run, "show a run: state, results, files")
    show.add_argument("--json", action="store_true", help="print the server's whole answer")
    watch = command("watch", commands.watch, "follow runs until they are over")
    watch.add_argument("run", metavar="RUN", nargs="+")
    tradeoffs = command("tradeoffs", commands.tradeoffs, "find the measured models that meet a constraint")
    tradeoffs.add_argument(
        "where", nargs="?", default="", metavar="CONSTRAINT", help='"accuracy >= 93%% and p95 <= 2ms"'
    )
    tradeoffs.add_argument(
        "--dataset", default="", help="kind, id of an upload, or any (default: that of the newest run)"
    )
    tradeoffs.add_argument("--machine", default="", help="name, or any (default: that of the newest run)")
    for name in ("run", "model", "format", "device"):
        tradeoffs.add_argument(
            f"--{name}", action="append", default=[], metavar=name.upper(), help="only these; may be repeated"
        )
    tradeoffs.add_argument("--minimize", default="bytes", metavar="MEASURE", help="measure to minimize (bytes)")
    tradeoffs.add_argument("--limit", type=int, default=10, metavar="N", help="largest number of rows (10)")
    catalog = command("catalog", commands.catalog, "list the components that a spec can name")
    catalog.add_argument("family", nargs="?", help="such as optimizers")
    catalog.add_argument("kind", nargs="?", help="such as adam: shows its description and its hyper-parameters")
    download = about_run("download", commands.download, "download a file of a run")
    download.add_argument("kind", metavar="KIND", help="such as onnx or checkpoint; the newest one is downloaded")
    download.add_argument("--stage", type=int, metavar="N", help="the file of this stage, counted from 0")
    download.add_argument("--to", type=Path, default=Path(), metavar="PATH", help="a file or a folder (.)")


def _steering(command: Make, about_run: Make) -> None:
    summaries = {
        "pause": "pause a run between two steps",
        "resume": "continue a paused run",
        "stop": "end a run early; its model is measured and kept",
        "cancel": "end a run now; nothing more is measured",
        "checkpoint": "write a checkpoint now",
        "next": "end the current training, and continue with the next part of the run",
    }
    for name, summary in summaries.items():
        one = command(name, commands.steer, summary)
        one.add_argument("run", metavar="RUN", nargs="+")
        one.set_defaults(kind=name)
        _explained(one)
    change = about_run("set", commands.set_parameter, "set a live parameter of a run")
    change.add_argument("path", metavar="PARAMETER", help="such as optimizer.lr")
    change.add_argument("value", type=_value, metavar="VALUE")
    _explained(change)
    about_run("parameters", commands.live_parameters, "list the live parameters of a run")
    about_run("replay", commands.replay, "print a spec that repeats by itself what people changed in a run")
    fork = about_run("fork", commands.fork, "queue a new run that starts from a checkpoint of this one")
    fork.add_argument("--stage", type=int, metavar="N", help="start from the end of this stage, counted from 0")
    fork.add_argument("--checkpoint", metavar="ID", help="start from this checkpoint (id of its artifact)")
    fork.add_argument("--spec", metavar="SPEC", help="spec of the new run (default: the same)")
    fork.add_argument("--watch", action="store_true", help="follow it until it is over, then show the results")


def _explained(command: ArgumentParser) -> None:
    command.add_argument("--why", metavar="TEXT", help="reason, in your own words; stored with the outcome")


def _indexes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ArgumentTypeError(f"`{text}` is not a list of stages: write their indexes, such as 1,2") from None


def _value(text: str) -> Any:
    """Reads a number or a truth value as JSON writes it; anything else is text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) else text
