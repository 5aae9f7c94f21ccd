"""The front end's folders form layers, its charts know no stream, and it names no component."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.modules import ROOT, circles, imports, sources

COMPONENTS = ROOT.parents[1] / "worker" / "components"
TYPES_ALONE = ("api",)
UNKNOWN_TO_CHARTS = ("live", "pages", *TYPES_ALONE)

ORDINARY = {
    "auto": "a value of CSS, and a choice of the dialogs for data",
    "group": "an ARIA role, and a kind of node in a form",
    "none": "a value of CSS, and the word for nothing",
    "parameters": "a part of the types of a request",
    "step": "a field of a run",
    "task": "a field of an upload",
    "train": "a split of the data",
    "upload": "a mark of the schemas, and a parameter of addresses",
}
"""Kinds of components that are words with a meaning of their own in the browser, with that meaning. Beside the word `kind` they
are components all the same."""

COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
LITERAL = re.compile(r"""["'`]([a-z0-9_]+)["'`]""")
OF_A_KIND = re.compile(r"""kind["'\]?)]*\s*(?::|[!=]==?)\s*["'`]([a-z0-9_]+)["'`]""", re.IGNORECASE)


def kinds() -> set[str]:
    return {file.stem for file in COMPONENTS.glob("*/*.py") if not file.stem.startswith("_")}


def streams_in_charts(root: Path = ROOT) -> list[str]:
    """Imports by which charts would know where figures come from; types of the wire tell nothing of it."""
    return [
        f"{one.importer} imports {one.imported}"
        for one in imports(root)
        if one.importer.startswith("charts/")
        and one.imported.partition("/")[0] in UNKNOWN_TO_CHARTS
        and not (one.types and one.imported.partition("/")[0] in TYPES_ALONE)
    ]


def named(root: Path = ROOT) -> Iterator[str]:
    """Components that are named in a module."""
    known = kinds()
    for path in sources(root):
        text = COMMENT.sub("", path.read_text())
        found = {word for word in LITERAL.findall(text) if word not in ORDINARY} | set(OF_A_KIND.findall(text))
        yield from (f"{path.relative_to(root).as_posix()}: {word}" for word in sorted(found & known))


def test_no_folders_import_one_another() -> None:
    assert circles(imports()) == []


def test_charts_know_no_stream() -> None:
    assert streams_in_charts() == []


def test_no_component_is_named() -> None:
    assert list(named()) == []


def test_every_ordinary_word_is_a_kind_and_is_used() -> None:
    texts = [path.read_text() for path in sources()]
    assert set(ORDINARY) <= kinds()
    assert [word for word in ORDINARY if not any(f'"{word}"' in text for text in texts)] == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A front end of three layers, in which nothing is wrong."""
    for name, text in {
        "App.tsx": 'import { Chart } from "./charts/Chart";',
        "format.ts": "export const none = 'none';",
        "api/types.ts": "export type Figure = object;",
        "charts/Chart.tsx": 'import type { Figure } from "../api/types";\nimport { none } from "../format";',
        "live/live.ts": 'import { Chart } from "../charts/Chart";\nimport type { Figure } from "@/api/types";',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert (circles(imports(tmp_path)), streams_in_charts(tmp_path), list(named(tmp_path))) == ([], [], [])
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        'import { latest } from "../live/live";',
        'import type { Latest } from "../live/live";',
        'import {\n  latest,\n} from "../live/live";',
        'const late = () => import("../live/live");',
        'export { latest } from "../live/live";',
        'import "@/live/live";',
    ],
)
def test_a_planted_circle_is_caught(small: Path, line: str) -> None:
    (small / "charts" / "sneaky.ts").write_text(line)
    assert circles(imports(small)) == [{"charts", "live"}]
    assert streams_in_charts(small) == ["charts/sneaky.ts imports live/live"]


def test_charts_may_know_the_types_of_the_wire_alone(small: Path) -> None:
    (small / "charts" / "sneaky.ts").write_text('import { api } from "../api/client";')
    assert streams_in_charts(small) == ["charts/sneaky.ts imports api/client"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('const first = { kind: "cnn" };', "cnn"),
        ("const order = ['mlp'];", "mlp"),
        ('if (stage.kind === "train") train();', "train"),
        ("if (pruner['kind'] !== 'none') prune();", "none"),
        ('const part = { kind: "upload", id };', "upload"),
        ("const optimizer = `adamw`;", "adamw"),
    ],
)
def test_a_planted_component_is_caught(small: Path, line: str, kind: str) -> None:
    (small / "charts" / "sneaky.ts").write_text(line)
    assert list(named(small)) == [f"charts/sneaky.ts: {kind}"]


def test_a_component_in_a_comment_or_a_test_is_no_harm(small: Path) -> None:
    (small / "charts" / "fine.ts").write_text('/** As "cnn" does. */\n// Not "mlp".\nconst url = "https://a.b";')
    (small / "charts" / "fine.test.ts").write_text('const kind = "cnn";')
    assert list(named(small)) == []
