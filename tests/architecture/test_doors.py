"""The commands that people are told to type exist, and the linters before a commit are those of `make lint`."""

import importlib.util
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.architecture.pages import ROOT

pytestmark = pytest.mark.usefixtures("processes")

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
WORKFLOW = (ROOT / ".github/workflows/test.yml").read_text()
PYTHON = ".venv/bin/python"
BUILTINS = {"cd", "wait"}
SETTING = re.compile(r"\w+=")


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The command, as from a shell of its own: not as part of the `make test` that may run this."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTEST_"))}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def reported(markdown: str) -> list[str]:
    """Each line of the text's blocks of shell commands."""
    blocks = re.findall(r"^```sh\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def can_be_typed(line: str) -> bool:
    """Checks a command without running it: a target of make, tests that are collected, a module that exists."""
    match shlex.split(line, comments=True):
        case ["make", *words]:
            return run("make", "-n", *words).returncode == 0
        case [program, "-m", "pytest", *words]:
            return program == PYTHON and run(sys.executable, "-m", "pytest", "--co", "-q", *words).returncode == 0
        case [program, "-m", module]:
            return program == PYTHON and importlib.util.find_spec(module) is not None
    return False


def unlisted(folder: Path) -> set[str]:
    """Targets that people may type and `make help` does not tell of, or the other way round."""
    phony = re.findall(r"^\.PHONY: (.+)$", (folder / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^make (\S+) +\S.*$", run("make", "-s", "help", cwd=folder).stdout, re.MULTILINE)
    return {target for line in phony for target in line.split()} ^ set(listed)


def programs(script: str) -> set[tuple[str, ...]]:
    """The programs that a shell script runs and their arguments, wherever the programs lie."""
    return {command for line in script.splitlines() for command in _programs(line)}


def _programs(line: str) -> Iterator[tuple[str, ...]]:
    tokens = shlex.shlex(line, posix=True, punctuation_chars=True)
    tokens.whitespace_split = True
    for parts, words in itertools.groupby(tokens, lambda token: set(token) <= set("();<>|&")):
        match [] if parts else list(itertools.dropwhile(SETTING.match, words)):
            case ["bash", "-c", script]:
                yield from programs(script)
            case [program, *rest] if program not in BUILTINS:
                yield Path(program).name, *rest


def hooks() -> str:
    """The commands that pre-commit runs, one a line."""
    configured: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repository["repo"] for repository in configured["repos"]] == ["local"]
    return "\n".join(hook["entry"] for hook in configured["repos"][0]["hooks"])


def linters() -> str:
    """The recipe of `make lint`, with nothing left to set up before it."""
    ready = [f"--old-file=.venv/stamps/{stamp}" for stamp in ("dev", "frontend")]
    return run("make", "-n", *ready, "lint").stdout


def runs_every_test(workflow: str) -> bool:
    """True when a pull request is tested in the same way as a person tests it."""
    parsed: dict[Any, Any] = yaml.safe_load(workflow)
    steps = [step for job in parsed["jobs"].values() for step in job["steps"]]
    return "pull_request" in parsed[True] and {"run": "make test"} in steps  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize("line", reported(CONTRIBUTING))
def test_what_contributors_are_told_to_type_can_be_typed(line: str) -> None:
    assert can_be_typed(line)


@pytest.mark.parametrize(
    "line",
    [
        "make tset",
        "make test nothing",
        ".venv/bin/python -m pytest tests/architecture/test_nothing.py",
        ".venv/bin/python -m pytest tests/architecture/test_size.py::test_nothing",
        ".venv/bin/python -m tests.nothing",
        "venv/bin/python -m tests.past.make",
        "tox",
    ],
)
def test_the_check_sees_what_cannot_be_typed(line: str) -> None:
    assert reported(f"Text\n```sh\n{line}  # so\n\n```\n") == [f"{line}  # so"]
    assert not can_be_typed(line)


def test_help_lists_every_door() -> None:
    assert unlisted(ROOT) == set()


def test_the_check_sees_a_door_without_a_word(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text()
    (tmp_path / "Makefile").write_text(re.sub(r"^(lint:.*) ## .+$", r"\1", text, flags=re.MULTILINE))
    assert unlisted(tmp_path) == {"lint"}


def test_the_hooks_are_the_linters() -> None:
    assert programs(hooks()) == programs(linters())
    assert ("ruff", "check", ".") in programs(hooks())


@pytest.mark.parametrize(
    ("line", "planted"),
    [
        (".venv/bin/mypy", ""),
        (".venv/bin/ruff check .", "ruff check --fix ."),
        ("npm run --silent check", "npm run --silent lint"),
        (".venv/bin/mypy", "mypy & .venv/bin/pylint worker"),
    ],
)
def test_the_comparison_sees_another_command(line: str, planted: str) -> None:
    assert line in hooks()
    assert programs(hooks().replace(line, planted)) != programs(linters())


def test_the_workflow_runs_every_test_on_each_request() -> None:
    assert runs_every_test(WORKFLOW)


@pytest.mark.parametrize(("line", "planted"), [("make test", "make lint"), ("pull_request", "workflow_dispatch")])
def test_the_check_sees_a_workflow_that_tests_less(line: str, planted: str) -> None:
    assert not runs_every_test(WORKFLOW.replace(line, planted))
