"""Shell completion, made from the parser itself: it knows what the parser knows, whenever it is asked."""

from argparse import Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator

import shtab

FILES = {"SPEC": shtab.FILE, "STUDY": shtab.FILE, "PATH": shtab.FILE, "FOLDER": shtab.DIRECTORY}  # by metavar


def script(parser: ArgumentParser, shell: str) -> str:
    """The script that `shell` sources."""
    for action in _actions(parser):
        if action.metavar in FILES:
            action.complete = FILES[action.metavar]  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)


def _actions(parser: ArgumentParser) -> Iterator[Action]:
    """Every argument of the parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, _SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
