"""Read and write Parquet's footers and indexes: thrift's compact protocol, without a schema.

A struct is parsed into ``{field id: (wire type, value)}``; fields that nobody knows are kept as they are. To write one
inside another it may be given as its bytes, which take a twentieth of the memory. The encoding
is https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

import struct
from typing import Any

__all__ = [
    "I16",
    "I32",
    "I64",
    "LIST",
    "MAGIC",
    "STRUCT",
    "Struct",
    "add_varint",
    "decode",
    "encode",
    "extend",
    "split",
    "write",
]

MAGIC = b"PAR1"
_TRUE, _FALSE, _I8, I16, I32, I64, _DOUBLE, _BINARY, LIST, _SET, _MAP, STRUCT, _UUID = range(1, 14)
_INTEGERS = frozenset({I16, I32, I64})
_FIXED = {_DOUBLE: 8, _UUID: 16}
Struct = dict[int, tuple[int, Any]]


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    """Return an unsigned integer, and where it ends."""
    byte = content[at]
    result, bits = byte & 127, 7
    while byte > 127:
        at += 1
        byte = content[at]
        result |= (byte & 127) << bits
        bits += 7
    return result, at + 1


def _read_value(content: bytes, at: int, kind: int) -> tuple[Any, int]:
    """Return a value, and where it ends. A table of many columns has tens of thousands: every step counts."""
    if kind in _INTEGERS:
        coded = content[at]
        at += 1
        if coded > 127:
            coded, at = _read_varint(content, at - 1)
        return (coded >> 1) ^ -(coded & 1), at
    if kind == STRUCT:
        return _read_struct(content, at)
    if kind == _BINARY:
        size, at = _read_varint(content, at)
        return content[at : at + size], at + size
    if kind in (LIST, _SET):
        element, count = content[at] & 15, content[at] >> 4
        at += 1
        if count == 15:
            count, at = _read_varint(content, at)
        items = []
        for _ in range(count):
            item, at = _read_value(content, at, element)
            items.append(item)
        return (element, items), at
    if kind in (_TRUE, _FALSE, _I8):  # a byte of its own inside a list only
        return content[at], at + 1
    if kind in _FIXED:
        return content[at : at + _FIXED[kind]], at + _FIXED[kind]
    raise ValueError(f"thrift type {kind} does not occur in a Parquet footer")


def _read_struct(content: bytes, at: int) -> tuple[Struct, int]:
    """Return a struct, and where it ends. Small integers, of which most of it consists, are read at once."""
    out: Struct = {}
    field = 0
    while head := content[at]:
        kind, step = head & 15, head >> 4
        at += 1
        if step:
            field += step
        else:
            field, at = _read_value(content, at, I16)
        if kind in _INTEGERS and (coded := content[at]) < 128:
            out[field] = (kind, (coded >> 1) ^ -(coded & 1))
            at += 1
        elif kind in (_TRUE, _FALSE):
            out[field] = (kind, None)
        else:
            value, at = _read_value(content, at, kind)
            out[field] = (kind, value)
    return out, at + 1


def add_varint(out: bytearray, value: int) -> None:
    """Append an unsigned integer."""
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _write_value(out: bytearray, kind: int, value: Any) -> None:
    if kind in _INTEGERS:
        add_varint(out, (value << 1) ^ (value >> 63))
    elif kind == _BINARY:
        add_varint(out, len(value))
        out += value
    elif kind == STRUCT:
        _write_struct(out, value)
    elif kind in (LIST, _SET):
        element, items = value
        if len(items) < 15:
            out.append(len(items) << 4 | element)
        else:
            out.append(15 << 4 | element)
            add_varint(out, len(items))
        for item in items:
            _write_value(out, element, item)
    elif kind in (_TRUE, _FALSE, _I8):
        out.append(value)
    else:
        out += value


def _write_struct(out: bytearray, fields: Struct | bytes, last: int = 0) -> None:
    if isinstance(fields, bytes):
        out += fields
        return
    for field in sorted(fields):
        kind, value = fields[field]
        if 0 < field - last < 16:
            out.append((field - last) << 4 | kind)
        else:
            out.append(kind)
            add_varint(out, field << 1)
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
    return _read_struct(bytes(tail[-8 - size : -8]), 0)[0], size + 8


def decode(content: bytes | memoryview) -> Struct:
    """Return the struct at the start of bytes."""
    return _read_struct(bytes(content), 0)[0]


def encode(struct_: Struct) -> bytes:
    """Return a struct as bytes."""
    out = bytearray()
    _write_struct(out, struct_)
    return bytes(out)


def extend(content: bytes, last: int, more: Struct) -> bytes:
    """Return a struct with more fields, all behind ``last``, the last one that it has."""
    out = bytearray(content[:-1])
    _write_struct(out, more, last)
    return bytes(out)


def write(metadata: Struct) -> bytearray:
    """Return the end of a Parquet file: metadata, length, magic."""
    out = bytearray()  # of wide tables it is long: it is not copied
    _write_struct(out, metadata)
    out += struct.pack("<I", len(out)) + MAGIC
    return out
