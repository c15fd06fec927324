"""Join column chunks of Parquet files that follow each other: their pages, statistics and page indexes."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from csvlake.engine import footer
from csvlake.engine.footer import I32, I64, LIST, STRUCT, Struct

__all__ = ["Chunk", "can_join", "join_chunks", "move_pages", "take_chunks"]

# https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
_ROW_GROUPS, _COLUMNS = 4, 1
_CHUNK_OFFSET, _CHUNK_META, _OFFSET_INDEX, _OFFSET_SIZE, _COLUMN_INDEX, _COLUMN_SIZE = range(2, 8)
# ColumnMetaData
_TYPE, _ENCODINGS, _VALUES, _UNCOMPRESSED, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 1, 2, 5, 6, 7, 9, 11
_STATISTICS, _ENCODING_STATS, _SIZES = 12, 13, 16
_NULL_COUNT, _MAX_VALUE, _MIN_VALUE, _IS_MAX_EXACT, _IS_MIN_EXACT = 3, 5, 6, 7, 8  # Statistics
_PAGE_TYPE, _PAGE_ENCODING, _PAGE_COUNT, _IS_DICTIONARY = 1, 2, 3, 2  # PageEncodingStats
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED = 2, 3  # PageHeader
_PAGES, _PAGE_OFFSET, _FIRST_ROW = 1, 1, 3  # OffsetIndex and its PageLocation
_BOUNDARY_ORDER, _UNORDERED = 4, 0  # ColumnIndex
_BOOLEAN, _INT32, _INT64, _BYTE_ARRAY, _FIXED = 0, 1, 2, 6, 7  # Type
_HEADER_BYTES = 1 << 10  # of a dictionary page's header, at most


@dataclass
class Chunk:
    """A column chunk and its page index; ``start`` is its first byte in the file."""

    column: Struct
    start: int
    data: memoryview
    column_index: Struct | None
    offset_index: Struct | None

    @property
    def dictionary_size(self) -> int:
        """Bytes of the dictionary's page, 0 where there is none."""
        meta = self.column[_CHUNK_META][1]
        return int(meta[_DATA_PAGE][1] - meta[_DICTIONARY_PAGE][1]) if _DICTIONARY_PAGE in meta else 0


def take_chunks(content: memoryview) -> list[Chunk]:
    """Return the column chunks of a file of one row group."""
    metadata, _ = footer.split(content)
    (group,) = metadata[_ROW_GROUPS][1][1]
    return [_take(column, content) for column in group[_COLUMNS][1][1]]


def _take(column: Struct, content: memoryview) -> Chunk:
    meta = column[_CHUNK_META][1]
    start = meta[_DICTIONARY_PAGE][1] if _DICTIONARY_PAGE in meta else meta[_DATA_PAGE][1]
    indexes = []
    for offset, size in ((_COLUMN_INDEX, _COLUMN_SIZE), (_OFFSET_INDEX, _OFFSET_SIZE)):
        has_index = offset in column and size in column
        at, length = (column.pop(offset)[1], column.pop(size)[1]) if has_index else (0, 0)
        indexes.append(footer.decode(content[at : at + length]) if has_index else None)
    return Chunk(column, start, content[start : start + meta[_COMPRESSED][1]], *indexes)


def can_join(first: Sequence[Chunk], others: Sequence[Chunk]) -> bool:
    """Return whether the pages of each column use the same dictionary, or none, in two row groups."""
    pairs = zip(first, others, strict=True)
    return all(one.data[: one.dictionary_size] == other.data[: other.dictionary_size] for one, other in pairs)


def join_chunks(parts: Sequence[Chunk], rows: Sequence[int], at: int) -> tuple[Chunk, list[memoryview]]:
    """Return one chunk of several, which is to stand at a position of a file, and its bytes."""
    first = parts[0]
    data = [first.data]
    meta = first.column[_CHUNK_META][1]
    moves = [at - first.start]  # by how much a part's pages move
    for part in parts[1:]:
        end = at + sum(len(piece) for piece in data)
        skipped = _drop_dictionary(part)
        moves.append(end - part.start - skipped)
        data.append(part.data[skipped:])
    metas = [part.column[_CHUNK_META][1] for part in parts]
    _join_meta(meta, metas)
    for place in (_DATA_PAGE, _DICTIONARY_PAGE):
        if place in meta:
            meta[place] = (I64, meta[place][1] + moves[0])
    first.column[_CHUNK_OFFSET] = (I64, 0)  # deprecated: the metadata stands in the footer alone
    chunk = Chunk(first.column, at, first.data, _join_column_indexes(parts), _join_offset_indexes(parts, rows, moves))
    return chunk, data


def _drop_dictionary(part: Chunk) -> int:
    """Leave the dictionary out of a chunk that comes behind another one with the same; return its bytes."""
    meta = part.column[_CHUNK_META][1]
    size = part.dictionary_size
    if not size:
        return 0
    header = footer.decode(part.data[: min(size, _HEADER_BYTES)])
    grown = header[_PAGE_UNCOMPRESSED][1] - header[_PAGE_COMPRESSED][1]
    meta[_COMPRESSED] = (I64, meta[_COMPRESSED][1] - size)
    meta[_UNCOMPRESSED] = (I64, meta[_UNCOMPRESSED][1] - size - grown)
    if _ENCODING_STATS in meta:
        kind, entries = meta[_ENCODING_STATS][1]
        kept = [entry for entry in entries if entry[_PAGE_TYPE][1] != _IS_DICTIONARY]
        meta[_ENCODING_STATS] = (LIST, (kind, kept))
    return size


