"""Who may import whom. A contract is a sentence and the imports that break it."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import grimp

from worker.contracts.component import discover, families

discover()
FAMILIES = frozenset(families())

HEAVY = frozenset({"torch", "torchao", "torch_pruning", "onnx", "onnxruntime", "onnxscript", "sklearn", "safetensors"})
GROUND = frozenset({"pydantic", "pydantic_core", "pydantic_settings", "jsonschema", "yaml"})
INSTRUMENTS = ("worker.runtimes.kernels", "worker.runtimes")  # say what a runtime really executes
STORAGE = frozenset({"sqlalchemy", "alembic", "numpy", "pysqlite3", "psycopg", "pydantic"})
WIRE = frozenset({"httpx2", "plotly", "pydantic", "rich"})
CHECK = frozenset({"numpy", "pydantic"})

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
    roots = [prefix.removesuffix(".")] if prefix else ["backend", "client", "worker"]
    graph = grimp.build_graph(*roots, include_external_packages=True, cache_dir=None)
    return [
        (module.removeprefix(prefix), imported.removeprefix(prefix))
        for module in graph.modules
        if not graph.is_module_squashed(module)
        for imported in graph.find_modules_directly_imported_by(module)
    ]


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def family_of(module: str) -> str | None:
    """The family whose folder the module lies in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "worker" and parts[1] in FAMILIES else None


def is_component(module: str) -> bool:
    return family_of(module) is not None and module.count(".") >= 2


def foreign(imported: str, allowed: frozenset[str]) -> bool:
    """Somebody else's package that is not on the list; Python's own are always allowed."""
    top = imported.partition(".")[0]
    return top not in {"backend", "client", "worker", *allowed, *sys.stdlib_module_names}


COMPOSED = frozenset({"stages", "models"})  # families whose components hold components of other families


def component_reaches_out(importer: str, imported: str) -> bool:
    own, other = family_of(importer), family_of(imported)
    return own is not None and own not in COMPOSED and other is not None and other != own


CONTRACTS = [
    Contract(
        "The backend knows neither the worker nor torch.",
        lambda importer, imported: within(importer, "backend") and within(imported, "worker", *HEAVY),
    ),
    Contract(
        "Of the backend the worker sees spec and store alone.",
        lambda importer, imported: (
            within(importer, "worker")
            and within(imported, "backend")
            and not within(imported, "backend.spec", "backend.store")
        ),
    ),
    Contract(
        "Spec is the ground floor: pydantic, jsonschema and YAML, nothing of ours.",
        lambda importer, imported: (
            within(importer, "backend.spec")
            and (foreign(imported, GROUND) or (within(imported, "backend") and not within(imported, "backend.spec")))
        ),
    ),
    Contract(
        "The store knows spec and the database alone.",
        lambda importer, imported: (
            within(importer, "backend.store")
            and (
                foreign(imported, STORAGE)
                or (within(imported, "backend") and not within(imported, "backend.spec", "backend.store"))
            )
        ),
    ),
    Contract(
        "The check of people's files knows spec and NumPy alone.",
        lambda importer, imported: (
            within(importer, "backend.data")
            and (
                foreign(imported, CHECK)
                or (within(imported, "backend") and not within(imported, "backend.spec", "backend.data"))
            )
        ),
    ),
    Contract(
        "Charts know neither the API nor the database.",
        lambda importer, imported: (
            within(importer, "backend.charts")
            and within(imported, "backend.api", "backend.store.session", "sqlalchemy")
        ),
    ),
    Contract(
        "Nobody imports a component: it is found by its kind.",
        lambda importer, imported: is_component(imported),
    ),
    Contract("No component family knows another; stages and models alone put them together.", component_reaches_out),
    Contract(
        "Of the engine components see its instruments alone.",
        lambda importer, imported: (
            family_of(importer) is not None and within(imported, "worker.engine") and not within(imported, *INSTRUMENTS)
        ),
    ),
    Contract(
        "The client knows the wire alone: it is installed without the server.",
        lambda importer, imported: (
            within(importer, "client") and (foreign(imported, WIRE) or within(imported, "backend", "worker"))
        ),
    ),
    Contract(
        "Neither the server nor the worker uses the client.",
        lambda importer, imported: within(importer, "backend", "worker") and within(imported, "client"),
    ),
]
