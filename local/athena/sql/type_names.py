"""DuckDB's types by name: families, digits, Trino's names."""

import re

from sqlglot import exp

from local.athena.errors import unsupported
from local.athena.sql.parse import place
from local.athena.sql.typer import Typer

INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
FLOATS = {"DOUBLE", "FLOAT"}
DECIMAL = re.compile(r"DECIMAL\((\d+),\s?(\d+)\)")
INTEGER_DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 19}
MOST_DIGITS = 38


def known_type(node: exp.Expression, typer: Typer, what: str) -> str:
    """Return an operand's type.

    Raises:
        QueryError: NOT_SUPPORTED: it cannot be told, and without it the answer might be wrong.
    """
    kind = typer.of(node)
    if kind is None:
        raise unsupported(
            f"{place(node)}{what} whose operand's type cannot be told here ({node.sql('trino')}); a CAST helps"
        )
    return kind


def decimal_digits(kind: str) -> tuple[int, int] | None:
    """Return precision and scale of a decimal or a whole number, None of another type."""
    if match := DECIMAL.fullmatch(kind):
        return int(match[1]), int(match[2])
    return (INTEGER_DIGITS[kind], 0) if kind in INTEGER_DIGITS else None


def cast(node: exp.Expression, kind: str) -> exp.Expression:
    """Return a CAST to a type of DuckDB's."""
    return exp.Cast(this=node, to=exp.DataType.build(kind, dialect="duckdb"))


def trino_name(kind: str) -> str:
    """Return Trino's name of a DuckDB type."""
    if digits := DECIMAL.fullmatch(kind):
        return f"decimal({digits[1]},{digits[2]})"
    if kind.endswith("[]"):
        return f"array({trino_name(kind[:-2])})"
    names = {"INTEGER": "integer", "HUGEINT": "bigint", "FLOAT": "real", "BLOB": "varbinary", '"NULL"': "unknown",
             "TIMESTAMP": "timestamp(3)", "TIMESTAMP WITH TIME ZONE": "timestamp(3) with time zone"}  # fmt: skip
    return names.get(kind, kind.lower())
