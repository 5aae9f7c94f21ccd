"""Reads pages of the documentation: the tables in them, and whether the names that they cite exist.

A name stands in backticks: `worker/engine/` or `worker/app.py` is a path, where `<word>` stands for any one folder;
`worker.engine.training.trainer.Trainer.run` a module or what it defines; `frontend/src/live/feed.ts: Feed.take` what a script
defines; `GET /api/runs` a route; `python -m worker.trainer` a module that is run. Nothing is imported.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = "backend|client|worker|tests|benchmarks"

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CITED = re.compile(r"`([^`\n]+)`")
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def documents(root: Path = ROOT) -> list[Path]:
    """Every page that people read, those of the whole project first."""
    return [*sorted(root.glob("*.md")), *sorted(root.glob("docs/**/*.md"))]


def prose(page: str) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page)


def cited(page: str) -> Iterator[str]:
    """Everything in backticks, fenced blocks aside."""
    yield from _CITED.findall(prose(page))


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below `heading`, row by row, without its header. Raises ValueError without one."""
    section = re.split(r"^#+ ", page.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    if len(rows) < 3:
        raise ValueError(f"no table below the heading {heading!r}")
    return [[cell.strip() for cell in row] for row in rows[2:]]


def checker(name: str) -> Callable[[Path, str], bool] | None:
    """The check that says whether what is cited exists below a root; None when it is no name of this repository."""
    return next((check for pattern, check in _KINDS if re.fullmatch(pattern, name)), None)


def wrong(page: str, root: Path = ROOT) -> list[str]:
    """The cited names that do not exist."""
    return [name for name in dict.fromkeys(cited(page)) if (check := checker(name)) and not check(root, name)]


def constant(root: Path, name: str) -> float:
    """The number that a constant, a setting's default, or a script's constant holds. Raises LookupError without one."""
    if ": " in name:
        path, _, word = name.partition(": ")
        found = re.search(rf"^(?:export )?const {word} = ([\d_.]+);", (root / path).read_text(), re.MULTILINE)
        return float(found[1]) if found else _missing(name)
    node = definition(root, name)
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Call):
        value = next((argument.value for argument in value.keywords if argument.arg == "default"), None)
    return float(ast.literal_eval(value)) if value is not None else _missing(name)


def _missing(name: str) -> float:
    raise LookupError(f"{name} is no constant")


def definition(root: Path, name: str) -> ast.AST | None:
    """The module, class, function or assignment that a dotted name means; None when there is none."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        place = root.joinpath(*parts[:count])
        file = next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)
        if file is not None:
            return _within(ast.parse(file.read_text()), parts[count:])
    return None


def _within(node: ast.AST | None, parts: list[str]) -> ast.AST | None:
    for part in parts:
        node = next((child for child in getattr(node, "body", []) if part in _names(child)), None)
    return node


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, _DEFINITIONS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _path(root: Path, name: str) -> bool:
    found = root.glob(re.sub(r"<\w+>", "*", name.rstrip("/")))
    return any(path.is_dir() or not name.endswith("/") for path in found)


def _dotted(root: Path, name: str) -> bool:
    return definition(root, name) is not None


def _script(root: Path, name: str) -> bool:
    path, _, word = name.partition(": ")
    owner, _, member = word.partition(".")
    text = (root / path).read_text() if (root / path).is_file() else ""
    defined = (
        rf"^(?:export )?(?:default )?(?:async )?(?:abstract )?(?:class|const|function|interface|let|type) {owner}\b"
    )
    inside = rf"^  (?:private |readonly |async |get |static )*{member}\b"
    return all(re.search(pattern, text, re.MULTILINE) for pattern in (defined, *([inside] if member else [])))


def _route(root: Path, name: str) -> bool:
    method, _, path = name.partition(" ")
    paths = json.loads((root / "frontend/openapi.json").read_text())["paths"]
    return any(method.lower() in methods for known, methods in paths.items() if _shape(known) == _shape(path))


def _shape(path: str) -> str:
    """`/api/runs/{run_id}` and `/api/runs/{id}` are one route."""
    return re.sub(r"{\w+}", "{}", path)


def _command(root: Path, name: str) -> bool:
    module = root.joinpath(*name.split()[2].split("."))
    return (module / "__main__.py").is_file() or module.with_suffix(".py").is_file()


_KINDS: list[tuple[str, Callable[[Path, str], bool]]] = [
    (rf"(?:{PACKAGES}|docs|frontend|lathe)/[\w./<>-]*", _path),
    (rf"(?:{PACKAGES})(?:\.\w+)+", _dotted),
    (r"frontend/src/[\w/]+\.tsx?: \w+(?:\.\w+)?", _script),
    (r"(?:GET|POST|PUT|PATCH|DELETE) /[\w/{}.]*", _route),
    (rf"python -m (?:{PACKAGES})\b[\w. ]*", _command),
]
