"""Modules import each other in no circle, and none is hidden by importing for the type checker alone."""

from collections import defaultdict
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.contracts import Import, imports

HIDDEN = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from {root}.worker.nature import Nature\n"
LATE = "def grow():\n    from {root}.worker.nature import Nature\n"
PLAIN = "from {root}.worker.nature import Nature\n"


def circle(found: Iterable[Import]) -> list[str]:
    """The modules of one circle, from the first to the first again; none when there is no circle."""
    graph: dict[str, set[str]] = defaultdict(set)
    for importer, imported in found:
        graph[importer].add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        modules: list[str] = error.args[1]
        return modules
    return []


def test_there_is_no_circle() -> None:
    assert circle(imports()) == []


@pytest.mark.parametrize("line", [HIDDEN, LATE, PLAIN], ids=["for types alone", "late", "plain"])
def test_the_check_catches_a_circle(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = f"planted_{abs(hash(line))}"
    folder = tmp_path / root / "worker"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "nature.py").write_text(f"from {root}.worker import nurture\n")
    (folder / "nurture.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert circle(imports(f"{root}.")) == []
    (folder / "nurture.py").write_text(line.format(root=root))
    assert set(circle(imports(f"{root}."))) == {"worker.nature", "worker.nurture"}
