"""Upload CSVs that change a table's types through the deployed pipeline, and ask both engines all the while.

Whatever moment it is, an answer has every row of the files that were there before and no row that no file has, each
with the value that its CSV has; or the query fails plainly.
"""

import re
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from local.lake import Lake
from tests.judge.engines import Ask

LIMIT_S = 300.0
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?")
Rows = dict[str, str | None]  # id → text of the cell in `c`, None for null

UPLOADS: dict[str, list[tuple[str, Rows]]] = {  # chain → (key below the table's folder, rows), in time order
    "numbers": [
        ("a.csv", {"1": "1", "2": "2", "3": None}),
        ("b.csv", {"4": "1.5"}),
        ("c.csv", {"5": "1.125", "6": None}),
        ("d.csv", {"7": "12345678901234567890.5"}),
    ],
    "moments": [("a.csv", {"1": "2026-01-02", "2": None}), ("b.csv", {"3": "2026-01-02 03:04:05.006"})],
    "parts": [
        ("p=1/a.csv", {"1": "1", "2": "2"}),
        ("p=1/b.csv", {"3": "2.25"}),
        ("p=2/c.csv", {"4": "0.125", "5": None}),
    ],
}


@dataclass
class Watched:
    """What was asked of an engine about a chain, and what came of it."""

    chain: str
    engine: str
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def watch(chain: str, lake: Lake, glue: Any, database: str, engines: dict[str, Ask]) -> list[Watched]:
    """Upload a chain's files one after the other, each when both engines answer for the one before.

    Args:
        chain: of `UPLOADS`.
        lake: to upload to.
        glue: boto3 client.
        database: where the pipeline registers its tables.
        engines: by name.
    """
    table = f"judge_{chain}_{uuid.uuid4().hex[:6]}"
    found = {name: Watched(chain, name) for name in engines}
    before: Rows = {}
    for key, rows in UPLOADS[chain]:
        lake.put(f"csv-files/{table}/{key}", csv_of(rows).encode())
        after = before | rows
        deadline = time.monotonic() + LIMIT_S
        settled: set[str] = set()
        while settled != set(engines):
            if time.monotonic() > deadline:
                for name in set(engines) - settled:
                    found[name].wrong.append(f"{key}: not settled after {LIMIT_S:.0f} s")
                return list(found.values())
            kind, changing = describe(glue, database, table)
            for name, ask in engines.items() if kind else ():
                told = ask_all(ask, table, kind, before, after, found[name])
                if told == after and not changing:
                    settled.add(name)
            time.sleep(0.2)
        before = after
    return list(found.values())


def describe(glue: Any, database: str, table: str) -> tuple[str, bool]:
    """Return the type that the catalog shows for `c`, empty without a table, and whether a change goes on."""
    try:
        raw = glue.get_table(DatabaseName=database, Name=table)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return "", False
    kinds = {column["Name"]: column["Type"] for column in raw["StorageDescriptor"]["Columns"]}
    return kinds.get("c", ""), "csvlake.converting" in raw.get("Parameters", {})


def ask_all(ask: Ask, table: str, kind: str, before: Rows, after: Rows, found: Watched) -> Rows | None:
    """Ask for all rows and with predicates; return all rows, None where that fails."""
    told: Rows | None = None
    for sql, test in questions(table, kind):
        answer = ask(sql)
        if answer.rows is None:
            found.counts["failed"] += 1
            continue
        rows = {str(row[0]): row[1] for row in answer.rows}
        least = {key for key, text in before.items() if test(text)}
        most = {key: text for key, text in after.items() if test(text)}
        right = least <= rows.keys() <= most.keys() and len(rows) == len(answer.rows)
        right = right and all(same(text, most[key]) for key, text in rows.items())
        found.counts["right" if right else "wrong"] += 1
        if not right:
            found.wrong.append(f"{sql} ({kind}): {answer.rows}, not from {sorted(least)} to {most}")
        if " WHERE " not in sql:
            told = rows if right else None
    return told if told is None or told.keys() != after.keys() else after


def questions(table: str, kind: str) -> Iterator[tuple[str, Any]]:
    """Yield queries and which texts of a cell they ask for."""
    select = f'SELECT id, c FROM "{table}"'
    yield select, lambda _: True
    yield f"{select} WHERE c IS NULL", lambda text: text is None
    yield f"{select} WHERE c IS NOT NULL", lambda text: text is not None
    if kind == "bigint" or kind.startswith("decimal"):
        yield f"{select} WHERE c = 2", lambda text: text == "2"
        yield f"{select} WHERE c < 2", lambda text: text is not None and Decimal(text) < 2
        yield f"{select} WHERE c IN (1, 1.5)", lambda text: text in {"1", "1.5"}
        yield f"{select} WHERE c BETWEEN 1.1 AND 2", lambda text: text is not None and 1.1 <= Decimal(text) <= 2


def same(told: str | None, text: str | None) -> bool:
    """Say whether an answer's cell is that of the CSV, in whatever type."""
    if told is None or text is None:
        return told is text
    if NUMBER.fullmatch(text) and NUMBER.fullmatch(told):
        return Decimal(told) == Decimal(text) or ("e" in told.lower() and float(told) == float(text))
    return told == text or told == f"{text} 00:00:00.000"


def csv_of(rows: Rows) -> str:
    """Write a file."""
    return "id,c\n" + "".join(f"{key},{'' if text is None else text}\n" for key, text in rows.items())
