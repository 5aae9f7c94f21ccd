"""Texts of the repository hold on every machine; docstrings and descriptions begin with a noun or a verb."""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SELF = "tests/architecture/test_text.py"
LARGEST = 1 << 20
CLAUSE = re.compile(
    r"((in|by|for|of|from|to|at|with|on) )?(what|whether|which|whom?|whose|where|how|when|why)\b|\?", re.IGNORECASE
)


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
    """Each docstring and description that begins with a clause instead of a noun or a verb, as file:line."""
    return [
        f"{name}:{line}"
        for name in names
        if name.endswith(".py")
        for line, text in explanations(ast.parse((root / name).read_bytes()))
        if CLAUSE.match(text.lstrip())
    ]


def explanations(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of each docstring, also those of attributes, and of each `description` of a field or an answer."""
    for node in ast.walk(tree):
        spoken = [node.value] if isinstance(node, ast.Expr) else []
        if isinstance(node, ast.keyword) and node.arg == "description":
            spoken = [node.value]
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            spoken = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "description"]
        for value in spoken:
            first = value.values[0] if isinstance(value, ast.JoinedStr) and value.values else value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield value.lineno, first.value


def test_no_file_names_a_folder_of_this_machine() -> None:
    assert named(ROOT, tracked(), personal(ROOT)) == []


def test_nothing_is_explained_by_a_clause() -> None:
    assert clauses(ROOT, [*tracked(), SELF]) == []


@pytest.mark.parametrize("sentence", ["What a chart is.", "Whether it fits.", "In which order.", "How it goes.", "?"])
@pytest.mark.parametrize(
    "code",
    [
        '"""{}"""',
        'def f():\n    """{}"""',
        'class A:\n    """{}"""',
        'class A:\n    async def f(self):\n        """\n        {}"""',
        'X = 1\n"""{}"""',
        'x: int = Field(description="{}")',
        'x = hyperparameter(1, ge=0, description=f"{} {{UNIT}}")',
        'answers = {{404: {{"description": "{}"}}}}',
    ],
)
def test_the_check_catches_a_clause(code: str, sentence: str, tmp_path: Path) -> None:
    fine = {"noun.py": code.format("Whereabouts of runs."), "bare.py": "x = 1", "notes.md": f'"""{sentence}"""'}
    for name, text in {**fine, "clause.py": code.format(sentence)}.items():
        (tmp_path / name).write_text(text)
    assert [found.partition(":")[0] for found in clauses(tmp_path, [*fine, "clause.py"])] == ["clause.py"]


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
