"""Files stay under 300 lines and functions under 60: what outgrows that has two jobs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES = 300, 60
PLACES = {"backend": [".py"], "client": [".py"], "lathe": [".py"], "worker": [".py"], "frontend/src": [".ts", ".tsx"]}


def sources(root: Path) -> Iterator[Path]:
    for place, suffixes in PLACES.items():
        yield from (path for path in sorted((root / place).rglob("*")) if path.suffix in suffixes)


def is_generated(text: str) -> bool:
    return "auto-generated" in text[:300]


def too_long(root: Path) -> list[str]:
    """Every file and Python function over the budget."""
    found = []
    for path in sources(root):
        text, name = path.read_text(), path.relative_to(root)
        if path.name.endswith(".d.ts") and is_generated(text):
            continue
        if (lines := len(text.splitlines())) > FILE_LINES:
            found.append(f"{name}: {lines} lines")
        if path.suffix == ".py":
            found += [
                f"{name}: {function} has {lines} lines" for function, lines in functions(text) if lines > FUNCTION_LINES
            ]
    return found


def functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.end_lineno - node.lineno + 1


def test_nothing_is_too_long() -> None:
    assert too_long(ROOT) == []


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_looked_at(place: str) -> None:
    assert any(path.is_relative_to(ROOT / place) for path in sources(ROOT))


def test_the_check_catches_what_is_too_long(tmp_path: Path) -> None:
    for place in PLACES:
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "backend" / "long.py").write_text("x = 1\n" * 301)
    (tmp_path / "client" / "models.py").write_text('"""auto-generated"""\n' + "x = 1\n" * 300)
    (tmp_path / "backend" / "fits.py").write_text("x = 1\n" * 300)
    (tmp_path / "worker" / "function.py").write_text("class A:\n    async def long(self):\n" + "        pass\n" * 60)
    (tmp_path / "frontend" / "src" / "Page.tsx").write_text("\n" * 301)
    (tmp_path / "frontend" / "src" / "schema.d.ts").write_text("/** This file was auto-generated */\n" + "\n" * 301)
    assert too_long(tmp_path) == [
        "backend/long.py: 301 lines",
        "client/models.py: 301 lines",
        "worker/function.py: long has 61 lines",
        "frontend/src/Page.tsx: 301 lines",
    ]
