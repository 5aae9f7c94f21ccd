"""The page about the architecture is true: its names, folders, floors and paces are those of the code.

Names of this repository that other pages cite exist as well.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.pages import ROOT, checker, cited, constant, documents, table, wrong

PAGE = (ROOT / "docs/architecture.md").read_text()
PAGES = [path.relative_to(ROOT).as_posix() for path in documents() if path.name != "CHANGELOG.md"]  # it names what was


def unknown(page: str) -> list[str]:
    """Text in backticks that is no name which can be checked."""
    return [name for name in cited(page) if checker(name) is None]


def undrawn(page: str) -> list[str]:
    """The processes of the table that the drawing lacks."""
    drawing = page.split("```")[1]
    return [process for process, *_ in table(page, "Processes") if process not in drawing]


def untrue(page: str) -> Iterator[str]:
    """The paces that are not what their constants hold, or in another unit."""
    for name, value, _ in table(page, "Paces"):
        number, _, unit = value.replace(",", "").partition(" ")
        name = name.strip("`")
        times = "ms" if ": " in name else "s"
        if constant(ROOT, name) != float(number) or (unit in ("s", "ms") and unit != times):
            yield f"{name}: {value}"


def described(page: str) -> dict[str, str]:
    """The floor of each folder on the page; empty for a part of a folder."""
    return {folder.strip("`"): floor for folder, floor, _ in table(page, "Folders")}


def folders(root: Path = ROOT) -> set[str]:
    """Every folder of modules or templates in the backend and the worker, families as one."""
    files = (file for place in ("backend", "worker") for file in (root / place).glob("*/**/*.*"))
    found = {file.parent.relative_to(root).as_posix() for file in files if file.suffix in (".py", ".yaml")}
    return {re.sub(r"^(worker/components)/\w+$", r"\1/<family>", folder) + "/" for folder in found}


def undescribed(root: Path = ROOT) -> list[str]:
    """The packages whose docstring is no sentence."""
    files = (
        file
        for place in ("backend", "client", "lathe", "worker")
        for file in sorted((root / place).rglob("__init__.py"))
    )
    first_lines = ((file, (ast.get_docstring(ast.parse(file.read_text())) or "").partition("\n")[0]) for file in files)
    return [file.parent.relative_to(root).as_posix() for file, line in first_lines if not re.match(r"[A-Z].*\.$", line)]


def floors() -> Iterator[tuple[str, str]]:
    """Each folder that the layers of the contracts name, with its floor, counted from below."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in (contract for contract in contracts if contract["type"] == "layers"):
        place = "".join(f"{container}." for container in contract.get("containers", []))
        for floor, layer in enumerate(reversed(contract["layers"]), 1):
            for name in layer.replace("|", " ").replace(":", " ").split():
                yield f"{place}{name}".replace(".", "/") + "/", str(floor)


def misplaced(page: str) -> set[tuple[str, str]]:
    """Folders with their floor that the page and the contracts do not agree on."""
    reported = {(folder, floor) for folder, floor in described(page).items() if floor}
    return reported ^ {(folder, floor) for folder, floor in floors() if (ROOT / folder).is_dir()}


def test_every_name_on_the_page_can_be_checked() -> None:
    assert unknown(PAGE) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_name_on_a_page_exists(page: str) -> None:
    assert wrong((ROOT / page).read_text()) == []


def test_every_process_is_drawn() -> None:
    assert undrawn(PAGE) == []


def test_every_pace_is_what_its_constant_says() -> None:
    assert list(untrue(PAGE)) == []


def test_every_folder_is_on_the_page() -> None:
    assert folders() - described(PAGE).keys() == set()


def test_every_package_says_what_it_holds() -> None:
    assert undescribed() == []


def test_every_folder_is_on_the_floor_that_the_contracts_give_it() -> None:
    assert misplaced(PAGE) == set()


@pytest.mark.parametrize(
    ("name", "mistaken"),
    [
        ("`worker/engine/`", "`worker/motor/`"),
        ("`worker/components/<family>/`", "`worker/parts/<family>/`"),
        ("`backend.store.runs.write`", "`backend.store.runs.scribble`"),
        ("`worker.engine.reporter.Reporter.flush`", "`worker.engine.reporter.Reporter.rinse`"),
        ("`worker.engine.reporter.FLUSH_SECONDS`", "`worker.engine.reporter.FLUSH_HOURS`"),
        ("`frontend/src/live/feed.ts: Feed.take`", "`frontend/src/live/feed.ts: Feed.gulp`"),
        ("`frontend/src/live/live.ts: caughtUp`", "`frontend/src/live/life.ts: caughtUp`"),
        ("`POST /api/experiments`", "`PUT /api/experiments`"),
        ("`python -m worker.trainer`", "`python -m worker.coach`"),
    ],
)
def test_a_wrong_name_is_caught(name: str, mistaken: str) -> None:
    assert name in PAGE
    assert wrong(PAGE.replace(name, mistaken)) == [mistaken.strip("`")]


def test_a_name_of_no_kind_is_caught() -> None:
    assert unknown(f"{PAGE}\nThe loop is in `engine/trainer`.") == ["engine/trainer"]


@pytest.mark.parametrize(
    ("pace", "mistaken"),
    [
        ("`worker.engine.reporter.FLUSH_SECONDS` | 0.1 s", "`worker.engine.reporter.FLUSH_SECONDS` | 0.2 s"),
        ("`frontend/src/live/feed.ts: PACE` | 100 ms", "`frontend/src/live/feed.ts: PACE` | 100 s"),
        ("`backend.domain.settings.Settings.claim_seconds` | 0.2 s", "`backend.domain.settings.Settings.claim_seconds` | 2 s"),
        ("1,024 steps", "1,042 steps"),
    ],
)  # fmt: skip
def test_a_wrong_number_is_caught(pace: str, mistaken: str) -> None:
    assert pace in PAGE
    assert len(list(untrue(PAGE.replace(pace, mistaken)))) == 1


def test_a_missing_folder_is_caught(tmp_path: Path) -> None:
    for folder in ("backend/api", "worker/attic", "worker/components/optimizers"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()
    assert folders(tmp_path) - described(PAGE).keys() == {"worker/attic/"}


def test_a_folder_on_another_floor_is_caught() -> None:
    mistaken = PAGE.replace("`worker/nn/` | 4", "`worker/nn/` | 5")
    assert misplaced(mistaken) == {("worker/nn/", "4"), ("worker/nn/", "5")}


@pytest.mark.parametrize("text", ["", '"""?worker.attic"""', '"""attic"""'])
def test_a_package_that_says_nothing_is_caught(text: str, tmp_path: Path) -> None:
    (tmp_path / "worker/attic").mkdir(parents=True)
    (tmp_path / "worker/__init__.py").write_text('"""Runs what people ask."""')
    (tmp_path / "worker/attic/__init__.py").write_text(text)
    assert undescribed(tmp_path) == ["worker/attic"]


def test_a_process_that_is_not_drawn_is_caught() -> None:
    assert undrawn(PAGE.replace("▶ measuring process", "▶ another process")) == ["measuring process"]
