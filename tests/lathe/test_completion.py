"""Shell completion knows what the parser knows."""

import subprocess
from argparse import ArgumentParser
from pathlib import Path

import pytest

from lathe.command import SHELLS, parser
from lathe.completion import script

# Bash calls the function that the script has registered as it does when somebody presses Tab.
PRESS_TAB = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9
function=$(complete -p lathe | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" lathe "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("completion") / "lathe.bash"
    file.write_text(script(parser(), "bash"))
    return file


def pressed(script: Path, folder: Path, *words: str) -> set[str]:
    """The words that a real Bash offers for the last one."""
    command = ["bash", "--norc", "-c", PRESS_TAB, "bash", script, "lathe", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=True)
    assert not done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["m"], {"migrate"}),
        (["co"], {"completion"}),
        (["up", "--"], {"--help", "--port", "--data", "--workers", "--no-browser", "--verbose"}),
        (["runs", "--state", "s"], {"succeeded", "stopped"}),
        (["completion", ""], set(SHELLS)),
        (["run", "spec"], {"spec.yaml"}),
        (["up", "--data", "f"], {"folder"}),
    ],
)
def test_bash_completes(bash_script: Path, tmp_path: Path, words: list[str], offered: set[str]) -> None:
    (tmp_path / "spec.yaml").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert pressed(bash_script, tmp_path, *words) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_a_command_that_is_added_is_completed_in_each_shell(shell: str) -> None:
    def made(*names: str) -> ArgumentParser:
        root = ArgumentParser(prog="lathe")
        commands = root.add_subparsers()
        for name in names:
            commands.add_parser(name, help=name).add_argument(f"--of-{name}")
        return root

    text = script(made("known", "another"), shell)
    assert "another" in text and "of-another" in text
    assert "another" not in script(made("known"), shell)
