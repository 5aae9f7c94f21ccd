"""Parquet and Arrow files, read batch by batch within bounds; what they say of themselves is believed no further.

Each value becomes the text that a CSV file of the same table would hold, so that one place decides what is missing, what
is a number and what is a label.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backend.data.columns import check_size
from backend.data.faults import FileInvalid
from backend.data.source import MOST_CHARACTERS, Row, Source, check_cell
from backend.data.times import SINCE_1970, seconds

MOST_FOOTER = 16 << 20  # bytes of what a Parquet file says of itself
MOST_SCHEMA_PARTS = 100_000
MOST_TEXT = 2 << 30  # characters of all cells: a dictionary repeats long texts for a few bytes each
BATCH_CELLS = 20_000

Cells = list[str]
Convert = Callable[[pa.Array], Cells]
Batches = Callable[[Sequence[str]], Iterator[pa.RecordBatch]]


def open_parquet(path: Path) -> Source:
    """The table of a Parquet file. Raises FileInvalid in one sentence."""
    with _reading("Parquet"), _parquet(path) as file:
        check_size(file.metadata.num_rows, 1)
        schema = file.schema_arrow

    def batches(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with _parquet(path) as file:
            yield from file.iter_batches(_batch_rows(names), columns=list(names), use_threads=False)

    return _source("Parquet", schema, batches)


def open_arrow_file(path: Path) -> Source:
    """The table of an Arrow file, which is Feather of version 2 too. Raises FileInvalid in one sentence."""
    return _open_arrow(path, lambda file: _random_access(pa.ipc.open_file(file)))


def open_arrow_stream(path: Path) -> Source:
    """The table of an Arrow stream. Raises FileInvalid in one sentence."""
    return _open_arrow(path, lambda file: _in_order(pa.ipc.open_stream(file)))


@dataclass(frozen=True)
class _Opened:
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def _random_access(reader: pa.ipc.RecordBatchFileReader) -> _Opened:
    return _Opened(reader.schema, map(reader.get_batch, range(reader.num_record_batches)))


def _in_order(reader: pa.ipc.RecordBatchStreamReader) -> _Opened:
    return _Opened(reader.schema, iter(reader))


def _open_arrow(path: Path, opened: Callable[[pa.NativeFile], _Opened]) -> Source:
    with _reading("Arrow"), pa.memory_map(str(path)) as file:
        schema = opened(file).schema

    def batches(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        size = _batch_rows(names)
        with pa.memory_map(str(path)) as file:
            for batch in opened(file).batches:
                some = batch.select(names)
                some.validate(full=True)  # places and lengths are the file's own: none may point beyond it
                yield from (some.slice(start, size) for start in range(0, some.num_rows, size))

    return _source("Arrow", schema, batches)


def _parquet(path: Path) -> AbstractContextManager[pq.ParquetFile]:
    return closing(
        pq.ParquetFile(
            path,
            pre_buffer=False,
            thrift_string_size_limit=MOST_FOOTER,
            thrift_container_size_limit=MOST_SCHEMA_PARTS,
        )
    )


def _batch_rows(names: Sequence[str]) -> int:
    return max(1, BATCH_CELLS // max(1, len(names)))


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Tells in one sentence what Arrow cannot read."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError, KeyError, IndexError, OverflowError) as error:
        if isinstance(error, MemoryError):
            raise
        why = " ".join(str(error).split())[:200]
        raise FileInvalid(f"The {what} file is damaged, encrypted or not finished ({why}): write it again.") from None


def _source(what: str, schema: pa.Schema, batches: Batches) -> Source:
    with _reading(what):  # the schema is read when it is asked
        names = [check_cell(name, f"The name of column {number}") for number, name in enumerate(schema.names, 1)]

    def rows(places: Sequence[int]) -> Iterator[Row]:
        converts = [_convert(names[place], schema.field(place).type) for place in places]
        wanted, number, characters = [names[place] for place in places], 1, 0
        with _reading(what):
            for batch in batches(wanted):
                columns = [
                    _checked(name, number, convert(batch.column(name)))
                    for name, convert in zip(wanted, converts, strict=True)
                ]
                characters += sum(len(cell) for cells in columns for cell in cells)
                if characters > MOST_TEXT:
                    raise FileInvalid(
                        f"The cells hold more than {MOST_TEXT:,} characters: leave columns of long texts out."
                    )
                yield from enumerate(map(list, zip(*columns, strict=True)), number)
                number += batch.num_rows

    units = {place: unit for place, field in enumerate(schema) if (unit := _unit(field.type))}
    return Source(names, rows, units=units)


def _checked(name: str, first: int, cells: Cells) -> Cells:
    for cell in dict.fromkeys(cells):
        check_cell(cell, f"A cell of column `{name}` in the rows from {first:,} on")
    return cells


def _unit(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return SINCE_1970
    if pa.types.is_time(kind):
        return "seconds since midnight"
    return "seconds" if pa.types.is_duration(kind) else ""


def _convert(name: str, kind: pa.DataType) -> Convert:
    """The way in which values of this type become texts. Raises FileInvalid for a type that has none."""
    if pa.types.is_dictionary(kind):
        return _of_dictionary(_convert(name, kind.value_type))
    if per_second := _ticks(kind):
        whole = pa.int32() if kind.bit_width == 32 else pa.int64()
        return lambda column: [_seconds(ticks, per_second) for ticks in column.cast(whole).to_pylist()]
    for holds, convert in _TEXTS:
        if holds(kind):
            return convert
    if pa.types.is_nested(kind):
        raise FileInvalid(
            f"Column `{name}` is nested (`{str(kind)[:60]}`): write each of its parts as a column of its own, or leave it out."
        )
    raise FileInvalid(f"Column `{name}` holds values of type `{str(kind)[:60]}`: convert it to numbers or texts.")


def _of_dictionary(convert: Convert) -> Convert:
    def texts(column: pa.DictionaryArray) -> Cells:
        labels = convert(column.dictionary)
        return ["" if place is None else labels[place] for place in column.indices.to_pylist()]

    return texts


def _plain(column: pa.Array) -> Cells:
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _strings(column: pa.Array) -> Cells:
    longest = pc.max(pc.binary_length(column.cast(pa.large_string()))).as_py() or 0
    if longest > 4 * MOST_CHARACTERS:  # bytes, of which a character has up to 4
        raise FileInvalid(f"A text is longer than {MOST_CHARACTERS:,} characters: shorten it, or leave its column out.")
    return _plain(column)


def _floats(column: pa.Array) -> Cells:
    """The shortest decimals that name the numbers, as a CSV file has them: `0.1`, in float32 too."""
    if pa.types.is_float64(column.type):
        return _plain(column)
    values: Cells = column.to_numpy(zero_copy_only=False).astype(np.str_).tolist()  # nulls are NaN: missing like them
    return values


def _decimals(column: pa.Array) -> Cells:
    return ["" if value is None else format(value, "f") for value in column.to_pylist()]


def _ticks(kind: Any) -> int:
    """Units of a time in one second, negative for a unit of so many seconds; 0 for no time."""
    if pa.types.is_date32(kind):
        return -86400
    if pa.types.is_date64(kind):
        return 1000
    timed = pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind)
    return {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit] if timed else 0


def _seconds(ticks: int | None, per_second: int) -> str:
    if ticks is None:
        return ""
    return str(ticks * -per_second) if per_second < 0 else seconds(ticks, per_second)


_TEXTS: tuple[tuple[Callable[[pa.DataType], bool], Convert], ...] = (
    (pa.types.is_floating, _floats),
    (pa.types.is_decimal, _decimals),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), _strings),
    (pa.types.is_string_view, _strings),
    (lambda kind: pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind), _plain),
)
