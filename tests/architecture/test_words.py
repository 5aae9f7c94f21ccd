"""Holds identifiers, file names and texts that users read to the words of the glossary."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.pages import ROOT, cited, table
from tests.architecture.test_size import is_generated, sources

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
OTHERS = frozenset({"told", "taught", "anew"})
"""Words that no entry of the glossary names: say reported or described, with a teacher, again."""

EXEMPT = {
    "backend/store/migrations/": "a migration speaks of tables and columns as they were",
    "backend/domain/experiment/old_words.py": "reads specs of 0.1",
    "backend/api/renamed.py": "answers at addresses of 0.1",
    "client/": "has the names of 0.1 for one release",
    "tests/": "says in sentences what it holds, and plants older words",
    "worker/engine/checkpoints/checkpoint.py": "reads checkpoints of 0.1",
    "worker/engine/pipeline.py": "draws random numbers under a name that must stay, or runs would end with other bits",
}
"""Path -> why texts there have older words. Identifiers of `client`, `tests` and the engine are held all the same."""

Word = tuple[str, str]
"""An older word, and what it stands in."""


def given_up() -> frozenset[str]:
    """The older words, in the singular."""
    return OTHERS.union(word for *_, words in table(GLOSSARY, "Glossary") for word in cited(words))


def parts(name: str) -> Iterator[str]:
    """`with_liveKnobs` -> with, live, knob."""
    for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name):
        yield part.lower()
        yield part.lower().removesuffix("s")


def in_names(names: Iterator[str]) -> set[Word]:
    banned = given_up()
    return {(part, name) for name in names for part in parts(name) if part in banned}


def identifiers(source: str) -> Iterator[str]:
    """Names in Python code, without those of tests, which are sentences, and those that a client may still use."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        sentence = token.string.startswith("test_") or "Renamed(" in token.line
        if token.type == tokenize.NAME and not sentence:
            yield token.string


def in_texts(text: str) -> set[Word]:
    """Older words in a text that users read. Told and its kin are plain English there."""
    banned = given_up() - OTHERS - {"nature", "usual"}
    return {(word.lower(), text) for word in re.findall(r"[A-Za-z]+", text) if word.lower().removesuffix("s") in banned}


def strings(source: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING:
            yield token.string


def script(source: str) -> Iterator[str]:
    """Everything in TypeScript but comments: names, texts and classes."""
    yield from re.findall(r"[A-Za-z_$][\w$]*", re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source, flags=re.DOTALL))


def exempt(path: Path) -> bool:
    return any(path.relative_to(ROOT).as_posix().startswith(one) for one in EXEMPT)


def python() -> list[Path]:
    return [path for path in sources(ROOT) if path.suffix == ".py" and not is_generated(path.read_text())]


def front() -> list[Path]:
    found = sorted((ROOT / "frontend/src").rglob("*"))
    code = [path for path in found if path.suffix in (".ts", ".tsx", ".css") and path.name != "schema.d.ts"]
    return [path for path in code if ".test." not in path.name]


def held(path: Path) -> bool:
    """Returns whether identifiers of a file are held: those of `client` and `tests` too."""
    speaks_of_old = ("old_words", "deprecated", "renamed", "test_renaming", "test_words", "migrations")
    return not any(word in path.as_posix() for word in speaks_of_old)


def test_no_identifier_has_an_older_word() -> None:
    found = {path: in_names(identifiers(path.read_text())) for path in python() if held(path)}
    assert {path.name: words for path, words in found.items() if words} == {}


def test_no_file_is_named_by_an_older_word() -> None:
    files = [path for path in [*python(), *front()] if held(path)]
    assert in_names(path.stem for path in files) == set()


def test_no_text_has_an_older_word() -> None:
    found = {path: in_texts(text) for path in python() if not exempt(path) for text in strings(path.read_text())}
    assert {path.name: words for path, words in found.items() if words} == {}


def test_nothing_in_the_browser_has_an_older_word() -> None:
    found = {path: in_names(script(path.read_text())) for path in front()}
    assert {path.name: words for path, words in found.items() if words} == {}


def test_every_exemption_is_needed() -> None:
    assert [path for path in EXEMPT if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("line", ["class Ghost: ...", "def turn(*, knobs): ...", "run.exhibits = {}", "told = 1"])
def test_an_older_word_in_a_name_is_caught(line: str) -> None:
    assert len(in_names(identifiers(line))) == 1


def test_an_older_word_in_a_text_is_caught() -> None:
    assert in_texts("Turn its knobs.") == {("knobs", "Turn its knobs.")}


def test_an_older_word_in_the_browser_is_caught() -> None:
    assert {word for word, _ in in_names(script("// a ghost\nconst a = <Verdicts>The Companion</Verdicts>"))} == {
        "verdict", "companion",
    }  # fmt: skip
