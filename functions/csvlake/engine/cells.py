"""Look at a column of texts as numpy arrays, without a copy."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Bools", "Bytes", "Cells", "Ints", "UnreadCells", "is_utf8", "make_array", "text_offsets"]

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


class Cells:
    """A binary array of one column, whose nulls are its empty cells and hold no bytes.

    Attributes:
        count: cells, null or not.
        nulls: null cells among them.
        offsets: ``count + 1`` positions in ``data``, from 0 on.
        data: all cells' bytes, one after the other.
        validity: Arrow's bitmap, None where no cell is null.
    """

    __slots__ = ("array", "count", "data", "nulls", "offsets", "validity")

    def __init__(self, array: pa.Array) -> None:
        if array.offset:
            raise ValueError("a slice is not a column of its own")
        self.array = array
        self.count = len(array)
        self.nulls = array.null_count
        validity, offsets, data = array.buffers()
        self.validity = validity if self.nulls else None
        if self.count:
            self.offsets = np.frombuffer(offsets, np.int32, self.count + 1)
            size = int(self.offsets[-1])
        else:
            self.offsets, size = np.zeros(1, np.int32), 0
        self.data: Bytes = np.frombuffer(data, np.uint8, size) if size else np.empty(0, np.uint8)

    def present(self) -> Bools:
        """Return which cells are not null."""
        if self.validity is None:
            return np.ones(self.count, np.bool_)
        bits = np.frombuffer(self.validity, np.uint8)
        return np.unpackbits(bits, count=self.count, bitorder="little").view(np.bool_)

    def bounds(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return starts and ends of the cells that are not null."""
        starts, ends = self.offsets[:-1], self.offsets[1:]
        if self.validity is None:
            return starts, ends
        present = self.present()
        return starts[present], ends[present]

    def as_text(self) -> pa.Array:
        """Return the same cells as strings; whether they are UTF-8 was checked before."""
        return self._view(pa.py_buffer(self.offsets), pa.py_buffer(self.data))

    def without(self, dots: Ints, owners: Ints) -> pa.Array:
        """Return the cells as strings without the bytes at ``dots``, of which cell ``owners`` has one each."""
        gone = np.zeros(self.count + 1, np.int32)
        gone[owners + 1] = 1
        offsets = self.offsets - np.cumsum(gone, dtype=np.int32)
        return self._view(pa.py_buffer(offsets), pa.py_buffer(np.delete(self.data, dots)))

    def _view(self, offsets: pa.Buffer, data: pa.Buffer) -> pa.Array:
        return pa.Array.from_buffers(pa.string(), self.count, [self.validity, offsets, data], self.nulls)

    def texts(self) -> Iterator[str | None]:
        """Yield the cells as Python strings."""
        for cell in self.array.to_pylist():
            yield None if cell is None else cell.decode()


class UnreadCells(Cells):
    """The same of a column whose values were read without its texts: they are read when they are first looked at."""

    __slots__ = ("_fetch",)

    def __init__(self, count: int, fetch: Callable[[], pa.Array]) -> None:
        self.count = count
        self._fetch = fetch

    def __getattr__(self, name: str) -> Any:
        """Fill the attributes, of which one that is not there was asked for."""
        if name not in Cells.__slots__:
            raise AttributeError(name)
        super().__init__(self._fetch())
        return getattr(self, name)


def make_array(type_: pa.DataType, values: npt.NDArray[Any], like: Cells) -> pa.Array:
    """Return an array over numpy values with the nulls of a column; what stands in them does not matter."""
    return pa.Array.from_buffers(type_, like.count, [like.validity, pa.py_buffer(values)], like.nulls)


def text_offsets(array: pa.Array) -> npt.NDArray[np.int32]:
    """Return where the texts of a string array begin, and behind them where the last one ends."""
    return np.frombuffer(array.buffers()[1], np.int32, len(array) + 1, 4 * array.offset)


def is_utf8(view: Bytes) -> bool:
    """Return whether bytes are valid UTF-8."""
    if view.max() < 128:
        return True
    whole = pa.Array.from_buffers(
        pa.large_string(), 1, [None, pa.py_buffer(np.array([0, len(view)])), pa.py_buffer(view)]
    )
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
