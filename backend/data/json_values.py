"""Values of a JSON file, read bit by bit. Numbers stay as they are written, so that labels and large integers are exact."""

import json
import re
from typing import IO, Any

from backend.data.faults import FileInvalid
from backend.data.lines import MOST_BYTES

BLOCK = 1 << 20  # characters that are read at once

_BLANKS = re.compile(r"[ \t\r\n]*")


class JsonInvalid(ValueError):
    """A text that is not one JSON value, or nothing that is taken for one."""


def parse(text: str) -> Any:
    """The one value of a text. Raises JsonInvalid."""
    value, end = parse_first(text)
    if end < len(text):
        raise JsonInvalid(f"there is more than one value, from character {end + 1} on")
    return value


def parse_first(text: str, at: int = 0) -> tuple[Any, int]:
    """The value that begins at a place, and the place where it ends. Raises JsonInvalid."""
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise JsonInvalid("it is nested too deep") from None
    except json.JSONDecodeError as error:
        raise JsonInvalid(f"{error.msg} at character {error.pos - at + 1}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise JsonInvalid(f"the name `{next(name for name in names if names.count(name) > 1)[:80]}` comes twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str, parse_constant=str)
"""Numbers, NaN and the infinities stay texts: `cells` decides about the numbers of all formats."""


class Items:
    """A list of a JSON file. No more than a block and an item is held at once."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._text, self._at = file, "", 0

    def take(self, sign: str) -> bool:
        """Skip `sign`, if it comes next; with an empty `sign`, tells whether the file ends here."""
        self._skip_blanks()
        found = self._text[self._at : self._at + 1] == sign
        self._at += found and len(sign)
        return found

    def item(self, number: int) -> Any:
        """The item that comes next. Raises FileInvalid."""
        self._skip_blanks()
        while True:
            try:
                value, end = parse_first(self._text, self._at)
            except JsonInvalid as error:
                if len(self._text) - self._at > MOST_BYTES or not self._read():
                    raise FileInvalid(f"Record {number} cannot be read as JSON ({error}): is the file whole?") from None
                continue
            if end < len(self._text) or not self._read():  # else it may go on, as numbers do
                self._at = min(end, len(self._text))
                return value

    def _skip_blanks(self) -> None:
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            assert blanks
            self._at = blanks.end()
            if self._at < len(self._text) or not self._read():
                return

    def _read(self) -> bool:
        """Read a block more; False at the end of the file."""
        block = self._file.read(BLOCK)
        self._text, self._at = self._text[self._at :] + block, 0
        return bool(block)
