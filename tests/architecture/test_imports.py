"""The import contracts hold, and each of them catches the import that it exists for."""

from pathlib import Path

import pytest

from tests.architecture.contracts import CONTRACTS, OURS, Contract, imports

# contract, the module that breaks it, the line that does
PLANTS = [
    (0, "backend/domain/sneaky.py", "import sqlalchemy"),
    (1, "backend/store/sneaky.py", "import fastapi"),
    (1, "backend/store/sneaky.py", "def late():\n    import torch"),
    (2, "backend/data/sneaky.py", "import sqlalchemy"),
    (3, "backend/charts/sneaky.py", "from {root}backend.store import session"),
    (4, "worker/engine/sneaky.py", "from {root}worker.components.optimizers.adam import Adam"),
    (4, "worker/components/models/sneaky.py", "from {root}worker.components.models import mlp"),
    (4, "worker/components/pruners/sneaky.py", "from {root}worker.components.models import _layers"),
    (5, "client/cli/sneaky.py", "import numpy"),
    (6, "lathe/sneaky.py", "import rich"),
]
TREE = [
    *(f"backend/{name}.py" for name in ("api/runs", "domain/settings", "store/session", "charts/loss", "data/table")),
    *(f"client/{name}.py" for name in ("lathe", "cli/commands")),
    "lathe/doors.py",
    *(f"worker/{name}.py" for name in ("engine/trainer", "components/optimizers/adam", "components/pruners/magnitude")),
    *(f"worker/components/models/{name}.py" for name in ("mlp", "_layers")),
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
    assert {importer.partition(".")[0] for importer, _ in real} == set(OURS)


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
