"""Prove that a column is of the kind that it is thought to be, by cheaper means than finding that out.

A canonical spelling is the shortest of its value. So if only digits, dots and minus signs occur, every cell was parsed,
and the lengths of the values' canonical spellings add up to the length of the data, then each cell is canonical:
leading zeros, plus signs and -0 would make it longer. Lengths are counted by comparing values with powers of ten.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from csvlake.engine.cells import Cells, Ints, make_array
from csvlake.engine.kinds import Kind, glue_type, working_type

__all__ = ["prove_as"]

_MINUS, _DOT, _ZERO, _NINE = b"-.09"
_POWERS = [10**exponent for exponent in range(19)]
_EXACT = 1e15  # a decimal of at most 15 digits comes back from a double
_NARROW = 6  # cells of one width below this are read digit by digit, all at once


def prove_as(cells: Cells, kind: Kind) -> tuple[Kind, pa.Array] | None:
    """Return a column's kind and values if it is like ``kind``, None where that is not proven: it may be all the same.

    Decimals must have as many digits after the dot as ``kind`` everywhere.
    """
    data = cells.data
    if kind.name != "number" or not len(data) or data.max() > _NINE or data.min() < _MINUS:
        return None
    if kind.is_wide or kind.group or kind.mark != "." or kind.digits + kind.scale >= len(_POWERS):
        return None
    values = _read_narrow(cells, kind.scale)
    if values is None:
        values = _read_fractions(cells, kind.scale) if kind.scale else _read_wholes(cells)
    if values is None:
        return None
    highest = max(int(values.max()), -int(values.min()))
    found = Kind("number", max(0, _count_one(highest) - kind.scale), kind.scale)
    if found.digits + found.scale >= len(_POWERS):
        return None
    return found, make_array(working_type(glue_type(found)), values, cells)


def _read_narrow(cells: Cells, scale: int) -> Ints | None:
    """Return the values of short unsigned cells that have all the same width."""
    data, count = cells.data, cells.count
    width = len(data) // count
    if cells.nulls or len(data) != count * width or not scale + (scale > 0) < width < _NARROW:
        return None
    if cells.offsets[1] != width or (np.diff(cells.offsets) != width).any():
        return None
    table = data.reshape(count, width)
    values = np.zeros(count, np.int64)
    whole = width - scale - 1 if scale else width
    for place in range(width):
        column = table[:, place]
        if place == whole:
            if (column != _DOT).any():
                return None
            continue
        low = column.min()
        if low < _ZERO or (place == 0 and whole > 1 and low == _ZERO):
            return None
        values *= 10
        values += column - np.uint8(_ZERO)
    return values


def _read_wholes(cells: Cells) -> Ints | None:
    try:
        array = pc.cast(cells.as_text(), pa.int64())
    except pa.ArrowInvalid:
        return None
    values = np.frombuffer(array.buffers()[1], np.int64, cells.count)
    return values if _count_digits(_present(values, cells), 1) == len(cells.data) else None


def _read_fractions(cells: Cells, scale: int) -> Ints | None:
    starts, ends = cells.bounds()
    dots = ends - np.int32(scale + 1)
    data = cells.data
    if not ((dots > starts).all() and (data[dots] == _DOT).all() and (data[dots - 1] >= _ZERO).all()):
        return None
    try:
        array = pc.cast(cells.as_text(), pa.float64())
    except pa.ArrowInvalid:
        return None
    scaled = np.frombuffer(array.buffers()[1], np.float64, cells.count) * float(_POWERS[scale])
    if scaled.max() >= _EXACT or scaled.min() <= -_EXACT:
        return None
    values = np.rint(scaled).astype(np.int64)
    spelled = _count_digits(_present(values, cells), scale + 1) + len(starts)
    return values if spelled == len(data) else None


def _present(values: Ints, cells: Cells) -> Ints:
    return values if cells.validity is None else values[cells.present()]


def _count_digits(values: Ints, least: int) -> int:
    """Return the sum of the lengths of the values' shortest spellings, with at least so many digits each."""
    low, high = int(values.min()), int(values.max())
    if low == -(1 << 63):
        return -1
    total = len(values) * least
    if low < 0:
        total += int(np.count_nonzero(values < 0))
        values = np.abs(values)
    for power in _POWERS[least:]:
        if power > max(high, -low):
            break
        total += int(np.count_nonzero(values >= power))
    return total


def _count_one(value: int) -> int:
    return len(str(value)) if value else 0
