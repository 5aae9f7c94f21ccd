"""Texts of the repository hold on every machine, and docstrings of modules begin with a noun or a verb."""

import ast
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SELF = "tests/architecture/test_text.py"
LARGEST = 1 << 20
CLAUSE = re.compile(r"(in )?(what|whether|which|who|where|how|when|why)\b|\?", re.IGNORECASE)


def tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in names if name != SELF and (ROOT / name).is_file()]


def personal(own: Path) -> re.Pattern[str]:
    """A path below somebody's home, or the place where this checkout happens to lie."""
    places = [r"/home/\w", r"/Users/\w", r"/root/", r"[A-Z]:\\Users\\"]
    if len(own.parts) > 2:  # a checkout at /app would forbid too much
        places.append(re.escape(str(own)) + r"\b")
    return re.compile("|".join(places))


def named(root: Path, names: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """Each line that names such a place, as file:line."""
    found = []
    for name in names:
        content = (root / name).read_bytes()
        if b"\0" in content[:8000]:
            continue
        lines = content.decode(errors="replace").splitlines()
        found += [f"{name}:{number}" for number, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def clauses(root: Path, names: Iterable[str]) -> list[str]:
    """Each Python file whose docstring begins with a clause instead of the module's subject or its verb."""
    modules = [name for name in names if name.endswith(".py")]
    return [name for name in modules if CLAUSE.match(ast.get_docstring(ast.parse((root / name).read_bytes())) or "")]


def test_no_file_names_a_folder_of_this_machine() -> None:
    assert named(ROOT, tracked(), personal(ROOT)) == []


def test_no_module_begins_with_a_clause() -> None:
    assert clauses(ROOT, [*tracked(), SELF]) == []


@pytest.mark.parametrize("sentence", ["What a chart is.", "Whether it fits.", "In which order.", "How it goes.", "?"])
def test_the_check_catches_a_clause(sentence: str, tmp_path: Path) -> None:
    fine = {"noun.py": '"""Whereabouts of runs."""', "bare.py": "x = 1", "notes.md": f'"""{sentence}"""'}
    for name, text in {**fine, "clause.py": f'"""{sentence}"""'}.items():
        (tmp_path / name).write_text(text)
    assert clauses(tmp_path, [*fine, "clause.py"]) == ["clause.py"]


def test_no_file_is_huge() -> None:
    assert [name for name in tracked() if (ROOT / name).stat().st_size > LARGEST] == []


@pytest.mark.parametrize(
    "line", ["cd /home/ada/lathe", "/Users/ada/data", "x = '/root/.cache'", "C:\\Users\\ada", "/srv/ci/lathe"]
)
def test_the_check_catches_a_folder(line: str, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(f"fine\n{line}\n")
    assert named(tmp_path, ["notes.md"], personal(Path("/srv/ci/lathe"))) == ["notes.md:2"]


def test_the_check_leaves_ordinary_paths_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("/usr/share/datasets, /tmp/x, DATA_DIR/home, GET /api/runs, /srv/ci/lathes\n")
    assert named(tmp_path, ["notes.md"], personal(Path("/srv/ci/lathe"))) == []
