"""Glue's types of what Parquet holds, and what a crawler makes of two types of one column."""

from typing import Any

import pyarrow as pa

WHOLE = ("tinyint", "smallint", "int", "bigint")
PLAIN = {
    pa.types.is_boolean: "boolean",
    pa.types.is_int8: "tinyint",
    pa.types.is_int16: "smallint",
    pa.types.is_int32: "int",
    pa.types.is_int64: "bigint",
    pa.types.is_uint8: "smallint",
    pa.types.is_uint16: "int",
    pa.types.is_uint32: "bigint",
    pa.types.is_uint64: "decimal(20,0)",
    pa.types.is_float16: "float",
    pa.types.is_float32: "float",
    pa.types.is_float64: "double",
    pa.types.is_date: "date",
    pa.types.is_timestamp: "timestamp",
    pa.types.is_time32: "int",
    pa.types.is_time64: "bigint",
    pa.types.is_string: "string",
    pa.types.is_large_string: "string",
    pa.types.is_binary: "binary",
    pa.types.is_large_binary: "binary",
    pa.types.is_fixed_size_binary: "binary",
    pa.types.is_null: "int",  # Parquet stores nothing but nulls as int32
}


class UnknownTypeError(ValueError):
    """A type that Glue has no name for."""


def glue_type(arrow: Any) -> str:
    """Return the Glue type of an Arrow type, nested ones too.

    Raises:
        UnknownTypeError: Glue has no such type.
    """
    if pa.types.is_dictionary(arrow):
        return glue_type(arrow.value_type)
    if pa.types.is_decimal(arrow):
        return f"decimal({arrow.precision},{arrow.scale})"
    if pa.types.is_map(arrow):
        return f"map<{glue_type(arrow.key_type)},{glue_type(arrow.item_type)}>"
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow) or pa.types.is_fixed_size_list(arrow):
        return f"array<{glue_type(arrow.value_type)}>"
    if pa.types.is_struct(arrow):
        return "struct<" + ",".join(f"{field.name}:{glue_type(field.type)}" for field in arrow) + ">"
    for is_type, name in PLAIN.items():
        if is_type(arrow):
            return name
    raise UnknownTypeError(f"Glue has no type for Parquet's {arrow}")


def merge_types(one: str, other: str) -> str:
    """Return the type of a column that two files give different types: the wider, else string."""
    if one == other:
        return one
    if one in WHOLE and other in WHOLE:
        return max(one, other, key=WHOLE.index)
    if {one, other} == {"float", "double"}:
        return "double"
    return "string"


Columns = dict[str, str]  # name → Glue type, in order


def merge_columns(one: Columns, other: Columns) -> Columns:
    """Return the columns of both, those of the first in front."""
    merged = dict(one)
    for name, kind in other.items():
        merged[name] = merge_types(merged[name], kind) if name in merged else kind
    return merged


def are_similar(one: Columns, other: Columns) -> bool:
    """Whether two folders hold the same kind of rows: 70 percent of their columns agree in name and type.

    https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
    """
    together = one.keys() | other.keys()
    return bool(together) and sum(one.get(n) == other.get(n) for n in together) / len(together) >= 0.7
