"""Read, shift, merge and write Parquet footers: thrift's compact protocol, without a schema.

A footer is parsed into ``{field id: (wire type, value)}``; fields that this module does not know are kept as they are.
Ids are those of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, the encoding is
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

import struct
from collections.abc import Iterable
from typing import Any

__all__ = ["MAGIC", "Struct", "drop_last_column", "merge", "shift", "split", "write"]

MAGIC = b"PAR1"
_TRUE, _FALSE, _I8, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT, _UUID = range(1, 14)
_INTEGERS = frozenset({_I16, _I32, _I64})
_FIXED = {_DOUBLE: 8, _UUID: 16}
_MAX_ORDINAL = 32_767  # RowGroup.ordinal is an i16, and optional

# FileMetaData, RowGroup, ColumnChunk, ColumnMetaData
_NUM_ROWS, _ROW_GROUPS = 3, 4
_COLUMNS, _TOTAL_BYTES, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_COMPRESSED, _ORDINAL = 1, 2, 3, 5, 6, 7
_CHUNK_OFFSET, _CHUNK_META, _OFFSET_INDEX, _COLUMN_INDEX = 2, 3, 4, 6
_UNCOMPRESSED, _COMPRESSED = 6, 7
_PAGE_OFFSETS = (9, 10, 11, 14)  # data, index and dictionary pages, bloom filter

Struct = dict[int, tuple[int, Any]]


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def varint(self) -> int:
        result = bits = 0
        while True:
            byte = self._content[self._at]
            self._at += 1
            result |= (byte & 127) << bits
            if byte < 128:
                return result
            bits += 7

    def integer(self) -> int:
        coded = self.varint()
        return (coded >> 1) ^ -(coded & 1)

    def take(self, size: int) -> bytes:
        self._at += size
        return self._content[self._at - size : self._at]

    def value(self, kind: int) -> Any:
        if kind in _INTEGERS:
            return self.integer()
        if kind == _BINARY:
            return self.take(self.varint())
        if kind == _STRUCT:
            return self.struct()
        if kind in (_LIST, _SET):
            head = self.take(1)[0]
            count = head >> 4
            if count == 15:
                count = self.varint()
            return head & 15, [self.value(head & 15) for _ in range(count)]
        if kind in (_TRUE, _FALSE, _I8):  # a byte of its own inside a list only
            return self.take(1)[0]
        if kind in _FIXED:
            return self.take(_FIXED[kind])
        raise ValueError(f"thrift type {kind} does not occur in a Parquet footer")

    def struct(self) -> Struct:
        out: Struct = {}
        field = 0
        while head := self.take(1)[0]:
            kind = head & 15
            field = field + (head >> 4) if head >> 4 else self.integer()
            out[field] = (kind, None if kind in (_TRUE, _FALSE) else self.value(kind))
        return out


def _write_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _INTEGERS:
        _write_varint(out, (value << 1) ^ (value >> 63))
    elif kind == _BINARY:
        _write_varint(out, len(value))
        out += value
    elif kind == _STRUCT:
        _write_struct(out, value)
    elif kind in (_LIST, _SET):
        element, items = value
        if len(items) < 15:
            out.append(len(items) << 4 | element)
        else:
            out.append(15 << 4 | element)
            _write_varint(out, len(items))
        for item in items:
            _write_value(out, element, item)
    elif kind in (_TRUE, _FALSE, _I8):
        out.append(value)
    else:
        out += value


def _write_struct(out: bytearray, fields: Struct) -> None:
    last = 0
    for field in sorted(fields):
        kind, value = fields[field]
        if 0 < field - last < 16:
            out.append((field - last) << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, field << 1)
        last = field
        if kind not in (_TRUE, _FALSE):
            _write_value(out, kind, value)
    out.append(0)


def split(tail: bytes | memoryview) -> tuple[Struct, int]:
    """Return the metadata at the end of a Parquet file, and how many bytes it takes with its length and magic."""
    if bytes(tail[-4:]) != MAGIC:
        raise ValueError("not the end of a Parquet file")
    size = int(struct.unpack("<I", tail[-8:-4])[0])
    if size + 8 > len(tail):
        raise ValueError(f"the footer takes {size + 8} bytes, of which {len(tail)} were given")
    return _Reader(bytes(tail[-8 - size : -8])).struct(), size + 8


def shift(metadata: Struct, by: int) -> Struct:
    """Move every absolute offset of a file's metadata, in place, and return it."""
    for group in metadata[_ROW_GROUPS][1][1]:
        _move(group, _GROUP_OFFSET, by)
        for chunk in group[_COLUMNS][1][1]:
            for field in (_CHUNK_OFFSET, _OFFSET_INDEX, _COLUMN_INDEX):
                _move(chunk, field, by)
            for field in _PAGE_OFFSETS:
                _move(chunk[_CHUNK_META][1], field, by)
    return metadata


def _move(fields: Struct, field: int, by: int) -> None:
    if field in fields and fields[field][1]:  # 0 stands for "not set"
        fields[field] = (fields[field][0], fields[field][1] + by)


def drop_last_column(metadata: Struct) -> Struct:
    """Leave the last column's chunks out of every row group, in place; their bytes stay behind, unread."""
    for group in metadata[_ROW_GROUPS][1][1]:
        chunk = group[_COLUMNS][1][1].pop()
        for total, part in ((_TOTAL_BYTES, _UNCOMPRESSED), (_GROUP_COMPRESSED, _COMPRESSED)):
            if total in group:
                group[total] = (group[total][0], group[total][1] - chunk[_CHUNK_META][1][part][1])
    return metadata


def merge(base: Struct, parts: Iterable[Struct]) -> Struct:
    """Return the metadata of a file without rows with the row groups of others, in their order, already shifted."""
    groups: list[Struct] = []
    for part in parts:
        groups += part[_ROW_GROUPS][1][1]
    for ordinal, group in enumerate(groups):
        group.pop(_ORDINAL, None)
        if ordinal <= _MAX_ORDINAL:
            group[_ORDINAL] = (_I16, ordinal)
    out = dict(base)
    out[_NUM_ROWS] = (_I64, sum(group[_GROUP_ROWS][1] for group in groups))
    out[_ROW_GROUPS] = (_LIST, (_STRUCT, groups))
    return out


def write(metadata: Struct) -> bytes:
    """Return the end of a Parquet file: metadata, length, magic."""
    out = bytearray()
    _write_struct(out, metadata)
    return bytes(out) + struct.pack("<I", len(out)) + MAGIC
