"""Forms with files say the same however their bytes arrive; none is held in memory, and each fault is one sentence."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.api.bodies.multipart import MOST_HEADER, MOST_HEADERS, MOST_PARTS, Begin, Body, Form
from backend.errors import Invalid

TYPE = "multipart/form-data; boundary=b"
Parts = list[tuple[str, str | None, bytes]]  # name, file name, content
CONTENTS = st.binary(max_size=40) | st.lists(st.sampled_from([b"\r\n", b"--", b"b", b"\r", b"-"])).map(b"".join)
TEXT = st.text(st.characters(min_codepoint=32, blacklist_characters='"\\\x7f', blacklist_categories=["Cs"]), max_size=8)
PARTS = st.lists(st.tuples(TEXT, st.none() | TEXT, CONTENTS), min_size=1, max_size=4)


def head(name: str, filename: str | None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    return f'Content-Disposition: form-data; name="{name}"{named}\r\nContent-Type: text/csv\r\n\r\n'.encode()


def body(parts: Parts) -> bytes:
    whole = b"".join(b"--b\r\n" + head(name, filename) + content + b"\r\n" for name, filename, content in parts)
    return whole + b"--b--\r\n"


def read(*blocks: bytes) -> Parts:
    form, found = Form(TYPE), Parts()
    for piece in (piece for block in blocks for piece in form.feed(block)):
        match piece:
            case Begin(name, filename):
                found.append((name, filename, b""))
            case Body(content):
                name, filename, before = found.pop()
                found.append((name, filename, before + content))
    form.close()
    return found


@given(PARTS, st.data())
def test_a_form_says_the_same_however_it_arrives(parts: Parts, data: st.DataObject) -> None:
    parts = [(name, filename, content) for name, filename, content in parts if b"--b" not in content]
    whole = body(parts) if parts else body([("name", None, b"x")])
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    blocks = [whole[first:last] for first, last in pairwise([0, *sorted(cuts), len(whole)])]
    assert read(*blocks) == (parts or [("name", None, b"x")])
    assert read(*(bytes([byte]) for byte in whole)) == read(whole)


FAULTS = {
    "no name": (b"--b\r\nContent-Type: text/csv\r\n\r\nx", "has no name"),
    "another boundary": (b"--c\r\n" + head("file", "x"), "not divided as its Content-Type says"),
    "no colon": (b"--b\r\nContent Disposition\r\n\r\nx", "not divided as its Content-Type says"),
    "a long header": (b"--b\r\nX: " + b"x" * (MOST_HEADER + 1), "more headers than are taken"),
    "many headers": (b"--b\r\n" + b"X: x\r\n" * (MOST_HEADERS + 1), "more headers than are taken"),
    "many parts": (body([("name", None, b"x")] * (MOST_PARTS + 1)), f"more than {MOST_PARTS:,} parts"),
    "no end": (b"--b\r\n" + head("file", "x") + b"1,2\r\n--b", "ends in the middle"),
    "nothing": (b"", "ends in the middle"),
}


@pytest.mark.parametrize(("sent", "sentence"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_one_sentence(sent: bytes, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        read(sent)


@pytest.mark.parametrize(
    "kind", ["", "text/csv", "multipart/form-data", "multipart/form-data; boundary=", f"{TYPE}{'b' * 70}", "multipart/mixed; boundary=b"]
)  # fmt: skip
def test_what_is_no_form_is_refused(kind: str) -> None:
    with pytest.raises(Invalid, match="must be a form with files"):
        Form(kind)


def test_a_large_file_passes_through_in_little_memory() -> None:
    form, block, size = Form(TYPE), b"1,2,3\r\n" * 30_000, 0
    list(form.feed(b"--b\r\n" + head("file", "x")))
    tracemalloc.start()
    for _ in range(400):  # 84 MB
        size += sum(len(piece.content) for piece in form.feed(block) if isinstance(piece, Body))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 80_000_000 and peak < 2_000_000
