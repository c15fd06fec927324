"""The strict judge: would Athena read this Parquet file rightly as this Glue table?

DuckDB reads a file by the file's own types and casts; Athena's engine reads the bytes in the table's type, and where
the two differ it fails or, worse, gives rows in SELECT that a WHERE then loses. So each column that a query reads is
compared before it is read, and whatever is not right on every version of the engine that was tried (Trino 411, 476 and
483) is refused. Pure: no I/O.
"""

from typing import Any

from local.athena.errors import QueryError
from local.athena.hive_types import HiveType

CODECS = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"}
INTEGER_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
NULLS_READ_AS = {"bigint", "date"}  # where a column of Parquet's null type reads as nulls on every version


def judge_file(metadata: Any, columns: dict[str, HiveType], path: str) -> None:
    """Check a file's footer against the table's columns that the query reads.

    Args:
        metadata: the file's `pyarrow.parquet.FileMetaData`.
        columns: lower-case name → the Glue table's type. One that the file lacks reads as null and is right.
        path: the object's `s3://` address, for the message.

    Raises:
        QueryError: HIVE_BAD_DATA or HIVE_CANNOT_OPEN_SPLIT: Athena fails on this file, or reads it wrongly.
    """
    leaves = _leaves(metadata.schema)
    for name, wanted in columns.items():
        of_column = _first_spelling(leaves, name)
        if of_column:
            _judge_column(of_column, name, wanted, path)
    _judge_chunks(metadata, set(columns), path)


def _leaves(schema: Any) -> list[Any]:
    return [schema.column(index) for index in range(len(schema))]


def _first_spelling(leaves: list[Any], name: str) -> list[Any]:
    """Return a top-level column's leaves; where two columns differ in case only, the engine reads the first."""
    matching = [leaf for leaf in leaves if leaf.path.split(".", 1)[0].lower() == name]
    if not matching:
        return []
    spelling = matching[0].path.split(".", 1)[0]
    return [leaf for leaf in matching if leaf.path.split(".", 1)[0] == spelling]


def _judge_column(leaves: list[Any], name: str, wanted: HiveType, path: str) -> None:
    nested = leaves[0].path.count(".") > 0
    if not wanted.children:
        if nested or not accepts(wanted, leaves[0]):
            raise _incompatible(name, "group" if nested else describe(leaves[0]), path, wanted)
        return
    if not nested:
        raise _incompatible(name, describe(leaves[0]), path, wanted)
    if wanted.name == "struct":
        for field, kind in wanted.children:
            inside = [leaf for leaf in leaves if _step(leaf, 1) == field.lower()]
            if inside and not kind.children and not accepts(kind, inside[0]):
                raise _incompatible(name, describe(inside[0]), path, wanted)
        return
    plain = [kind for _, kind in wanted.children if not kind.children]
    if len(plain) == len(wanted.children):
        for kind, leaf in zip(plain, leaves, strict=False):
            if not accepts(kind, leaf):
                raise _incompatible(name, describe(leaf), path, wanted)
        if len(plain) != len(leaves):
            raise _incompatible(name, "group", path, wanted)


def _step(leaf: Any, depth: int) -> str:
    return str(leaf.path.split(".")[depth]).lower()


def accepts(wanted: HiveType, stored: Any) -> bool:
    """Say whether a stored leaf reads rightly, values and predicates, as a Glue type on every version of the engine.

    Args:
        wanted: a type without children.
        stored: `pyarrow.parquet.ColumnSchema`.
    """
    logical = _logical(stored)
    physical = stored.physical_type
    if logical == "NULL":
        return wanted.name in NULLS_READ_AS
    rule = RULES.get(wanted.name)
    return rule is not None and rule(wanted, stored, physical, logical)


def _logical(stored: Any) -> str:
    return "NULL" if str(stored.logical_type) == "Null" else str(stored.logical_type.type)


def _is_integer(wanted: HiveType, stored: Any, physical: str, logical: str) -> bool:
    if physical not in {"INT32", "INT64"} or logical not in {"NONE", "INT"}:
        return False
    bits = 32 if physical == "INT32" else 64
    if logical == "INT":
        if "UINT" in str(stored.converted_type):
            return False
        bits = {"INT_8": 8, "INT_16": 16}.get(str(stored.converted_type), bits)
    room = INTEGER_BITS[wanted.name]
    return (physical == "INT32" and bits <= room) or (physical == "INT64" and room == 64)


