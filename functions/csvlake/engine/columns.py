"""Have the native kernel read a stretch of records into columns.

All memory that it writes to is made and sized here. What it knows of a column are texts, and numbers, dates, timestamps
and booleans in their one spelling (see `csvlake.engine.kinds`).
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from csvlake.engine.kernel import MAX_BYTES, Tongue, library

__all__ = ["Ask", "Found", "FoundColumn", "Odd", "read_columns"]

_TILE_CELLS = 16 << 10
_TILE_ROWS = 8  # at least, whatever the table's width
_SLACK = 64
_ALIGN = 64
_MARGIN = 1.25  # of room for texts, by what the first part of them took
_TILE_BYTES = 128 << 10
_DONE, _NEEDS_TEXT, _NEEDS_ODD, _REFUSED = range(4)
Table = npt.NDArray[np.int64]


class Ask:
    """What to do with a column: leave it out, give its texts, or its values where they are of one kind."""

    SKIP, TEXT, VALUES = range(3)


class _Reading(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("size", "width", "most_rows", "most_cells", "most_odd")),
        *((name, ctypes.c_void_p) for name in ("ends", "tidy_ends", "starts", "odd")),
        *((name, ctypes.c_int64) for name in ("at", "rows", "blank", "comments", "odd_count", "has_high")),
    )
    at: int
    rows: int
    blank: int
    comments: int
    odd_count: int
    has_high: int


_KINDS = ("empty", "text", "number", "date", "timestamp", "boolean", "refuted")
# struct column
_ASK, _KIND, _FORM, _SCALE, _DIGITS, _NULLS, _USED, _ROOM, _NEEDED, _TEXT, _VALUES, _VALIDITY = range(12)


class Odd(NamedTuple):
    """A record that has not as many cells as the table; ``row`` is -1 for a comment, which is no row."""

    row: int
    start: int
    end: int
    cells: int


class FoundColumn(NamedTuple):
    """A column as the kernel read it; ``name`` is that of a kind, or "refuted", which has no values."""

    name: str
    form: int
    scale: int
    digits: int
    nulls: int
    buffers: list[pa.Buffer | None]


@dataclass
class Found:
    """Whole records as columns; None stands for those that were left out."""

    rows: int
    blank: int
    comments: int
    odd: Table  # a row for each `Odd`
    is_ascii: bool
    columns: list[FoundColumn | None]


def read_columns(data: bytes | memoryview, tongue: Tongue, asks: Sequence[int], records: int) -> Found | None:
    """Read a stretch of whole records.

    Args:
        data: text, fewer than `MAX_BYTES`.
        tongue: how it is written.
        asks: what to do with each column, of `Ask`.
        records: at least as many as there are.

    Returns:
        The columns; None where a quote is out of place or more records came than were counted.
    """
    width = len(asks)
    if not 0 < len(data) < MAX_BYTES or records < 1:
        raise ValueError(f"{len(data)} bytes, {records} records")
    buffer = pa.py_buffer(data)
    columns, arena, stride = _make_columns(asks, records)
    cells = max(_TILE_CELLS, _TILE_ROWS * width)
    scratch = np.empty(2 * (cells + _SLACK) + (cells + _SLACK) // width + 1, np.uint32)
    base = scratch.ctypes.data
    odd = np.empty((64, 4), np.int64)
    call = _Reading(
        *(buffer.address, len(data), width, records, cells, len(odd)),
        *(base, base + 4 * (cells + _SLACK), base + 8 * (cells + _SLACK), odd.ctypes.data),
    )
    texts: dict[int, pa.Buffer] = {}
    while state := library().csvlake_read(ctypes.byref(call), tongue, columns.ctypes.data):
        if state == _REFUSED or (state == _NEEDS_ODD and len(odd) >= records):
            return None
        if state == _NEEDS_TEXT:
            _make_room(columns, texts, len(data), call.at)
        else:
            larger = np.empty((min(16 * len(odd), records), 4), np.int64)
            larger[: len(odd)] = odd
            odd, call.odd, call.most_odd = larger, larger.ctypes.data, len(larger)
    found = [
        _take(columns[index].tolist(), arena, index * stride, texts.get(index), call.rows) if ask else None
        for index, ask in enumerate(asks)
    ]
    return Found(call.rows, call.blank, call.comments, odd[: call.odd_count], not call.has_high, found)


def _make_columns(asks: Sequence[int], records: int) -> tuple[Table, pa.Buffer, int]:
    """Return the table of ``struct column``, the memory for their values, and the bytes of it that a column has."""
    values = _round_up(8 * (records + 1))
    stride = values + _round_up((records + 7) // 8)
    columns = np.zeros((len(asks), 12), np.int64)
    columns[:, _ASK] = asks
    arena = pa.allocate_buffer(stride * len(asks))
    columns[:, _VALUES] = arena.address + stride * np.arange(len(asks))
    columns[:, _VALIDITY] = columns[:, _VALUES] + values
    return columns, arena, stride


def _round_up(size: int) -> int:
    return (size + _ALIGN - 1) // _ALIGN * _ALIGN


def _make_room(columns: Table, texts: dict[int, pa.Buffer], size: int, at: int) -> None:
    """Give the columns that lack room for their texts as much as the whole stretch will probably take."""
    for index in np.flatnonzero(columns[:, _NEEDED] > columns[:, _ROOM]).tolist():
        needed = int(columns[index, _NEEDED])
        room = min(size, max(needed, int(needed * size / min(size, at + _TILE_BYTES) * _MARGIN)))
        if index in texts:
            texts[index].resize(room)
        else:
            texts[index] = pa.allocate_buffer(room, resizable=True)
        columns[index, _TEXT] = texts[index].address
        columns[index, _ROOM] = room


def _take(column: list[int], arena: pa.Buffer, start: int, text: pa.Buffer | None, rows: int) -> FoundColumn:
    name = _KINDS[column[_KIND]]
    nulls = column[_NULLS]
    validity = arena.slice(column[_VALIDITY] - column[_VALUES] + start, (rows + 7) // 8) if nulls else None
    sizes: dict[str, int] = {"date": 4 * rows, "boolean": (rows + 7) // 8, "text": 4 * (rows + 1)}
    buffers: list[Any] = [validity, arena.slice(start, sizes.get(name, 8 * rows))]
    if name == "text":
        buffers.append(text.slice(0, column[_USED]) if text is not None else pa.py_buffer(b""))
    return FoundColumn(name, column[_FORM], column[_SCALE], column[_DIGITS], nulls, buffers)
