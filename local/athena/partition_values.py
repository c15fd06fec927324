"""Values of partition keys, which Glue keeps as text."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation

from local.athena.catalog import Table
from local.athena.errors import QueryError
from local.athena.hive_types import HiveType

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def check_values(table: Table, values: tuple[str, ...]) -> None:
    """Check that partition values are of their keys' types.

    Raises:
        QueryError: HIVE_INVALID_PARTITION_VALUE.
    """
    for (key, kind), value in zip(table.keys.items(), values, strict=True):
        if value != NULL_PARTITION and not is_value(kind, value):
            raise QueryError(
                "HIVE_INVALID_PARTITION_VALUE",
                f"Invalid partition value '{value}' for {kind.trino} partition key: {key}={value}",
            )


def is_value(kind: HiveType, text: str) -> bool:
    """Say whether a text is a value of a type that partition keys can have."""
    if kind.name in {"tinyint", "smallint", "int", "bigint"}:
        return re.fullmatch(r"[+-]?\d+", text) is not None
    if kind.name in {"decimal", "double", "float"}:
        try:
            Decimal(text)
        except InvalidOperation:
            return False
        return True
    if kind.name == "boolean":
        return text.lower() in {"true", "false"}
    if kind.name in {"date", "timestamp"}:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return False
        return kind.name == "timestamp" or len(text) == len("2026-01-01")
    return True
