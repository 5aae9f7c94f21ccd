"""Arrays that are written block by block, before it is known how long they become."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray


class GrowingArray:
    """An NPY file [n], or [n, *of_a_row], that grows by blocks of rows; its header is right once it is closed."""

    def __init__(self, path: Path, dtype: DTypeLike, *of_a_row: int) -> None:
        self.dtype, self.of_a_row, self.rows = np.dtype(dtype), of_a_row, 0
        self._file = path.open("w+b")
        self._write_header()

    def append(self, block: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(block, self.dtype).tobytes())
        self.rows += len(block)

    def _write_header(self) -> None:
        shape = (self.rows, *self.of_a_row)
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.seek(0)
        self._write_header()  # of the same length: it is padded
        self._file.close()
