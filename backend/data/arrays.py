"""Arrays in NPY files. A header is believed only as far as the file's size bears it out; nothing is unpickled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from backend.data.columns import LARGEST, Floats, Profile, check_size
from backend.data.faults import FileInvalid
from backend.data.pictures import picture
from backend.domain.experiment.upload_facts import Column, Facts, Inputs, Picture
from backend.domain.experiment.upload_plan import MOST_CLASSES

MOST_BYTES = 8 << 30  # of one array, unpacked
MOST_EXTENTS = 32  # NumPy opens no array of more than 64
MOST_NUMBERS = 4_000_000  # of one sample
BLOCK_NUMBERS = 1_000_000
KINDS = "biuf"  # booleans, integers, floats
COLOURS = (1, 3, 4)
PICTURES, PREVIEW_ROWS, PREVIEW_COLUMNS = 12, 8, 50

Array = NDArray[Any]
Layout = Literal["features", "grey", "channels_first", "channels_last"]


@dataclass(frozen=True)
class Header:
    """Header of an NPY file: the content that it claims to have."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


def header(file: IO[bytes], what: str) -> Header:
    """The header of an NPY stream, which is left at the first number. Raises FileInvalid."""
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, _, dtype = read(file)
    except Exception:  # NumPy reads the header as Python, and fails in as many ways as Python does
        raise _no_array(what) from None
    if len(shape) > MOST_EXTENTS or any(type(extent) is not int for extent in shape):
        raise _no_array(what)
    if dtype.kind not in KINDS or dtype.hasobject:
        raise FileInvalid(
            f"The {what} array holds {_kind(dtype)}: only plain numbers are accepted (booleans, integers, floats); convert it with "
            "`.astype`.",
            what,
        )
    if not shape or any(extent <= 0 for extent in shape):
        raise FileInvalid(
            f"The {what} array says that its shape is {list(shape)}: every dimension must be at least 1.", what
        )
    found = Header(shape, dtype)
    if found.bytes > MOST_BYTES:
        raise FileInvalid(
            f"The {what} array says that its shape is {list(shape)}, more than 8 GB: send fewer samples.", what
        )
    return found


def _no_array(what: str) -> FileInvalid:
    return FileInvalid(f"The {what} array cannot be read as an NPY array: write it with numpy.save.", what)


def _kind(dtype: np.dtype[Any]) -> str:
    return (
        "Python objects (a pickle, which Lathe never opens)"
        if dtype.hasobject
        else f"values of type `{str(dtype)[:40]}`"
    )


def open_array(path: Path, what: str) -> Array:
    """The array of an NPY file, mapped. Raises FileInvalid when its size is not what its header says."""
    with path.open("rb") as file:
        said = header(file, what)
        held = path.stat().st_size - file.tell()
    if held != said.bytes:
        raise FileInvalid(short(what, said, held), what)
    return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]


def short(what: str, said: Header, held: int) -> str:
    """Says that an array is not as large as its header says."""
    return (
        f"The {what} array says that it holds {said.bytes:,} bytes (shape {list(said.shape)}), but there are {held:,}: write "
        "it again with numpy.save."
    )


def check_pair(inputs: tuple[int, ...], targets: tuple[int, ...]) -> None:
    """Raises FileInvalid unless arrays of these shapes are inputs and their targets."""
    if inputs[0] != targets[0]:
        raise FileInvalid(
            f"There are {inputs[0]:,} inputs but {targets[0]:,} targets: send one target for each input.", "targets"
        )
    if len(targets) > 2 or (len(targets) == 2 and targets[1] > MOST_CLASSES):
        raise FileInvalid(f"The targets have the shape {list(targets)}: send [n] or [n, numbers].", "targets")
    if prod(inputs[1:]) > MOST_NUMBERS:
        raise FileInvalid(
            f"A sample has {prod(inputs[1:]):,} numbers; at most {MOST_NUMBERS:,} are accepted.", "inputs"
        )
    _layout(inputs)


def pair(inputs: Array, targets: Array) -> Facts:
    """Facts of an array of inputs and one of targets. Raises FileInvalid."""
    check_pair(inputs.shape, targets.shape)
    rows = len(inputs)
    found = _inputs(inputs)
    columns = profile(targets.reshape(rows, -1), "targets", _target_names(targets))
    pictures = _pictures(inputs, targets, found) if len(found.shape) == 3 else []
    one_hot = _is_one_hot(targets.reshape(rows, -1))
    return Facts(kind="arrays", rows=rows, columns=columns, inputs=found, one_hot=one_hot, pictures=pictures)


