"""Encode columns of very long texts, each text in memory once besides its compressed form.

Arrow's writer holds a page's values up to four times, and a value is never cut into pages. A text of 64 MiB would take
more memory than the whole process may have.
"""

import io
import struct
from collections.abc import Iterator
from itertools import groupby

import numpy as np
import pyarrow as pa

from csvlake.engine import footer
from csvlake.engine.cells import text_offsets
from csvlake.engine.chunks import Chunk
from csvlake.engine.footer import I32, I64, LIST, STRUCT, Struct

__all__ = ["encode_texts", "leave_long_texts"]

# https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
_META, _OFFSET_INDEX_PAGES, _UNENCODED_BYTES = 3, 1, 2
_ENCODINGS, _CODEC, _VALUES, _UNCOMPRESSED, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 2, 4, 5, 6, 7, 9, 11
_STATISTICS, _ENCODING_STATS, _SIZES, _NULL_COUNT = 12, 13, 16, 3
_PLAIN, _RLE, _NO_CODEC = 0, 3, 0
_PAGE_BYTES = 1 << 20  # of texts in a page, unless one of them is longer
_COLUMN_BYTES = 4 << 20  # from which on a column is encoded here


def leave_long_texts(table: pa.Table) -> tuple[pa.Table, dict[int, pa.ChunkedArray]]:
    """Return a table with nulls in place of its long columns of strings, and those by their index."""
    long = {
        index: column
        for index, column in enumerate(table.columns)
        if pa.types.is_string(column.type) and column.nbytes >= _COLUMN_BYTES
    }
    for index in long:
        nulls = pa.nulls(table.num_rows, pa.string())
        table = table.set_column(index, table.schema.field(index), nulls)
    return table, long


class _Page(io.RawIOBase):
    """Bytes to be appended to, and put behind others without a copy of the longer ones."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.content += memoryview(data)  # type: ignore[arg-type]
        return len(memoryview(data))  # type: ignore[arg-type]


def encode_texts(texts: pa.ChunkedArray, like: Chunk) -> Chunk:
    """Return a column chunk of plain pages.

    Args:
        texts: a column of strings.
        like: the chunk of a column of the same name and codec, with as many nulls.
    """
    meta = dict(like.column[_META][1])
    is_packed = meta[_CODEC][1] != _NO_CODEC
    content, unpacked = bytearray(), 0
    locations: list[Struct] = []
    sizes: list[int] = []
    row = 0
    for array in (page for chunk in texts.chunks for page in _cut_pages(chunk)):
        start = len(content)
        page, size = _encode_page(array, is_packed)
        header = _describe_page(len(array), size, len(page))
        if len(page) > start:
            page[:0] = content + header
            content = page
        else:
            content += header
            content += page
        unpacked += len(header) + size
        locations.append({1: (I64, start), 2: (I32, len(content) - start), 3: (I64, row)})
        sizes.append(_count_bytes(array))
        row += len(array)
    meta.pop(_DICTIONARY_PAGE, None)
    meta.pop(_SIZES, None)
    meta |= {
        _ENCODINGS: (LIST, (I32, [_RLE, _PLAIN])),
        _VALUES: (I64, row),
        _UNCOMPRESSED: (I64, unpacked),
        _COMPRESSED: (I64, len(content)),
        _DATA_PAGE: (I64, 0),
        _STATISTICS: (STRUCT, {_NULL_COUNT: (I64, texts.null_count)}),
        _ENCODING_STATS: (LIST, (STRUCT, [{1: (I32, 0), 2: (I32, _PLAIN), 3: (I32, len(locations))}])),
    }
    index: Struct = {_OFFSET_INDEX_PAGES: (LIST, (STRUCT, locations)), _UNENCODED_BYTES: (LIST, (I64, sizes))}
    return Chunk({**like.column, _META: (STRUCT, meta)}, 0, memoryview(content), None, index)


def _cut_pages(array: pa.Array) -> Iterator[pa.Array]:
    offsets = text_offsets(array)
    first = 0
    while first < len(array):
        after = int(np.searchsorted(offsets, int(offsets[first]) + _PAGE_BYTES, "right")) - 1
        after = min(max(after, first + 1), len(array))
        yield array[first:after]
        first = after


def _count_bytes(array: pa.Array) -> int:
    offsets = text_offsets(array)
    return int(offsets[-1] - offsets[0])


def _encode_page(array: pa.Array, is_packed: bool) -> tuple[bytearray, int]:
    """Return a page's content, and its length before it was compressed."""
    page = _Page()
    valid = array.is_valid().to_pylist()
    levels = b"".join(_write_run(len(list(run)), is_valid) for is_valid, run in groupby(valid))
    out = pa.CompressedOutputStream(pa.PythonFile(page, "w"), "zstd") if is_packed else page
    out.write(struct.pack("<I", len(levels)) + levels)
    offsets, data = text_offsets(array).tolist(), array.buffers()[2]
    view = memoryview(data) if data is not None else memoryview(b"")
    for is_valid, start, end in zip(valid, offsets, offsets[1:], strict=False):
        if is_valid:
            out.write(struct.pack("<I", end - start))
            out.write(view[start:end])
    content = page.content
    if is_packed:
        out.close()
    size = 4 + len(levels) + 4 * sum(valid) + _count_bytes(array)
    return content, size


def _write_run(count: int, is_valid: bool) -> bytes:
    """Return a run of definition levels in Parquet's hybrid encoding."""
    head = bytearray()
    footer.add_varint(head, count << 1)
    return bytes(head) + bytes([is_valid])


def _describe_page(rows: int, size: int, packed_size: int) -> bytes:
    data: Struct = {1: (I32, rows), 2: (I32, _PLAIN), 3: (I32, _RLE), 4: (I32, _RLE)}
    return footer.encode({1: (I32, 0), 2: (I32, size), 3: (I32, packed_size), 5: (STRUCT, data)})
