"""Arrays that are written block by block, before it is known how long they become."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class GrowingArray:
    """An NPY file [n, columns], or [n] without columns, that grows by blocks; its header is right once it is closed."""

    def __init__(self, path: Path, dtype: type[np.generic], columns: int | None = None) -> None:
        self.dtype, self.columns, self.rows = np.dtype(dtype), columns, 0
        self._file = path.open("w+b")
        self._write_header()

    def append(self, block: NDArray[Any]) -> None:
        self._file.write(np.ascontiguousarray(block, self.dtype).tobytes())
        self.rows += len(block)

    def _write_header(self) -> None:
        shape = (self.rows,) if self.columns is None else (self.rows, self.columns)
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": self.dtype.str, "fortran_order": False, "shape": shape}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.seek(0)
        self._write_header()  # of the same length: it is padded
        self._file.close()
