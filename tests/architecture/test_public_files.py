"""The files that a public project carries agree on version, date and license, link to what exists, and can be parsed."""

import json
import re
import shutil
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend import __version__
from tests.architecture.pages import ROOT, documents, prose

STATED = ("CHANGELOG.md", "CITATION.cff", "LICENSE", "frontend/openapi.json", "frontend/package.json", "pyproject.toml")
RELEASE = re.compile(r"^## \[(\d[^\]]*)\] - (\d{4}-\d\d-\d\d)$", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]+))?\)")


def facts(root: Path) -> Iterator[tuple[str, str]]:
    """Yields the statements of the files as subject and value. The newest release stands first in the changelog."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    version, date = RELEASE.findall((root / "CHANGELOG.md").read_text())[0]
    yield "version", __version__
    yield "version", version
    yield "version", str(citation["version"])
    yield "version", _json(root / "frontend/openapi.json")["info"]["version"]
    yield "date", date
    yield "date", str(citation["date-released"])
    yield "license", _spdx((root / "LICENSE").read_text())
    yield "license", citation["license"]
    yield "license", _json(root / "frontend/package.json")["license"]
    yield "license", tomllib.loads((root / "pyproject.toml").read_text())["project"]["license"]


def _json(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def _spdx(text: str) -> str:
    """The short name of the license whose text this is, as far as its head and its end tell."""
    head, complete = " ".join(text.split()[:5]), text.rstrip().endswith("limitations under the License.")
    return "Apache-2.0" if head == "Apache License Version 2.0, January" and complete else head


def contradictions(root: Path) -> set[str]:
    """The subjects on which the files disagree."""
    values = defaultdict(set)
    for subject, value in facts(root):
        values[subject].add(value)
    return {subject for subject, stated in values.items() if len(stated) > 1}


def broken(root: Path) -> list[str]:
    """Each link to a file or heading that is not there, as `page: target`."""
    return [
        f"{page.relative_to(root)}: {link}"
        for page in documents(root)
        for link, heading in LINK.findall(prose(page.read_text()))
        if not _leads_somewhere(page.parent / link if link else page, heading)
    ]


def _leads_somewhere(target: Path, heading: str) -> bool:
    return target.exists() and (not heading or heading in _headings(target.read_text()))


def _headings(markdown: str) -> list[str]:
    """The names under which a forge links to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def forms(root: Path) -> list[Path]:
    """The YAML files that forges, pre-commit and those who cite read."""
    return sorted([*root.glob(".github/**/*.yml"), *root.glob(".pre-commit-config.yaml"), *root.glob("*.cff")])


def unreadable(root: Path) -> list[str]:
    """The forms that are no YAML, or no mapping."""
    return [str(file.relative_to(root)) for file in forms(root) if not _is_mapping(file.read_text())]


def _is_mapping(text: str) -> bool:
    try:
        return isinstance(yaml.safe_load(text), dict)
    except yaml.YAMLError:
        return False


def test_the_files_agree() -> None:
    assert contradictions(ROOT) == set()


@pytest.mark.parametrize(
    ("subject", "file", "stated", "planted"),
    [
        ("version", "CHANGELOG.md", f"## [{__version__}]", f"## [Unreleased]\n\n## [{__version__}.1]"),
        ("version", "CITATION.cff", f"version: {__version__}", "version: 0.0.1"),
        ("version", "frontend/openapi.json", f'"version": "{__version__}"', '"version": "0.0.1"'),
        ("date", "CITATION.cff", "date-released: ", "date-released: 1999-12-31 # "),
        ("license", "LICENSE", "Version 2.0, January 2004", "Version 1.1"),
        ("license", "LICENSE", "limitations under the License.", ""),
        ("license", "CITATION.cff", "Apache-2.0", "MIT"),
        ("license", "frontend/package.json", "Apache-2.0", "MIT"),
        ("license", "pyproject.toml", "Apache-2.0", "MIT"),
    ],
)
def test_the_check_sees_a_contradiction(subject: str, file: str, stated: str, planted: str, tmp_path: Path) -> None:
    (tmp_path / "frontend").mkdir()
    for name in STATED:
        shutil.copy(ROOT / name, tmp_path / name)
    assert contradictions(tmp_path) == set()
    before, text, after = (tmp_path / file).read_text().partition(stated)
    assert text
    (tmp_path / file).write_text(before + planted + after)
    assert contradictions(tmp_path) == {subject}


def test_every_link_leads_somewhere() -> None:
    assert broken(ROOT) == []


def test_the_check_sees_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "data.md").write_text("# Own data: files\n[up](../README.md#two--more) [gone](../docs.md)\n")
    text = "# A\n## Two & more\n[a](docs/data.md#own-data-files) [b](docs/data.md#own) [c](docs) ![d](docs/d.png) [e](#a) [f](#b)"
    (tmp_path / "README.md").write_text(f"{text} [g](https://example.org/g)\n```python\nx[0](y)\n```\n")
    assert broken(tmp_path) == [
        "README.md: docs/data.md",
        "README.md: docs/d.png",
        "README.md: ",
        "docs/data.md: ../docs.md",
    ]


def test_forges_can_read_their_forms() -> None:
    assert len(forms(ROOT)) >= 6
    assert unreadable(ROOT) == []


def test_the_check_sees_a_form_that_is_none(tmp_path: Path) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "broken.yml").write_text("on: push: main\n")
    (tmp_path / ".github" / "list.yml").write_text("- on\n")
    (tmp_path / "CITATION.cff").write_text("title: fine\n")
    assert unreadable(tmp_path) == [".github/broken.yml", ".github/list.yml"]
