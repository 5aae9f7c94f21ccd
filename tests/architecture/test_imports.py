"""The import contracts hold, and each of them catches the import that it exists for."""

from pathlib import Path

import pytest

from tests.architecture.contracts import CONTRACTS, Contract, imports

# contract, the module that breaks it, the line that does
PLANTS = [
    (0, "backend/api/sneaky.py", "from {root}worker import supervisor"),
    (0, "backend/charts/sneaky.py", "import torch.nn.functional"),
    (1, "worker/engine/sneaky.py", "from {root}backend import config"),
    (1, "worker/sneaky.py", "import {root}backend.api.runs"),
    (2, "backend/spec/sneaky.py", "from {root}backend.store import tables"),
    (2, "backend/spec/sneaky.py", "import sqlalchemy"),
    (3, "backend/store/sneaky.py", "import fastapi"),
    (3, "backend/store/sneaky.py", "def late():\n    from {root}backend.config import Config"),
    (4, "backend/data/sneaky.py", "from {root}backend.store import session"),
    (4, "backend/data/sneaky.py", "import sqlalchemy"),
    (5, "backend/charts/sneaky.py", "from {root}backend.store import session"),
    (6, "worker/engine/sneaky.py", "from {root}worker.components.optimizers.adam import Adam"),
    (6, "worker/models/sneaky.py", "from {root}worker.contracts.families.models import mlp"),
    (7, "worker/pruners/sneaky.py", "from {root}worker.contracts.families.quantizers import Quantizer"),
    (8, "worker/stages/sneaky.py", "from {root}worker.engine import trainer"),
    (9, "client/sneaky.py", "from {root}backend.spec import runs"),
    (9, "client/cli/sneaky.py", "import numpy"),
    (10, "worker/sneaky.py", "from {root}client import Lathe"),
]
TREE = [
    *(
        f"backend/{name}.py"
        for name in ("config", "api/runs", "spec/runs", "store/tables", "store/session", "charts/loss")
    ),
    *(f"client/{name}.py" for name in ("lathe", "cli/commands")),
    *(f"worker/{name}.py" for name in ("supervisor", "engine/trainer", "optimizers/adam", "models/mlp")),
    *(f"worker/{name}.py" for name in ("pruners/magnitude", "quantizers/dynamic_int8", "stages/prune")),
]


@pytest.fixture(scope="module")
def real() -> list[tuple[str, str]]:
    return imports()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.sentence)
def test_contract_holds(contract: Contract, real: list[tuple[str, str]]) -> None:
    assert contract.violations(real) == []


def test_the_graph_saw_the_whole_tree(real: list[tuple[str, str]]) -> None:
    assert ("worker.components.optimizers.adam", "worker.contracts.families.optimizers") in real
    assert ("worker.components.optimizers.adam", "torch") in real
    assert {importer.partition(".")[0] for importer, _ in real} == {"backend", "client", "worker"}


@pytest.mark.parametrize(("number", "path", "line"), PLANTS, ids=[f"{path}: {line}" for _, path, line in PLANTS])
def test_contract_catches_a_planted_import(
    number: int, path: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = f"planted_{abs(hash((path, line)))}"
    for file in (tmp_path / root / name for name in (*TREE, path)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        for package in (parent for parent in file.parents if parent.is_relative_to(tmp_path / root)):
            (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert CONTRACTS[number].violations(imports(f"{root}.")) == []
    (tmp_path / root / path).write_text(line.format(root=f"{root}."))
    broken = path.removesuffix(".py").replace("/", ".")
    assert [text.partition(" ")[0] for text in CONTRACTS[number].violations(imports(f"{root}."))] == [broken]


def test_every_contract_has_a_plant() -> None:
    assert {number for number, _, _ in PLANTS} == set(range(len(CONTRACTS)))
