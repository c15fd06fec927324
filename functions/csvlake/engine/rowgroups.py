"""Put row groups that were encoded apart together: into one file, and several small ones into a large one.

The pages of a column that were encoded one after the other are the pages of one column chunk, as long as all of them
use one dictionary, or none. So threads encode batches by themselves, and a row group may be larger than what one of
them holds: its bytes are copied, its statistics and page index are joined.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from csvlake.engine import footer
from csvlake.engine.chunks import Chunk, can_join, join_chunks, move_pages
from csvlake.engine.footer import I16, I32, I64, LIST, STRUCT, Struct

__all__ = ["Part", "RowGroups", "Written"]

# Of FileMetaData, RowGroup, ColumnChunk and SortingColumn in
# https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
_NUM_ROWS, _ROW_GROUPS = 3, 4
_COLUMNS, _TOTAL_BYTES, _GROUP_ROWS, _SORTING, _GROUP_OFFSET, _GROUP_COMPRESSED, _ORDINAL = range(1, 8)
_CHUNK_META, _OFFSET_INDEX, _COLUMN_INDEX = 3, 4, 6  # an index's size has the next number
_UNCOMPRESSED, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 6, 7, 9, 11
_COLUMN_IDX, _DESCENDING, _NULLS_FIRST = 1, 2, 3
_FALSE = 2
_CHUNK_BYTES = 8 << 10  # that the metadata of one takes in memory
_MAX_ORDINAL = 32_767  # RowGroup.ordinal is an i16, and optional


@dataclass(frozen=True)
class Part:
    """A Parquet file of one row group, as bytes.

    Attributes:
        chunks: its columns.
        rows: of it.
        size: of the file, in bytes.
        text_bytes: of the CSV that it was made from.
    """

    chunks: list[Chunk]
    rows: int
    size: int
    text_bytes: int

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory."""
        return self.size + _CHUNK_BYTES * len(self.chunks)


@dataclass(slots=True)
class Written:
    """What the footer will tell of a column chunk whose pages are in the file: a few hundred bytes, not its pages."""

    column: bytes
    start: int
    size: int
    uncompressed: int
    column_index: bytes | None
    offset_index: bytes | None

    def move(self, by: int) -> "Written":
        """Return the same of pages that stand so many bytes further behind."""
        column = footer.decode(self.column)
        meta = column[_CHUNK_META][1]
        meta |= {place: (I64, meta[place][1] + by) for place in (_DATA_PAGE, _DICTIONARY_PAGE) if place in meta}
        index = self.offset_index and footer.encode(move_pages(footer.decode(self.offset_index), by))
        return replace(self, column=footer.encode(column), start=self.start + by, offset_index=index)


@dataclass
class RowGroups:
    """The row groups of a file in the making, to be added in their order.

    Args:
        file: where they go; its head was written.
        held_bytes: of encoded parts, kept back to be joined.
        text_bytes: of CSV, the most that a row group holds unless one part has more.
        grow: told how many bytes of the file stand after each row group.
    """

    file: BinaryIO
    held_bytes: int
    text_bytes: int
    grow: Callable[[int], None] | None = None
    _held: list[Part] = field(default_factory=list)
    _groups: list[list[Written]] = field(default_factory=list)
    _rows: list[int] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many were written."""
        return sum(self._rows)

    def add(self, part: Part) -> None:
        """Take the next rows."""
        held = self._held
        if held and not (
            sum(one.memory_bytes for one in held) + part.memory_bytes <= self.held_bytes
            and sum(one.text_bytes for one in held) + part.text_bytes <= self.text_bytes
            and can_join(held[0].chunks, part.chunks)
        ):
            self._flush()
        held.append(part)
        if part.size > self.held_bytes:
            self._flush()

    def flush(self) -> list[tuple[list[Written], int]]:
        """Write what is held back; return each row group's column chunks, and its rows."""
        if self._held:
            self._flush()
        return list(zip(self._groups, self._rows, strict=True))

    def take(self, groups: Sequence[tuple[list[Written], int]], at: int) -> None:
        """Take row groups that others have written to a file of their own, which stands at a position of this one."""
        self._groups += [[chunk.move(at) for chunk in group] for group, _ in groups]
        self._rows += [rows for _, rows in groups]

    def _flush(self) -> None:
        rows = [part.rows for part in self._held]
        group = []
        for pieces in zip(*(part.chunks for part in self._held), strict=True):
            chunk, data = join_chunks(pieces, rows, self.file.tell())
            self.file.writelines(data)
            indexes = (
                None if index is None else footer.encode(index) for index in (chunk.column_index, chunk.offset_index)
            )
            meta = chunk.column[_CHUNK_META][1]
            sizes = meta[_COMPRESSED][1], meta[_UNCOMPRESSED][1]
            group.append(Written(footer.encode(chunk.column), chunk.start, *sizes, *indexes))
        self._groups.append(group)
        self._rows.append(sum(rows))
        self._held.clear()
        if self.grow is not None:
            self.file.flush()
            self.grow(self.file.tell())

    def finish(self, base: Struct, *, drops_last: bool, sorted_columns: Sequence[int]) -> None:
        """Write the page index and the footer.

        Args:
            base: metadata of a file without rows.
            drops_last: whether the last column is left out; its bytes stay behind, unread.
            sorted_columns: those by which all rows are in ascending order, without nulls.
        """
        self.flush()
        if drops_last:
            for group in self._groups:
                group.pop()
        chunks = [chunk for group in self._groups for chunk in group]
        places = [self._write_index(chunk.column_index) for chunk in chunks]
        for chunk, place in zip(chunks, places, strict=True):
            more = _describe_index(_OFFSET_INDEX, self._write_index(chunk.offset_index), chunk.offset_index)
            more |= _describe_index(_COLUMN_INDEX, place, chunk.column_index)
            chunk.column = footer.extend(chunk.column, _CHUNK_META, more)
        order = [
            {_COLUMN_IDX: (I32, index), _DESCENDING: (_FALSE, None), _NULLS_FIRST: (_FALSE, None)}
            for index in sorted_columns
        ]
        pairs = zip(self._groups, self._rows, strict=True)
        groups = [_describe(group, rows, number, order) for number, (group, rows) in enumerate(pairs)]
        out = dict(base)
        out[_NUM_ROWS] = (I64, sum(self._rows))
        out[_ROW_GROUPS] = (LIST, (STRUCT, groups))
        self.file.write(footer.write(out))

    def _write_index(self, content: bytes | None) -> int:
        at = self.file.tell()
        self.file.write(content or b"")
        return at


def _describe_index(field: int, at: int, content: bytes | None) -> Struct:
    return {} if content is None else {field: (I64, at), field + 1: (I32, len(content))}


def _describe(group: Sequence[Written], rows: int, number: int, order: Sequence[Struct]) -> Struct:
    out: Struct = {
        _COLUMNS: (LIST, (STRUCT, [chunk.column for chunk in group])),
        _TOTAL_BYTES: (I64, sum(chunk.uncompressed for chunk in group)),
        _GROUP_ROWS: (I64, rows),
        _GROUP_OFFSET: (I64, min(chunk.start for chunk in group)),
        _GROUP_COMPRESSED: (I64, sum(chunk.size for chunk in group)),
    }
    if order:
        out[_SORTING] = (LIST, (STRUCT, list(order)))
    if number <= _MAX_ORDINAL:
        out[_ORDINAL] = (I16, number)
    return out