def _join_meta(out: Struct, metas: Sequence[Struct]) -> None:
    if len(metas) == 1:
        return
    counts = [meta[_VALUES][1] for meta in metas]
    for place in (_VALUES, _UNCOMPRESSED, _COMPRESSED):
        out[place] = (I64, sum(meta[place][1] for meta in metas))
    encodings = dict.fromkeys(encoding for meta in metas for encoding in meta[_ENCODINGS][1][1])
    out[_ENCODINGS] = (LIST, (I32, list(encodings)))
    _set(out, _STATISTICS, _join_statistics(metas, out[_TYPE][1], counts))
    _set(out, _ENCODING_STATS, _join_encoding_stats([meta.get(_ENCODING_STATS) for meta in metas]))
    _set(out, _SIZES, _add_up([meta.get(_SIZES) for meta in metas]))


def _set(out: Struct, place: int, value: tuple[int, Any] | None) -> None:
    out.pop(place, None)
    if value is not None:
        out[place] = value


def _join_statistics(metas: Sequence[Struct], type_: int, counts: Sequence[int]) -> tuple[int, Any] | None:
    found = [meta[_STATISTICS][1] for meta in metas if _STATISTICS in meta]
    if len(found) < len(metas) or any(_NULL_COUNT not in one for one in found):
        return None
    nulls = [one[_NULL_COUNT][1] for one in found]
    out: Struct = {_NULL_COUNT: (I64, sum(nulls))}
    valued = [one for one, null, count in zip(found, nulls, counts, strict=True) if null < count]
    read = _READERS.get(type_)
    # Bounds that are too long are not kept.
    if read is not None and valued and all(_MIN_VALUE in one and _MAX_VALUE in one for one in valued):
        low = min(valued, key=lambda one: read(one[_MIN_VALUE][1]))
        high = max(valued, key=lambda one: read(one[_MAX_VALUE][1]))
        out[_MIN_VALUE], out[_MAX_VALUE] = low[_MIN_VALUE], high[_MAX_VALUE]
        for exact, one in ((_IS_MIN_EXACT, low), (_IS_MAX_EXACT, high)):
            if exact in one:
                out[exact] = one[exact]
    return STRUCT, out


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little", signed=True)


def _big(content: bytes) -> int:
    return int.from_bytes(content, "big", signed=True)


# Of doubles, whose zeros have two signs, bounds are not joined.
_READERS: dict[int, Callable[[bytes], Any]] = {
    _BOOLEAN: bytes,
    _INT32: _little,
    _INT64: _little,
    _BYTE_ARRAY: bytes,
    _FIXED: _big,  # decimals of 38 digits
}


def _join_encoding_stats(all_: Sequence[tuple[int, Any] | None]) -> tuple[int, Any] | None:
    if any(entry is None for entry in all_):
        return None
    counts: Counter[tuple[int, int]] = Counter()
    for entry in all_:
        for one in entry[1][1] if entry else ():
            counts[one[_PAGE_TYPE][1], one[_PAGE_ENCODING][1]] += one[_PAGE_COUNT][1]
    return LIST, (
        STRUCT,
        [
            {_PAGE_TYPE: (I32, page), _PAGE_ENCODING: (I32, encoding), _PAGE_COUNT: (I32, count)}
            for (page, encoding), count in counts.items()
        ],
    )


def _add_up(all_: Sequence[tuple[int, Any] | None]) -> tuple[int, Any] | None:
    """Add structs of numbers and lists of numbers, field by field."""
    found = [entry[1] for entry in all_ if entry is not None]
    if len(found) < len(all_) or any(one.keys() != found[0].keys() for one in found):
        return None
    out: Struct = {}
    for place, (kind, value) in found[0].items():
        values = [one[place][1] for one in found]
        if kind == LIST:
            out[place] = (LIST, (value[0], [sum(column) for column in zip(*(v[1] for v in values), strict=True)]))
        else:
            out[place] = (kind, sum(values))
    return STRUCT, out


def _join_column_indexes(parts: Sequence[Chunk]) -> Struct | None:
    found = [part.column_index for part in parts if part.column_index is not None]
    if len(found) < len(parts) or any(one.keys() != found[0].keys() for one in found):
        return None
    if len(found) == 1:
        return found[0]
    out = _join_lists(found)
    out[_BOUNDARY_ORDER] = (I32, _UNORDERED)
    return out


def _join_offset_indexes(parts: Sequence[Chunk], rows: Sequence[int], moves: Sequence[int]) -> Struct | None:
    found = [part.offset_index for part in parts if part.offset_index is not None]
    if len(found) < len(parts) or any(one.keys() != found[0].keys() for one in found):
        return None
    before = 0
    for one, count, move in zip(found, rows, moves, strict=True):
        for page in move_pages(one, move)[_PAGES][1][1]:
            page[_FIRST_ROW] = (I64, page[_FIRST_ROW][1] + before)
        before += count
    return _join_lists(found)


def move_pages(index: Struct, by: int) -> Struct:
    """Return the offset index of pages that stand so many bytes further behind."""
    for page in index[_PAGES][1][1]:
        page[_PAGE_OFFSET] = (I64, page[_PAGE_OFFSET][1] + by)
    return index


def _join_lists(found: Sequence[Struct]) -> Struct:
    out = dict(found[0])
    for place, (kind, value) in out.items():
        if kind == LIST:
            out[place] = (LIST, (value[0], [item for one in found for item in one[place][1][1]]))
    return out
