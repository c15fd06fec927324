"""Notice columns in whose order all rows of a file are: Parquet says so, and who reads it can stop early."""

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import text_offsets

__all__ = ["Bounds", "Order", "find_bounds"]

Bounds = Mapping[int, tuple[Any, Any]]  # by column in ascending order without nulls: its first and last value

_FEW = 64  # rows that are looked at first: most columns are out of order in these
_MAX_BYTES = 4 << 10  # of texts that are held as bounds


def find_bounds(table: pa.Table, columns: Collection[int]) -> Bounds:
    """Return the bounds of those of some columns that are in order; there are rows."""
    found = {}
    for index in columns:
        column = table.column(index)
        if column.null_count:
            continue
        arrays = [_comparable(chunk) for chunk in column.chunks if len(chunk)]
        if any(array is None for array in arrays) or not all(_is_ascending(array) for array in arrays):
            continue
        ends = [(_value(array[0]), _value(array[-1])) for array in arrays]
        if all(before[1] <= after[0] for before, after in pairwise(ends)):
            found[index] = (ends[0][0], ends[-1][1])
    return found


def _comparable(array: pa.Array) -> Any:
    """Return an array in the order in which Parquet compares it: numpy's of integers, Arrow's of texts."""
    type_ = array.type
    if pa.types.is_string(type_):
        offsets = text_offsets(array)  # a scalar would be a copy
        return array if max(offsets[1] - offsets[0], offsets[-1] - offsets[-2]) <= _MAX_BYTES else None
    if pa.types.is_int64(type_) or pa.types.is_timestamp(type_) or pa.types.is_decimal64(type_):
        return np.frombuffer(array.buffers()[1], np.int64, len(array), array.offset * 8)
    if pa.types.is_date32(type_):
        return np.frombuffer(array.buffers()[1], np.int32, len(array), array.offset * 4)
    return None


def _is_ascending(array: Any) -> bool:
    return _holds(array[:_FEW]) and _holds(array)


def _holds(array: Any) -> bool:
    if isinstance(array, pa.Array):
        return pc.all(pc.less_equal(array[:-1], array[1:]), min_count=0).as_py() is not False
    return bool((array[:-1] <= array[1:]).all())


def _value(item: Any) -> Any:
    return item.as_py() if isinstance(item, pa.Scalar) else int(item)


class Order:
    """The columns in whose order the rows were so far; tables are added one after the other."""

    def __init__(self, width: int) -> None:
        self.columns = frozenset(range(width))
        self.bounds: Bounds = {}  # of what was added, by those columns

    def add(self, bounds: Bounds) -> None:
        """Take the next table's bounds, which were looked for in all of ``columns``."""
        before = {index: self.bounds.get(index, (first, first)) for index, (first, _) in bounds.items()}
        self.bounds = {
            index: (before[index][0], last)
            for index, (first, last) in bounds.items()
            if index in self.columns and before[index][1] <= first
        }
        self.columns = frozenset(self.bounds)