def check_table(shape: tuple[int, ...]) -> None:
    """Raises FileInvalid unless an array of this shape is a table of a bearable size."""
    if len(shape) != 2 or shape[1] < 2:
        raise FileInvalid(
            f"The array has the shape {list(shape)}. One array alone must be a table [rows, columns] with the target "
            "in a column; send images as two: `inputs` and `targets`."
        )
    check_size(*shape)


def table(values: Array) -> Facts:
    """Facts of one array [rows, columns]: a table without names. Raises FileInvalid."""
    check_table(values.shape)
    columns = profile(values, "file", [f"column {index}" for index in range(1, values.shape[1] + 1)])
    preview = [[_shown(value, 6) for value in row] for row in values[:PREVIEW_ROWS, :PREVIEW_COLUMNS].tolist()]
    return Facts(kind="table", rows=len(values), columns=columns, preview=preview)


def _shown(value: float, digits: int) -> str:
    return str(value) if isinstance(value, int) else f"{value:.{digits}g}"


def profile(values: Array, what: str, names: Sequence[str]) -> list[Column]:
    """Profiles the columns of a matrix. Raises FileInvalid for values that are not finite."""
    seen = Profile(names, integer=values.dtype.kind in "biu")
    for block in _blocks(values, what):
        seen.see(block, values[seen.rows : seen.rows + len(block)] if seen.integer else None)
    return seen.columns()


def _layout(shape: tuple[int, ...]) -> tuple[Layout, list[int]]:
    """Layout of images in an array of this shape, and the shape of one sample for models."""
    match shape[1:]:
        case () | (_,):
            return "features", [prod(shape[1:])]
        case (height, width):
            return "grey", [1, height, width]
        case (channels, height, width) if channels in COLOURS:
            return "channels_first", [channels, height, width]
        case (height, width, channels) if channels in COLOURS:
            return "channels_last", [channels, height, width]
    raise FileInvalid(
        f"The inputs have the shape {list(shape)}: [n, features], [n, height, width] or [n, height, width, channels] with 1, "
        "3 or 4 channels is right.",
        "inputs",
    )


def _target_names(targets: Array) -> list[str]:
    one = targets.ndim == 1 or targets.shape[1] == 1
    return ["target"] if one else [f"target {index}" for index in range(1, targets.shape[1] + 1)]


def _is_one_hot(targets: Array) -> bool:
    """Tells whether each row of [n, numbers] marks one class with 1 and the others with 0."""
    if targets.shape[1] < 2:
        return False
    blocks = _blocks(targets, "targets")
    return all(np.isin(block, (0.0, 1.0)).all() and (block.sum(axis=1) == 1).all() for block in blocks)


def _inputs(inputs: Array) -> Inputs:
    layout, shape = _layout(inputs.shape)
    least, greatest, whole = float("inf"), float("-inf"), True
    for block in _blocks(inputs, "inputs"):
        least, greatest = min(least, float(block.min())), max(greatest, float(block.max()))
        whole = whole and bool((block == np.floor(block)).all())
    found = Inputs(shape=shape, layout=layout, dtype=str(inputs.dtype), least=least, greatest=greatest, whole=whole)
    if len(shape) < 3:
        return found
    black, white = found.range
    return found.model_copy(update={"black": black, "white": white})


def _blocks(values: Array, what: str) -> Iterator[Floats]:
    """The samples in float64, some at a time. Raises FileInvalid at what is not finite."""
    size = max(1, BLOCK_NUMBERS // prod(values.shape[1:]))
    for start in range(0, len(values), size):
        block = values[start : start + size].astype(np.float64)
        if not (np.abs(block) <= LARGEST).all():
            row = start + int(np.argmin((np.abs(block) <= LARGEST).reshape(len(block), -1).all(axis=1)))
            raise FileInvalid(
                f"Row {row} of the {what} (counted from 0) holds NaN, an infinity or a number beyond 3e38: replace it or leave "
                "the row out.",
                what,
            )
        yield block


def _pictures(inputs: Array, targets: Array, found: Inputs) -> list[Picture]:
    some = inputs[:PICTURES]
    shown = (some.transpose(found.axes) if found.axes else some).reshape(len(some), *found.shape)
    labels = [
        ", ".join(_shown(value, 4) for value in row[:3]) for row in targets[:PICTURES].reshape(len(shown), -1).tolist()
    ]
    return [picture(image, *found.range, label) for image, label in zip(shown, labels, strict=True)]
