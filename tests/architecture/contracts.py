"""Contracts that import-linter cannot express: the packages that each folder may use; nobody imports a component.

A contract is a sentence and the direct imports that break it. The chains of imports are held by `pyproject.toml`.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grimp

GROUND = frozenset({"pydantic", "pydantic_core", "pydantic_settings", "jsonschema", "yaml"})
STORAGE = frozenset({"sqlalchemy", "alembic", "numpy", "pysqlite3", "psycopg", "pydantic"})
WIRE = frozenset({"httpx2", "plotly", "pydantic", "rich"})
CHECK = frozenset({"numpy", "PIL", "pyarrow", "pydantic"})
HEAVY = frozenset({"torch", "torchao", "torch_pruning", "onnx", "onnxruntime", "onnxscript", "sklearn", "safetensors"})
COMMAND = frozenset({"shtab"})
COMPONENTS = "worker.components"
OURS = ["backend", "client", "lathe", "worker"]

Import = tuple[str, str]  # importer, imported; modules of our own in full, those of others by their top name


@dataclass(frozen=True)
class Contract:
    sentence: str
    broken_by: Callable[[str, str], bool]

    def violations(self, imports: Iterable[Import]) -> list[str]:
        return sorted(
            f"{importer} imports {imported}" for importer, imported in imports if self.broken_by(importer, imported)
        )


def imports(prefix: str = "") -> list[Import]:
    """Every import of our packages, those under TYPE_CHECKING too; `prefix` is a package that holds planted ones."""
    roots = [prefix.removesuffix(".")] if prefix else OURS
    graph = grimp.build_graph(*roots, include_external_packages=True, cache_dir=None)
    return [
        (module.removeprefix(prefix), imported.removeprefix(prefix))
        for module in graph.modules
        if not graph.is_module_squashed(module)
        for imported in graph.find_modules_directly_imported_by(module)
    ]


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def names_a_component(importer: str, imported: str) -> bool:
    """A file of a family's folder, imported from another folder; or from there, unless it is the folder's helper."""
    if not within(imported, COMPONENTS) or imported.count(".") < 3:
        return False
    folder, _, name = imported.rpartition(".")
    return not (within(importer, folder) and name.startswith("_"))


def foreign(imported: str, allowed: frozenset[str]) -> bool:
    """Somebody else's package that is not on the list; Python's own are always allowed."""
    top = imported.partition(".")[0]
    return top not in {*OURS, *allowed, *sys.stdlib_module_names}


CONTRACTS = [
    Contract(
        "The domain is the ground floor: pydantic, jsonschema and YAML, nothing of ours.",
        lambda importer, imported: within(importer, "backend.domain") and foreign(imported, GROUND),
    ),
    Contract(
        "The store knows the database alone.",
        lambda importer, imported: within(importer, "backend.store") and foreign(imported, STORAGE),
    ),
    Contract(
        "The check of people's files knows NumPy, Arrow and Pillow alone.",
        lambda importer, imported: within(importer, "backend.data") and foreign(imported, CHECK),
    ),
    Contract(
        "Charts know no database.",
        lambda importer, imported: (
            within(importer, "backend.charts") and within(imported, "backend.store.session", "sqlalchemy")
        ),
    ),
    Contract("Nobody imports a component: it is found by its kind.", names_a_component),
    Contract(
        "The client is installed without the server.",
        lambda importer, imported: within(importer, "client") and foreign(imported, WIRE),
    ),
    Contract(
        "The command starts without anybody else's package, but for completion.",
        lambda importer, imported: within(importer, "lathe") and foreign(imported, COMMAND),
    ),
]
