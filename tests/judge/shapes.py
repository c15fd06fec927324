"""Scenarios of whole tables: columns that come and go, partitions, rescued rows, odd names, many columns, encodings."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests.judge.scenario import REFUSED, RIGHT, File, Scenario

ALL_TYPES = {
    "id": "bigint",
    "b": "boolean",
    "n": "bigint",
    "d18": "decimal(18,2)",
    "d38": "decimal(38,10)",
    "f": "double",
    "day": "date",
    "at": "timestamp",
    "s": "string",
    "_rescued_data": "string",
}
ARROW = {
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "decimal(18,2)": pa.decimal128(18, 2),
    "decimal(38,10)": pa.decimal128(38, 10),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("ms"),
    "string": pa.string(),
}
RESCUED = '{"n": "n/a", "_extra_cells": ["x", ""]}'
OLD_DAY, LAST_MOMENT = dt.date(1969, 12, 31), dt.datetime(9999, 12, 31, 23, 59, 59, 999000)
MOMENT, OLD_MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5), dt.datetime(1969, 12, 31)
HUGE, ZERO = Decimal("1000000000000000000000000000.0000000000"), Decimal("0E-10")
TEXT = 'it\'s\n"\u00fc" \U0001f986'
ROWS: list[tuple[Any, ...]] = [
    (0, True, 7, Decimal("12.50"), Decimal("0.0000000001"), 0.1, dt.date(2026, 2, 28), MOMENT, "NA", None),
    (1, False, -(2**63), Decimal("-0.01"), HUGE, -2.5, OLD_DAY, OLD_MOMENT, "", None),
    (2, None, None, None, None, None, None, None, None, RESCUED),
    (3, True, 2**63 - 1, Decimal("9999999999999999.99"), ZERO, 0.0, dt.date(1, 1, 1), LAST_MOMENT, TEXT, None),
]
SOME = ("n", "d18", "s", "_rescued_data")  # enough where all columns go the same way
CSVLAKE = {"store_decimal_as_integer": True, "write_page_index": True}
ENCODINGS: dict[str, dict[str, Any]] = {
    "dictionaries": {},
    "plain": {"use_dictionary": False},
    "no statistics": {"use_dictionary": False, "write_statistics": False},
    "DELTA": {
        "use_dictionary": False,
        "column_encoding": {"n": "DELTA_BINARY_PACKED", "day": "DELTA_BINARY_PACKED", "at": "DELTA_BINARY_PACKED"},
    },
    "page v2": {"data_page_version": "2.0"},
    "a row a group": {"row_group_size": 1},
}
ODD_NAMES = (
    *("select", "from", "order", "1st", "_x", "a b", "a-b", "ü", "row", "count(*)", "$path_", "null", "a'b"),
    *('q"q', "x" * 255, "dt", "user", "year", "c%d"),
)


def shapes() -> Iterator[Scenario]:
    """Yield all of them."""
    for index, (name, options) in enumerate(ENCODINGS.items()):
        file = File(rows_of(ROWS), (), {**CSVLAKE, **options})
        yield _table(f"encoding_{index}", f"every type, {name}", [file], asked=tuple(ALL_TYPES))
    yield _table("no_files", "no files", [], [])
    yield _table("no_rows", "a file without rows", [File(rows_of([]), (), CSVLAKE)], [])
    yield from _columns_come_and_go()
    yield from _partitions()
    yield _odd_names()
    yield _many_columns()


def rows_of(rows: list[tuple[Any, ...]], without: tuple[str, ...] = ()) -> pa.Table:
    """Return rows of `ALL_TYPES`, columns left out."""
    columns = {
        name: pa.array([row[index] for row in rows], ARROW[kind])
        for index, (name, kind) in enumerate(ALL_TYPES.items())
        if name not in without
    }
    return pa.table(columns)


def truth_of(rows: list[tuple[Any, ...]]) -> dict[str, list[Any] | None]:
    """Return rows of `ALL_TYPES` by column."""
    return {name: [row[index] for row in rows] for index, name in enumerate(ALL_TYPES)}


def _table(
    table: str,
    name: str,
    files: list[File],
    rows: list[tuple[Any, ...]] | None = None,
    asked: tuple[str, ...] = SOME,
) -> Scenario:
    truth = truth_of(ROWS if rows is None else rows)
    return Scenario("tables", name, table, ALL_TYPES, tuple(files), truth, asked)


def _columns_come_and_go() -> Iterator[Scenario]:
    """Yield tables whose older files lack a column, have one more, or have them in another order or case."""
    older = [(*row[:-1], None) for row in ROWS[:2]]
    files = [File(rows_of(older, without=("_rescued_data",)), (), CSVLAKE), File(rows_of(ROWS[2:]), (), CSVLAKE)]
    yield _table("added", "a column added", files, older + ROWS[2:])
    whole = rows_of(ROWS)
    extra = whole.append_column("gone", pa.array(["?"] * len(ROWS)))
    yield _table("extra", "a column that the table lacks", [File(extra, (), CSVLAKE)])
    yield _table("turned", "columns in another order", [File(whole.select(whole.column_names[::-1]), (), CSVLAKE)])
    upper = whole.rename_columns([name.upper() for name in whole.column_names])
    yield _table("upper", "columns in upper case", [File(upper, (), CSVLAKE)])


def _partitions() -> Iterator[Scenario]:
    """Yield partitioned tables: what partitions declare, values that need escaping, narrower integers."""
    older = [(*row[:-1], None) for row in ROWS[:2]]
    lacks = {name: kind for name, kind in ALL_TYPES.items() if name != "_rescued_data"}
    declared: dict[str, dict[str, str]] = {
        "all": ALL_TYPES,
        "none": {},
        "before a column was added": lacks,
        "in another order": dict(reversed(ALL_TYPES.items())),
        "one more": {**ALL_TYPES, "gone": "date"},
    }
    for index, (name, columns) in enumerate(declared.items()):
        files = (File(rows_of(older), ("1", "a%2Fb"), CSVLAKE), File(rows_of(ROWS[2:]), ("2", "c d"), CSVLAKE))
        yield Scenario(
            group="partitions",
            name=f"a partition that declares {name}",
            table=f"partitioned_{index}",
            columns=ALL_TYPES,
            files=files,
            truth={**truth_of(older + ROWS[2:]), "n_key": [1, 1, 2, 2]},
            asked=(*SOME, "n_key"),
            keys={"n_key": "int", "s_key": "string"},
            partition_columns={("1", "a%2Fb"): columns},
        )
    for stored, local in ((pa.int32(), RIGHT), (pa.int64(), REFUSED)):
        rows = pa.table({"id": pa.array([0, 1], pa.int64()), "c": pa.array([5, None], stored)})
        yield Scenario(
            group="partitions",
            name=f"bigint, declared int, stored {stored}",
            table=f"narrow_{stored}",
            columns={"id": "bigint", "c": "bigint"},
            files=(File(rows, ("1",)),),
            truth={"id": [0, 1], "c": [5, None]},
            keys={"p": "string"},
            partition_columns={("1",): {"id": "bigint", "c": "int"}},
            local=local,
        )


def _odd_names() -> Scenario:
    columns = {"id": "bigint", **dict.fromkeys(ODD_NAMES, "bigint")}
    rows = pa.table({name: pa.array([0, 1, None if name != "id" else 2], pa.int64()) for name in columns})
    truth = {name: rows.column(index).to_pylist() for index, name in enumerate(columns)}
    return Scenario("tables", "odd names of columns", "odd_names", columns, (File(rows),), truth)


def _many_columns(count: int = 5000) -> Scenario:
    columns = {"id": "bigint", **{f"c{index}": "bigint" for index in range(count - 1)}}
    rows = pa.table({name: pa.array([0, 1], pa.int64()) for name in columns})
    asked = (f"c{count - 2}",)  # a query takes the local Athena seconds here
    return Scenario(
        "tables", f"{count} columns", "many", columns, (File(rows),), {name: [0, 1] for name in columns}, asked
    )
