"""A form with files (RFC 7578), read as it arrives: no part is held in memory or written anywhere on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from backend.errors import Invalid

MOST_PARTS = 16
MOST_HEAD = 8 * 1024  # bytes of a part's headers


@dataclass(frozen=True)
class Begin:
    """A part begins. `filename` is None for a plain field."""

    name: str
    filename: str | None


@dataclass(frozen=True)
class Body:
    """Bytes of the part that began last."""

    content: bytes


Piece = Begin | Body


class Form:
    """Takes the bytes as they come and tells what they say. Raises Invalid in one sentence."""

    def __init__(self, content_type: str) -> None:
        self.delimiter = b"\r\n--" + _boundary(content_type)
        self.rest = b"\r\n"  # the first delimiter has no line before it
        self.place = "preamble"
        self.parts = 0

    def feed(self, block: bytes) -> Iterator[Piece]:
        self.rest += block
        while self.place != "end" and (step := self._step()) is not None:
            yield from step

    def close(self) -> None:
        """The body is over: raises Invalid when the form is not."""
        if self.place != "end":
            raise Invalid("The form ends in the middle of a part: send it again.")

    def _step(self) -> list[Piece] | None:
        """Result of the bytes at hand; None when more are needed."""
        return (
            self._after_delimiter()
            if self.place == "delimiter"
            else self._head()
            if self.place == "head"
            else self._body()
        )

    def _body(self) -> list[Piece] | None:
        """Up to the next delimiter, or as far as it cannot have begun."""
        content, found, rest = self.rest.partition(self.delimiter)
        if found:
            told = self._told(content)
            self.rest, self.place = rest, "delimiter"
            return told
        safe = len(content) - len(self.delimiter) + 1
        if safe <= 0:
            return None
        self.rest = content[safe:]
        return self._told(content[:safe])

    def _told(self, content: bytes) -> list[Piece]:
        return [Body(content)] if content and self.place == "body" else []

    def _after_delimiter(self) -> list[Piece] | None:
        """Two dashes end the form, a line break begins a part."""
        if len(self.rest) < 2:
            return None
        mark, self.rest = self.rest[:2], self.rest[2:]
        if mark not in (b"--", b"\r\n"):
            raise Invalid("The form's parts are not divided as its Content-Type says.")
        self.place = "end" if mark == b"--" else "head"
        return []

    def _head(self) -> list[Piece] | None:
        head, found, rest = self.rest.partition(b"\r\n\r\n")
        if len(head) > MOST_HEAD:
            raise Invalid("A part of the form has headers of more than 8 KB.")
        if not found:
            return None
        self.rest, self.place, self.parts = rest, "body", self.parts + 1
        if self.parts > MOST_PARTS:
            raise Invalid(f"The form has more than {MOST_PARTS} parts.")
        return [_begin(head)]


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if (
        message.get_content_type() != "multipart/form-data"
        or not isinstance(boundary, str)
        or not 0 < len(boundary) <= 70
    ):
        raise Invalid(
            "The body must be a form with files (multipart/form-data), as `curl -F file=@table.csv` sends it."
        )
    return boundary.encode("ascii", "replace")


def _begin(head: bytes) -> Begin:
    message = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            message["Content-Disposition"] = value.strip()
    named = message.get_param("name", header="content-disposition")
    filename = message.get_param("filename", header="content-disposition")
    if not isinstance(named, str):
        raise Invalid("A part of the form has no name.")
    return Begin(named, filename if isinstance(filename, str) else None)
