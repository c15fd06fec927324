"""Results as Athena gives them: every value a text, a CSV with a metadata file beside it.

The metadata file's protobuf fields are those that https://github.com/burtcorp/athena-jdbc reads.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from local.athena.database import java_double, java_real
from local.athena.errors import unsupported

DIGITS = re.compile(r"DECIMAL\((\d+),\s?(\d+)\)")
NAMES = {  # DuckDB's type: Athena's name, precision, scale
    "BOOLEAN": ("boolean", 0, 0), "TINYINT": ("tinyint", 3, 0), "SMALLINT": ("smallint", 5, 0),
    "INTEGER": ("integer", 10, 0), "BIGINT": ("bigint", 19, 0), "HUGEINT": ("bigint", 19, 0),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), ("bigint", 19, 0)),
    "FLOAT": ("float", 17, 0), "DOUBLE": ("double", 17, 0), "VARCHAR": ("varchar", 2147483647, 0),
    "BLOB": ("varbinary", 1073741824, 0), "DATE": ("date", 0, 0), "TIME": ("time", 3, 0),
    "TIMESTAMP": ("timestamp", 3, 0), "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3, 0),
    "JSON": ("json", 0, 0), '"NULL"': ("unknown", 0, 0), "INTERVAL": ("interval day to second", 0, 0),
}  # fmt: skip
Row = list[str | None]


@dataclass(frozen=True)
class Column:
    """A column of a result, as ResultSetMetadata tells it."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0

    def info(self) -> dict[str, Any]:
        """Return the API's ColumnInfo."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type in {"varchar", "char"},
        }


@dataclass(frozen=True)
class Result:
    """What a statement gives back.

    Attributes:
        has_header: the CSV and the first page begin with the names; only queries' do.
        forgotten: the rows were dropped from memory; they are in S3.
    """

    columns: list[Column]
    rows: list[Row]
    has_header: bool = False
    forgotten: bool = False


def text_result(name: str, lines: Iterable[str]) -> Result:
    """Return what SHOW and its like give: one column of lines."""
    return Result([Column(name, "string")], [[line] for line in lines])


def render(names: list[str], types: list[str], data: pa.Table) -> Result:
    """Return a query's rows as texts.

    Args:
        names: of the columns.
        types: DuckDB's, of the columns.
        data: the columns.

    Raises:
        QueryError: NOT_SUPPORTED: an interval, which is not written as Athena writes it.
    """
    if "INTERVAL" in types:
        raise unsupported("A result of type interval")
    columns = [describe_column(name, kind) for name, kind in zip(names, types, strict=True)]
    texts = [render_column(data.column(index), kind) for index, kind in enumerate(types)]
    return Result(columns, [list(row) for row in zip(*texts, strict=True)], has_header=True)


def describe_column(name: str, kind: str) -> Column:
    """Return a column's description from its DuckDB type."""
    if digits := DIGITS.fullmatch(kind):
        return Column(name, "decimal", int(digits[1]), int(digits[2]))
    if kind.endswith("[]"):
        return Column(name, "array")
    if kind.startswith(("STRUCT", "TUPLE")):
        return Column(name, "row")
    return Column(name, "map") if kind.startswith("MAP") else Column(name, *NAMES.get(kind, ("varchar", 2147483647, 0)))


def render_column(values: pa.ChunkedArray, kind: str) -> list[str | None]:
    """Return a column's cells as Athena writes them, None for null."""
    if kind in {"VARCHAR", "JSON"} or pa.types.is_string(values.type):
        return list(pc.cast(values, pa.string()).to_pylist())
    if kind.startswith("TIMESTAMP"):
        zone = " UTC" if "ZONE" in kind else ""
        plain = pc.cast(values, pa.timestamp("us"))
        return [None if value is None else _moment(value) + zone for value in plain.to_pylist()]
    if kind.startswith("DECIMAL"):
        texts = pc.cast(values, pa.string()).to_pylist()  # which is 1E-10 for 0.0000000001
        return [f"{Decimal(text):f}" if text and "E" in text else text for text in texts]
    if pa.types.is_integer(values.type) or pa.types.is_date(values.type):
        return list(pc.cast(values, pa.string()).to_pylist())
    return [None if value is None else render_value(value, values.type) for value in values.to_pylist()]


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"


def render_value(value: Any, kind: pa.DataType) -> str:
    """Return one value, of any type, as Athena writes it."""
    if value is None:
        return "null"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "[" + ", ".join(render_value(item, kind.value_type) for item in value) + "]"
    if pa.types.is_map(kind):
        pairs = (f"{render_value(k, kind.key_type)}={render_value(v, kind.item_type)}" for k, v in value)
        return "{" + ", ".join(pairs) + "}"
    if pa.types.is_struct(kind):
        named = ((kind.field(i).name, kind.field(i).type) for i in range(kind.num_fields))
        return "{" + ", ".join(f"{name}={render_value(value[name], inner)}" for name, inner in named) + "}"
    return next((write(value) for test, write in SCALARS if test(kind)), str(value))


SCALARS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], str]], ...] = (
    (pa.types.is_boolean, lambda value: "true" if value else "false"),
    (pa.types.is_float32, java_real),
    (pa.types.is_float64, java_double),
    (pa.types.is_timestamp, _moment),
    (pa.types.is_time, lambda value: f"{value:%H:%M:%S}.{value.microsecond // 1000:03d}"),
    (pa.types.is_binary, lambda value: value.hex(" ")),
    (pa.types.is_large_binary, lambda value: value.hex(" ")),
    (pa.types.is_decimal, lambda value: f"{value:f}"),
)


def to_csv(result: Result) -> bytes:
    """Write the result's file: all cells quoted, nulls empty and unquoted; statements without a header give lines."""
    if not result.has_header:
        return "".join("\t".join(cell or "" for cell in row) + "\n" for row in result.rows).encode()
    header: list[Row] = [[column.name for column in result.columns]]
    return "".join(",".join(map(_quote, row)) + "\n" for row in header + result.rows).encode()


def _quote(cell: str | None) -> str:
    return "" if cell is None else '"' + cell.replace('"', '""') + '"'


CELL = re.compile(r'(?:"((?:[^"]|"")*)"|())(,|\n)')


def parse_csv(text: str) -> list[Row]:
    """Read back what `to_csv` wrote for a query, without the header."""
    rows: list[Row] = []
    row: Row = []
    for match in CELL.finditer(text):
        row.append(None if match[1] is None else match[1].replace('""', '"'))
        if match[3] == "\n":
            rows.append(row)
            row = []
    return rows[1:]


def to_metadata(result: Result, query_id: str) -> bytes:
    """Write the `.metadata` file: a protobuf with a message (field 4) for each column."""
    body = _text(2, query_id)
    for column in result.columns:
        message = _text(1, "hive") + _text(2, "") + _text(3, "") + _text(4, column.name) + _text(5, column.name)
        message += _text(6, column.type) + _number(7, column.precision) + _number(8, column.scale) + _number(9, 3)
        message += _number(10, int(column.type in {"varchar", "char"}))
        body += _varint(4 << 3 | 2) + _varint(len(message)) + message
    return body


def _text(number: int, value: str) -> bytes:
    raw = value.encode()
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
