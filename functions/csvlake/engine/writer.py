"""Say how a table is stored: encodings and codecs that Athena's engine reads, one stored type a Glue type."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from csvlake.engine.kinds import arrow_type
from csvlake.engine.model import RESCUED_COLUMN, Column, Dialect

__all__ = ["make_schema", "writer_arguments"]

_MANY_COLUMNS = 2_000  # of more the pages hold few rows, and their index is larger than what it may save
COMPRESSION_LEVEL = 2  # of zstd; 3 saves another few percent on text and costs a fifth of the time


def make_schema(columns: Sequence[Column], dialect: Dialect, metadata: Mapping[str, str] | None) -> pa.Schema:
    """Return the Arrow schema of a file, with the header's own texts, the cells' formats and the file's metadata."""
    fields = [pa.field(column.name, arrow_type(column.type), metadata=_describe(column)) for column in columns]
    return pa.schema(fields, metadata={"csvlake.dialect": dialect.describe(), **(metadata or {})})


def _describe(column: Column) -> dict[str, str] | None:
    if column.name == RESCUED_COLUMN:
        return None
    told = {"csvlake.source_name": column.source_name}
    return told | {"csvlake.format": column.format} if column.format else told


def writer_arguments(columns: Sequence[Column]) -> dict[str, Any]:
    """Return arguments for ``pyarrow.parquet.ParquetWriter``.

    Numbers, dates and timestamps are delta-encoded, which is smaller and faster than a dictionary; texts get a
    dictionary, which Arrow gives up by itself where it does not pay.
    """
    texts = [column.name for column in columns if column.type == "string"]
    delta = {
        column.name: "DELTA_BINARY_PACKED"
        for column in columns
        if column.type in {"bigint", "date", "timestamp"} or column.type.startswith("decimal(18,")
    }
    return {
        "version": "2.6",
        "compression": "zstd",
        "compression_level": COMPRESSION_LEVEL,
        "use_dictionary": texts or False,
        "column_encoding": delta or None,
        "store_decimal_as_integer": True,
        "coerce_timestamps": "ms",
        "flavor": None,
        "write_statistics": True,
        "write_page_index": len(columns) <= _MANY_COLUMNS,
    }
