"""What Athena's engine does with a file's stored type under each Glue type: measured on Trino 411, 476 and 483.

`make judge` measures the last of them again (dec(38,4) was measured there alone); the unit tests hold the local
Athena's judge to the worst of the three.
"""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

GLUE = (
    *("boolean", "bigint", "double", "decimal(18,2)", "decimal(18,4)", "decimal(38,2)", "decimal(38,4)"),
    *("date", "timestamp", "string"),
)
MEANING = {
    "ok": "values and WHERE right",
    "w": "values right, some WHERE on the column fails",
    "L": "values right, some WHERE silently loses rows",
    "X": "wrong values",
    "E": "the query fails",
}
# Where versions differ: 411/476/483. `?`: so with the values below; with others better or worse.
VERDICTS = """
stored           boolean  bigint   double   dec18,2   dec18,4   dec38,2   dec38,4   date  timestamp  string
boolean          ok       E        E        E         E         E         E         E     E          E
int32            E        ok       E/w/w    E/L/L     E/L/L     E         E         X     E          E/w/w
int64            E        ok       E/w/w    E         E         E         E         E/E/X? E         E/w/w
double           E        E        ok       E         E         E         E         E     E          E/w/w
dec(18,2) fixed  E        E        E        ok        L/L/ok    ok        L/L/ok    E     E          X/w/w?
dec(18,2) INT64  E        E        E        ok        E/E/ok?   w/ok/ok   w/L/ok    E     E          E/w/w
dec(18,4) fixed  E        E        E        X         ok        X         ok        E     E          w
dec(38,2)        E        E        E        E/E/ok?   E/E/ok?   ok        E/E/ok?   E     E          X/w/w?
dec(38,4)        E        E        E        E/E/X?    E/E/ok?   E/E/X?    ok        E     E          X/w/w?
date32           E        E        E        E         E         E         E         ok    E          E
timestamp ms     E        X        E        E         E         E         E         E     ok         E
timestamp ms UTC E        X        E        E         E         E         E         E     ok         E
timestamp us     E        X        E        E         E         E         E         E     X          E
timestamp ns     E        X        E        E         E         E         E         E     X          E
string           E        E        E        E         E         E         E         E     E          ok
string plain     E        E        E        E         E         E         E         E     E          ok
null             E        ok       E/ok/ok  E/ok/ok   E/ok/ok   E         E         ok    E          E/ok/ok
"""


@dataclass(frozen=True)
class Stored:
    """How a column is stored: its values, Arrow's type, and options of the Parquet writer."""

    values: list[Any]
    arrow: pa.DataType
    options: dict[str, Any] = field(default_factory=dict)


CENTS = [Decimal("1.25"), Decimal("-2.50"), Decimal("300.00"), None]
INTEGERS = [1, -2, 300, None]
DAYS = [dt.date(2026, 1, 2), dt.date(1969, 12, 31), dt.date(2026, 2, 28), None]
MOMENTS = [dt.datetime(2026, 1, 2, 3, 4, 5, 6000), dt.datetime(1969, 12, 31), dt.datetime(2026, 2, 28, 12), None]
FINE = [dt.datetime(2026, 1, 2, 3, 4, 5, 6789), *MOMENTS[1:]]
TEXTS = ["b", "a", "7", None]
STORED = {
    "boolean": Stored([True, False, True, None], pa.bool_()),
    "int32": Stored(INTEGERS, pa.int32()),
    "int64": Stored(INTEGERS, pa.int64()),
    "double": Stored([1.25, -2.5, 300.0, None], pa.float64()),
    "dec(18,2) fixed": Stored(CENTS, pa.decimal128(18, 2)),
    "dec(18,2) INT64": Stored(CENTS, pa.decimal128(18, 2), {"store_decimal_as_integer": True}),
    "dec(18,4) fixed": Stored([Decimal("1.2345"), *CENTS[1:]], pa.decimal128(18, 4)),
    "dec(38,2)": Stored(CENTS, pa.decimal128(38, 2)),
    "dec(38,4)": Stored([Decimal("1.2345"), *CENTS[1:]], pa.decimal128(38, 4)),
    "date32": Stored(DAYS, pa.date32()),
    "timestamp ms": Stored(MOMENTS, pa.timestamp("ms")),
    "timestamp ms UTC": Stored(MOMENTS, pa.timestamp("ms", "UTC")),
    "timestamp us": Stored(FINE, pa.timestamp("us")),
    "timestamp ns": Stored(FINE, pa.timestamp("ns")),
    "string": Stored(TEXTS, pa.string()),
    "string plain": Stored(TEXTS, pa.string(), {"use_dictionary": False}),
    "null": Stored([None] * 4, pa.null()),
}


def read_matrix() -> dict[tuple[str, str], list[str]]:
    """Return (stored, Glue type) → the verdicts of the three versions, oldest first, `?` kept."""
    cells = {}
    for line in VERDICTS.strip().splitlines()[1:]:
        stored = next(name for name in sorted(STORED, key=len, reverse=True) if line.startswith(name))
        for glue, cell in zip(GLUE, line[len(stored) :].split(), strict=True):
            verdicts = cell.split("/")
            cells[stored, glue] = verdicts if len(verdicts) == 3 else verdicts * 3
    return cells


MATRIX = read_matrix()


def is_right(stored: str, glue: str) -> bool:
    """Say whether a cell is right on each version."""
    return all(verdict == "ok" for verdict in MATRIX[stored, glue])


# What a partition declares for a column, where table and file agree on another type. `-`: it declares no columns.
# Trino 483; a partition that lacks a column of its table, or has one more, is right in every case.
STORED_AS = {
    "boolean": "boolean",
    "bigint": "int64",
    "double": "double",
    "decimal(18,2)": "dec(18,2) INT64",
    "decimal(18,4)": "dec(18,4) fixed",
    "decimal(38,2)": "dec(38,2)",
    "decimal(38,4)": "dec(38,4)",
    "date": "date32",
    "timestamp": "timestamp ms",
    "string": "string",
}
PARTITION_VERDICTS = """
table          boolean  bigint  double  dec18,2  dec18,4  dec38,2  dec38,4  date  timestamp  string  int  -
boolean        ok       E       E       E        E        E        E        E     E          E       E    ok
bigint         E        ok      E       E        E        E        E        E     E          ok      ok   ok
double         E        E       ok      E        E        E        E        E     E          ok      E    ok
decimal(18,2)  E        E       E       ok       ok       ok       ok       E     E          E       E    ok
decimal(18,4)  E        E       E       X        ok       X        ok       E     E          E       E    ok
decimal(38,2)  E        E       E       ok       ok       ok       ok       E     E          E       E    ok
decimal(38,4)  E        E       E       X        ok       X        ok       E     E          E       E    ok
date           E        E       E       E        E        E        E        ok    E          E       E    ok
timestamp      E        E       E       E        E        E        E        E     ok         E       E    ok
string         E        E       E       E        E        E        E        E     E          ok      E    ok
"""
PARTITION_MATRIX = {
    (glue, declared): verdict
    for glue, *verdicts in (line.split() for line in PARTITION_VERDICTS.strip().splitlines()[1:])
    for declared, verdict in zip((*GLUE, "int", "-"), verdicts, strict=True)
}


def may_declare(declared: str, glue: str) -> bool:
    """Say whether the local Athena lets a partition declare this: what its table declares, or nothing."""
    return declared in {glue, "-"}