def _is_decimal(wanted: HiveType, stored: Any, physical: str, logical: str) -> bool:
    if logical != "DECIMAL" or stored.scale != wanted.arguments[1]:
        return False
    if physical in {"INT32", "INT64"}:  # read as another precision, some versions lose rows to their statistics
        return bool(stored.precision == wanted.arguments[0])
    return bool(stored.precision <= wanted.arguments[0])


def _is_timestamp(_wanted: HiveType, stored: Any, physical: str, logical: str) -> bool:
    if physical == "INT96":  # what the engine itself writes
        return True
    return logical == "TIMESTAMP" and "timeUnit=milliseconds" in str(stored.logical_type)


def _is_text(_wanted: HiveType, _stored: Any, physical: str, logical: str) -> bool:
    return physical == "BYTE_ARRAY" and logical in {"STRING", "ENUM"}


def _is_physical(name: str) -> Any:
    return lambda _wanted, _stored, physical, logical: physical == name and logical == "NONE"


RULES = {
    "boolean": _is_physical("BOOLEAN"),
    "float": _is_physical("FLOAT"),
    "double": _is_physical("DOUBLE"),
    "binary": _is_physical("BYTE_ARRAY"),
    "date": lambda _wanted, _stored, physical, logical: physical == "INT32" and logical == "DATE",
    "decimal": _is_decimal,
    "timestamp": _is_timestamp,
    "string": _is_text,
    "varchar": _is_text,
    "char": _is_text,
    **dict.fromkeys(INTEGER_BITS, _is_integer),
}


def describe(stored: Any) -> str:
    """Name a stored type: the physical one, which is what Athena names, and the annotation that decides."""
    physical = {"BYTE_ARRAY": "BINARY"}.get(stored.physical_type, stored.physical_type)
    logical = _logical(stored)
    if logical == "DECIMAL":
        return f"{physical} (decimal({stored.precision},{stored.scale}))"
    if logical == "TIMESTAMP":
        unit = next(u for u in ("milliseconds", "microseconds", "nanoseconds") if u in str(stored.logical_type))
        return f"{physical} (timestamp in {unit})"
    return f"{physical} ({logical.lower()})" if logical in {"NULL", "DATE", "INT", "TIME"} else str(physical)


def _incompatible(name: str, stored: str, path: str, wanted: HiveType) -> QueryError:
    return QueryError(
        "HIVE_BAD_DATA",
        f"Field {name}'s type {stored} in parquet file {path} is incompatible with type {wanted.trino} "
        "defined in table schema",
    )


def _judge_chunks(metadata: Any, columns: set[str], path: str) -> None:
    schema = metadata.schema
    read = [i for i in range(len(schema)) if schema.column(i).path.split(".", 1)[0].lower() in columns]
    for group_index in range(metadata.num_row_groups):
        group = metadata.row_group(group_index)
        for index in read:
            chunk = group.column(index)
            if chunk.compression not in CODECS:
                raise QueryError(
                    "HIVE_BAD_DATA", f"Codec {chunk.compression} in Parquet file {path} cannot be read (column "
                    f"{chunk.path_in_schema})"
                )  # fmt: skip
            if "BYTE_STREAM_SPLIT" in chunk.encodings and chunk.physical_type not in {"FLOAT", "DOUBLE"}:
                raise QueryError(
                    "HIVE_CANNOT_OPEN_SPLIT",
                    f"Error opening Hive split {path}: Encoding BYTE_STREAM_SPLIT of {chunk.physical_type} cannot be "
                    f"read (column {chunk.path_in_schema})",
                )


def judge_partition(
    table: str, partition: str, declared: dict[str, HiveType], in_partition: dict[str, HiveType]
) -> None:
    """Check that a partition declares its columns as its table does; integers may be narrower.

    Raises:
        QueryError: HIVE_PARTITION_SCHEMA_MISMATCH.
    """
    for name, kind in in_partition.items():
        wanted = declared.get(name)
        if wanted is None or wanted == kind:
            continue
        if INTEGER_BITS.get(kind.name, 65) <= INTEGER_BITS.get(wanted.name, 0):
            continue
        raise QueryError(
            "HIVE_PARTITION_SCHEMA_MISMATCH",
            "There is a mismatch between the table and partition schemas. The types are incompatible and cannot be "
            f"coerced. The column '{name}' in table '{table}' is declared as type '{wanted.trino}', but partition "
            f"'{partition}' declared column '{name}' as type '{kind.trino}'.",
        )
