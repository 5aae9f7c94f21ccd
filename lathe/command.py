"""The command line: the arguments of every command, and who obeys them."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

from backend import __version__
from lathe import doors
from lathe.environment import default_folder

DESCRIPTION = "Start Lathe; submit, follow, steer and compare its runs. RUN is an id, or how it begins."
ENVIRONMENT = """environment:
  LATHE_DATA_DIR  where everything is kept; else DATA_DIR, else {folder}
  LATHE_URL       the server; else the one that was started here on that folder, else http://127.0.0.1:8000
  LATHE_TOKEN     its token; else the file `token` of that folder"""
SHELLS = ("bash", "zsh", "fish")


def main(arguments: Sequence[str] | None = None) -> int:
    """Obey a command line, that of this process by default. Returns the exit code, unless the process becomes another."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    requested = parser(with_client=words[:1] not in ([name] for name in (*doors.DOORS, "--version"))).parse_args(words)
    given = doors.flags(requested)
    match requested:
        case Namespace(door=name):
            doors.enter(name, given)
        case Namespace(shell=shell):
            from lathe import completion

            sys.stdout.write(completion.script(parser(), shell))
            return 0
    from client.cli import obey

    os.environ |= {f"LATHE_{name.upper()}": value for name, value in given.items()}
    return obey(requested)


def parser(with_client: bool = True) -> ArgumentParser:
    """The parser of every command. That of the client takes 0.3 s to import: the server starts without it."""
    root = ArgumentParser(
        prog="lathe",
        description=DESCRIPTION,
        epilog=ENVIRONMENT.format(folder=default_folder()),
        formatter_class=RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"lathe {__version__}")
    root.add_argument("--data", default=SUPPRESS, **doors.FLAGS["--data"])
    made = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    doors.add(made)
    completion = made.add_parser("completion", help="print what makes a shell complete these commands")
    completion.add_argument("shell", choices=SHELLS, help="such as: source <(lathe completion bash)")
    if with_client:
        from client.cli import arguments

        arguments.add(root, made)
    return root
