"""Write rows as Parquet files of Glue's types, one for each partition."""

import io
import uuid
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.athena.errors import QueryError, unsupported
from local.athena.hive_types import HiveType
from local.athena.objects import split_location
from local.athena.partition_values import NULL_PARTITION
from local.athena.query import Answer, Session
from local.athena.results import render_column

OPEN_PARTITIONS = 100
CODECS = {"GZIP": "gzip", "SNAPPY": "snappy", "ZSTD": "zstd", "NONE": "none", "UNCOMPRESSED": "none"}
ARROW = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "varchar": pa.string(),
    "char": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
}


@dataclass(frozen=True)
class Written:
    """Files that were written: partition values (empty without) → addresses."""

    paths: dict[tuple[str, ...], list[str]]

    @property
    def all(self) -> list[str]:
        """Return all addresses."""
        return [path for paths in self.paths.values() for path in paths]


def arrow_type(kind: HiveType) -> pa.DataType:
    """Return how a Glue type is stored."""
    inner = [arrow_type(child) for _, child in kind.children]
    if kind.name == "array":
        return pa.list_(inner[0])
    if kind.name == "map":
        return pa.map_(inner[0], inner[1])
    if kind.name == "struct":
        return pa.struct([(name, child) for (name, _), child in zip(kind.children, inner, strict=True)])
    return pa.decimal128(*kind.arguments) if kind.name == "decimal" else ARROW[kind.name]


def conform(answer: Answer, types: list[HiveType]) -> list[tuple[str, pa.ChunkedArray]]:
    """Return the columns in their stored types."""
    columns = []
    for index, (name, kind) in enumerate(zip(answer.names, types, strict=True)):
        values = answer.data.column(index)
        if answer.types[index] == "TIMESTAMP WITH TIME ZONE":
            raise unsupported("A column of type timestamp with time zone in a table")
        try:
            columns.append((name.lower(), values.cast(arrow_type(kind), safe=kind.name != "timestamp")))
        except pa.ArrowInvalid as error:
            raise QueryError("NUMERIC_VALUE_OUT_OF_RANGE", f"Column {name}: {error}") from error
    return columns


def write_rows(
    session: Session, columns: list[tuple[str, pa.ChunkedArray]], keys: int, location: str, options: dict[str, Any]
) -> Written:
    """Write rows as Parquet, one file for each partition.

    Args:
        session: of the query.
        columns: the partition keys last.
        keys: how many of them are keys.
        location: the table's.
        options: with the compression.
    """
    codec = (
        options.get("write_compression") or options.get("parquet_compression") or options.get("compression") or "GZIP"
    )
    if codec.upper() not in CODECS:
        raise unsupported(f"The compression {codec}")
    cut = len(columns) - keys
    table = pa.table([values for _, values in columns[:cut]], names=[name for name, _ in columns[:cut]])
    groups = group_rows([values for _, values in columns[cut:]], table.num_rows)
    bucket, prefix = split_location(location.rstrip("/") + "/")
    names = [name for name, _ in columns[cut:]]
    paths: dict[tuple[str, ...], list[str]] = {}
    for values, rows in groups.items():
        session.check()
        folder = "".join(f"{name}={value}/" for name, value in zip(names, values, strict=True))
        key = f"{prefix}{folder}{uuid.uuid4()}.parquet"
        sink = io.BytesIO()
        pq.write_table(table.take(rows) if values else table, sink, compression=CODECS[codec.upper()])
        session.s3.put_object(Bucket=bucket, Key=key, Body=sink.getvalue())
        paths[values] = [f"s3://{bucket}/{key}"]
    return Written(paths)


def group_rows(keys: list[pa.ChunkedArray], count: int) -> dict[tuple[str, ...], list[int]]:
    """Return the rows of each partition; none where there are no rows."""
    if not count:
        return {}
    if not keys:
        return {(): []}
    texts = [render_column(values, _render_name(values.type)) for values in keys]
    groups: dict[tuple[str, ...], list[int]] = {}
    for row, values in enumerate(zip(*texts, strict=True)):
        spelled = tuple(NULL_PARTITION if value is None else value for value in values)
        groups.setdefault(spelled, []).append(row)
    if len(groups) > OPEN_PARTITIONS:
        raise QueryError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS", f"Exceeded limit of {OPEN_PARTITIONS} open writers for partitions/buckets"
        )
    return groups


def _render_name(kind: pa.DataType) -> str:
    return "VARCHAR" if pa.types.is_string(kind) else "DECIMAL" if pa.types.is_decimal(kind) else str(kind).upper()
