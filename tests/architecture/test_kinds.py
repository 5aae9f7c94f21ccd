"""No code of the worker decides by the name of another component: families publish what others ask about."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def kinds(root: Path) -> dict[str, set[Path]]:
    """The files of each kind: families may use a name twice."""
    found: dict[str, set[Path]] = {}
    for path in sorted(root.glob("worker/components/*/[!_]*.py")):
        found.setdefault(path.stem, set()).add(path)
    return found


def spelled(root: Path) -> list[str]:
    """Each place that compares a kind with a component's name, looks it up in a table by kind, or makes one by name."""
    known = kinds(root)
    places = {
        f"{path.relative_to(root)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in sorted(root.glob("worker/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if any(path not in known.get(name, {path}) for name in _named(node)) or _looks_up(node)
    }
    return sorted(places)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare) and any(map(_is_kind, [node.left, *node.comparators])):
        yield from _texts(node)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (name for key, value in pairs if key and "kind" in _texts(key) for name in _texts(value))
    if isinstance(node, ast.Call) and _called(node) in ("find", "choose"):
        yield from (name for argument in node.args for name in _texts(argument))


def _looks_up(node: ast.AST) -> bool:
    """Returns whether a table that is written down is asked for a kind."""
    if isinstance(node, ast.Subscript):
        return _is_kind(node.slice) and _is_table(node.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return any(map(_is_kind, node.args[:1])) and _is_table(node.func.value)
    return False


def _is_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Dict) or (isinstance(node, ast.Name) and node.id.isupper())


def _is_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "kind"


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _texts(node: ast.AST) -> list[str]:
    return [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]


def test_nobody_spells_the_name_of_another_component() -> None:
    assert spelled(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        "if stage.kind == 'prune': pass",
        "if after.kind not in ('train', 'prune'): pass",
        "draw = {'prune': 1}[stage.kind]",
        "draw = TABLE.get(stage.kind)",
        "stage = Stage.choose({'kind': 'prune'})",
        "stage = find('stages', 'prune')",
    ],
)
def test_the_check_catches_a_name(line: str, tmp_path: Path) -> None:
    own = tmp_path / "worker" / "components" / "stages" / "prune.py"
    for folder in (own.parent, tmp_path / "worker" / "engine"):
        folder.mkdir(parents=True)
    own.write_text("if self.kind == 'prune': pass")
    (tmp_path / "worker" / "engine" / "fine.py").write_text(
        "if file.kind == 'checkpoint' or how == 'prune': refused[one.kind]"
    )
    (tmp_path / "worker" / "engine" / "sneaky.py").write_text(line)
    assert spelled(tmp_path) == ["worker/engine/sneaky.py:1"]
