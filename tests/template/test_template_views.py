"""The ledger's views: well-formed for Athena, and right over made-up rows, as DuckDB works them out."""

import base64
import json
import re
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from csvlake.lake.ledger import LEDGER_COLUMNS, REJECT_COLUMNS
from tests.template.stacks import build_stack

VIEWS = {"conversions_latest": LEDGER_COLUMNS, "rejects_latest": {"table_name": "string", **REJECT_COLUMNS}}
TRINO = {"string": "varchar", "bigint": "bigint", "timestamp": "timestamp(3)"}
ARROW = {"string": pa.string(), "bigint": pa.int64(), "timestamp": pa.timestamp("ms")}
NOON = datetime(2026, 3, 1, 12)

_INPUTS = {
    properties["TableInput"]["Name"]: properties["TableInput"]
    for properties in build_stack().of_type("AWS::Glue::Table").values()
    if properties["TableInput"]["TableType"] == "VIRTUAL_VIEW"
}


def decode(view: str) -> dict[str, Any]:
    found = re.fullmatch(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/", _INPUTS[view]["ViewOriginalText"])
    assert found is not None
    told: dict[str, Any] = json.loads(base64.b64decode(found[1], validate=True))
    return told


def test_every_view_is_known() -> None:
    assert sorted(_INPUTS) == sorted(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_as_athena_writes_it(view: str) -> None:
    given, told = _INPUTS[view], decode(view)
    assert given["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert given["ViewExpandedText"] == "/* Presto View */"
    assert "Description" not in given  # Trino 483 takes it for the comment above, and the view for none
    assert (told["catalog"], told["schema"]) == ("awsdatacatalog", "Database")
    columns = VIEWS[view]
    assert {c["Name"]: c["Type"] for c in given["StorageDescriptor"]["Columns"]} == columns
    assert [(c["name"], c["type"]) for c in told["columns"]] == [(n, TRINO[type_]) for n, type_ in columns.items()]


def answer(view: str, conversions: list[dict[str, Any]], rejects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a view gives over these rows; what is not named in one is null."""
    with duckdb.connect() as connection:
        for name, columns, rows in (("conversions", LEDGER_COLUMNS, conversions), ("rejects", REJECT_COLUMNS, rejects)):
            schema = pa.schema([*((column, ARROW[type_]) for column, type_ in columns.items()), ("day", pa.string())])
            connection.register(name, pa.Table.from_pylist(rows, schema=schema))
        connection.execute(f"CREATE VIEW conversions_latest AS {decode('conversions_latest')['originalSql']}")
        result = connection.sql(f"FROM ({decode(view)['originalSql']})").to_arrow_table()
    assert result.column_names == list(VIEWS[view])
    rows_found: list[dict[str, Any]] = result.to_pylist()
    return rows_found


def conversion(key: str, outcome: str, after_ms: int, request_id: str = "r", table: str = "t") -> dict[str, Any]:
    at = NOON + timedelta(milliseconds=after_ms)
    return {"source_key": key, "outcome": outcome, "table_name": table, "request_id": request_id, "converted_at": at}


def reject(key: str, line: int, after_ms: int) -> dict[str, Any]:
    return {"source_key": key, "line": line, "raw": f"{line}", "rejected_at": NOON + timedelta(milliseconds=after_ms)}


def test_the_newest_outcome_of_each_key() -> None:
    rows = [
        conversion("a", "refused", 0),
        conversion("a", "converted", 5),
        conversion("a", "unchanged", 3),
        conversion("b", "converted", 0),
        conversion("b", "deleted", 1),
        conversion("c", "converted", 7, "r1"),
        conversion("c", "unchanged", 7, "r2"),
    ]
    for given in (rows, rows[::-1]):
        found = answer("conversions_latest", given, [])
        newest = sorted((row["source_key"], row["outcome"], row["request_id"]) for row in found)
        assert newest == [("a", "converted", "r"), ("b", "deleted", "r"), ("c", "unchanged", "r2")]


def test_the_rejects_of_the_newest_conversion_only() -> None:
    conversions = [
        conversion("a", "converted", 0),
        conversion("a", "unchanged", 5),
        conversion("b", "converted", 0),
        conversion("b", "deleted", 1),
        conversion("c", "converted", 7, "r1"),
        conversion("c", "unchanged", 7, "r2"),
    ]
    rejects = [
        *(reject("a", 1, 0), reject("a", 2, 0), reject("a", 2, 5), reject("a", 9, 6)),  # the last of a crashed run
        reject("b", 3, 0),
        *(reject("c", 4, 7), reject("c", 4, 7)),  # twice the same
    ]
    found = answer("rejects_latest", conversions, rejects)
    assert sorted((row["table_name"], row["source_key"], row["line"]) for row in found) == [
        ("t", "a", 2),
        ("t", "c", 4),
    ]
