"""Imports between the modules of the front end, read from their text."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2] / "frontend" / "src"
TEST_HELPERS = {"example.ts", "making.ts"}
STATEMENT = re.compile(r"""(import type\b|\bfrom\b|\bimport\b)(?:[^"'`;]*?\bfrom)?\s*\(?\s*["']([^"'\n]+)["']""")


class Import(NamedTuple):
    """One module that another one imports, as paths below the root; `types` says that nothing of it is run."""

    importer: str
    imported: str
    types: bool


def sources(root: Path = ROOT) -> Iterator[Path]:
    """The modules that are shipped: no tests, and nothing that stands there for tests alone."""
    found = sorted(path for path in root.rglob("*") if path.suffix in {".ts", ".tsx"} and ".test." not in path.name)
    yield from (path for path in found if path.name not in TEST_HELPERS | {"schema.d.ts"})


def imports(root: Path = ROOT) -> list[Import]:
    """Every import of a module of our own, late ones and those of types too; styles are none."""
    return [
        Import(path.relative_to(root).as_posix(), _place(path, name, root), statement == "import type")
        for path in sources(root)
        for statement, name in STATEMENT.findall(path.read_text())
        if name.startswith((".", "@/")) and not name.endswith(".css")
    ]


def _place(importer: Path, name: str, root: Path) -> str:
    start, rest = (root, name.removeprefix("@/")) if name.startswith("@/") else (importer.parent, name)
    return Path(os.path.normpath(start / rest)).relative_to(root).as_posix()


def folder(module: str) -> str:
    """The folder that a module lies in; a module directly under the root stands for itself."""
    return module.rpartition("/")[0] or module


def circles(found: list[Import]) -> list[set[str]]:
    """Folders that reach one another, each set once."""
    graph: dict[str, set[str]] = {}
    for importer, imported, _ in found:
        if folder(importer) != folder(imported):
            graph.setdefault(folder(importer), set()).add(folder(imported))
    reached = {start: _reachable(start, graph) for start in graph}
    groups = [frozenset(other for other in reached[start] if start in reached.get(other, ())) for start in graph]
    return [set(group) for group in dict.fromkeys(groups) if group]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = graph.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return seen
