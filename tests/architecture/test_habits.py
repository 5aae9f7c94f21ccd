"""Habits that keep two laws: one place commits, and a user's data is never executed."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMITS = "backend/store/session.py"
EXECUTES = {"eval", "exec", "compile", "__import__"}
UNPICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
UNSAFE = {("weights_only", False), ("allow_pickle", True), ("shell", True)}


def offences(root: Path) -> Iterator[str]:
    for path in sorted(
        path for place in ("backend", "client", "lathe", "worker") for path in root.glob(f"{place}/**/*.py")
    ):
        name = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            yield from (f"{name}:{node.lineno}: {offence}" for offence in _offences_of(node, name))  # type: ignore[attr-defined]


def _offences_of(node: ast.AST, name: str) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        yield from (f"imports {module}" for module in modules if module.partition(".")[0] in UNPICKLES)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id in EXECUTES:
            yield f"calls {node.func.id}"
        if isinstance(node.func, ast.Attribute) and node.func.attr == "commit" and name != COMMITS:
            yield "commits"
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Constant) and (keyword.arg, keyword.value.value) in UNSAFE:
                yield f"says {keyword.arg}={keyword.value.value}"


def test_nobody_offends() -> None:
    assert list(offences(ROOT)) == []


@pytest.mark.parametrize(
    ("line", "offence"),
    [
        ("session.commit()", "commits"),
        ("eval('1')", "calls eval"),
        ("import pickle", "imports pickle"),
        ("def f():\n    from joblib import load", "imports joblib"),
        ("torch.load(path, weights_only=False)", "says weights_only=False"),
        ("numpy.load(path, allow_pickle=True)", "says allow_pickle=True"),
    ],
)
def test_the_check_catches_an_offence(line: str, offence: str, tmp_path: Path) -> None:
    for folder in ("backend/store", "worker"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / COMMITS).write_text("session.commit()\n")
    (tmp_path / "worker" / "fine.py").write_text("model.eval()\nre.compile('x')\ntorch.load(path, weights_only=True)\n")
    (tmp_path / "worker" / "sneaky.py").write_text(line)
    assert [found.partition(": ")[2] for found in offences(tmp_path)] == [offence]
