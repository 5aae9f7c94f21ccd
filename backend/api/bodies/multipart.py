"""A form with files (RFC 7578), read as it arrives: no part is held in memory or written anywhere on the way."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from backend.data.entries import MOST_ENTRIES
from backend.errors import Invalid

MOST_PARTS = MOST_ENTRIES + 32
MOST_HEADERS = 8  # of a part
MOST_HEADER = 8 * 1024  # bytes of each
MOST_BOUNDARY = 70  # characters

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # what is wrong with a form is told to its sender


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
        self._parser = MultipartParser(
            _boundary(content_type),
            {
                "on_part_begin": self._part,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header,
                "on_headers_finished": self._headers,
                "on_part_data": lambda data, start, end: self._pieces.append(Body(data[start:end])),
                "on_end": self._end,
            },
            max_header_count=MOST_HEADERS,
            max_header_size=MOST_HEADER,
        )
        self._pieces: list[Piece] = []
        self._parts, self._ended = 0, False
        self._name, self._value = b"", b""  # of the header that is being read
        self._disposition = b""

    def feed(self, block: bytes) -> Iterator[Piece]:
        try:
            self._parser.write(block)
        except FormParserError:
            raise Invalid(
                "The form's parts are not divided as its Content-Type says, or one has more headers than are taken: "
                f"{MOST_HEADERS} of {MOST_HEADER >> 10} KB."
            ) from None
        pieces, self._pieces = self._pieces, []
        return iter(pieces)

    def close(self) -> None:
        """The body is over: raises Invalid when the form is not."""
        if not self._ended:
            raise Invalid("The form ends in the middle of a part: send it again.")

    def _part(self) -> None:
        self._parts, self._disposition = self._parts + 1, b""
        if self._parts > MOST_PARTS:
            raise Invalid(f"The form has more than {MOST_PARTS:,} parts: send the files as a ZIP.")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise Invalid("A part of the form has no name.")
        filename = options.get(b"filename")
        self._pieces.append(Begin(_text(options[b"name"]), None if filename is None else _text(filename)))

    def _end(self) -> None:
        self._ended = True


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= MOST_BOUNDARY:
        raise Invalid(
            "The body must be a form with files (multipart/form-data), as `curl -F file=@table.csv` sends it."
        )
    return boundary


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
