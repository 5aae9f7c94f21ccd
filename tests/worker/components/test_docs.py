"""The page on components: its example works as printed, and its table names every family."""

import re
from pathlib import Path

import pytest
import yaml

from backend.domain.experiment.experiment import resolve
from tests.worker.components.test_families import faults_of_fields, faults_of_prose
from tests.worker.components.test_optimizers import small_task, train
from worker.contracts.catalog import build
from worker.contracts.component import Component, discover, families, find

PAGE = (Path(__file__).parents[3] / "docs" / "components.md").read_text()


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.usefixtures("forget")
def test_the_example_is_a_component_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "optimizers" / "sign.py"
    file.parent.mkdir()
    file.write_text(block("python"))
    discover(tmp_path)
    catalog, sign = build(), find("optimizers", "sign")
    entry = catalog.find("optimizers", "sign")
    assert entry is not None
    assert faults_of_prose(sign) == [] and faults_of_fields(entry.parameters) == []

    experiment = resolve(yaml.safe_load(block("yaml")), catalog)
    optimizer = families()["optimizers"].choose(experiment.stages[0]["optimizer"])
    assert optimizer == sign(lr=0.002)

    model, measure = small_task()
    weight = next(model.parameters())
    before, start = measure().item(), weight.detach().clone()
    train(sign, optimizer.build(model.parameters()), (model, measure), 1)
    assert (weight - start).abs().detach() == pytest.approx(0.002, rel=1e-3)
    train(sign, optimizer.build(model.parameters()), (model, measure), 20)
    assert measure().item() < before


@pytest.mark.parametrize("family", families().values(), ids=lambda family: family.family)
def test_the_table_names_the_method_of_every_family(family: type[Component]) -> None:
    row = re.search(rf"^\| `{family.family}` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert row is not None
    assert callable(getattr(family, row[1]))


def test_every_path_that_the_page_names_exists() -> None:
    root = Path(__file__).parents[3]
    paths = re.findall(r"`((?:worker|tests)/[\w/]+\.py)`", PAGE)
    assert len(paths) > 5
    assert [path for path in paths if not (root / path).is_file()] == []
